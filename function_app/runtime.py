"""What one process of the function app holds: configuration, storage, ledger, dispatchers.

Made when first needed, kept for all invocations.
"""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from driftloop.config.models import FILE_NAME, Config, Model, Target, load
from function_app.dispatch.requests import Dispatcher
from function_app.dispatch.targets import dispatcher
from function_app.storage.accounts import Storage

if TYPE_CHECKING:
    from driftloop.ledger.ledger import Ledger
    from function_app.alerts.box_rows import BoxRows
    from function_app.alerts.delivery import Delivery
    from function_app.checks.checking import ModelCheck
    from function_app.common_cause.rows import CauseRows
    from function_app.common_cause.together import Together
    from function_app.incoming.watched_paths import WatchedPaths
    from function_app.scoring.client import ScoringClient

ROOT = Path(__file__).resolve().parent.parent
QUEUE = "checks"


class Runtime:
    """The function app's parts, wired by the application settings. Tests pass their own."""

    def __init__(self, environ: Mapping[str, str] = os.environ, storage: Storage | None = None) -> None:
        self.environ = environ
        self._storage = storage
        self._dispatchers: dict[Target, Dispatcher] = {}

    @cached_property
    def config(self) -> Config:
        """driftloop.toml. Raises ConfigError."""
        return load(Path(self.environ.get("DRIFTLOOP_CONFIG") or ROOT / FILE_NAME), self.environ)

    @cached_property
    def storage(self) -> Storage:
        """The storage account. Raises ConfigError."""
        return self._storage or Storage.from_environment(self.environ)

    @cached_property
    def ledger(self) -> "Ledger":
        """The ledger in the account's tables."""
        from function_app.storage.ledger_table import TableLedger

        return TableLedger(self.storage.tables)

    def dispatcher(self, model: Model) -> Dispatcher:
        """The target of a model's events; models with the same target share its connections and tokens."""
        if model.dispatch not in self._dispatchers:
            self._dispatchers[model.dispatch] = dispatcher(model.dispatch, self.environ)
        return self._dispatchers[model.dispatch]

    def check(self, model: Model) -> "ModelCheck":
        """A check of one model, ready to be run."""
        from function_app.checks.checking import ModelCheck

        tell = self.delivery(model).tell
        return ModelCheck(model, self.storage, self.ledger, self.dispatcher(model), tell=tell, together=self.together)

    @cached_property
    def causes(self) -> "CauseRows":
        """What is counted over all models, in the account's tables."""
        from function_app.common_cause.rows import CauseRows

        return CauseRows(self.storage.tables)

    @cached_property
    def together(self) -> "Together":
        """The drifts of all models."""
        from function_app.common_cause.together import Together

        return Together(self.causes, self.ledger, self.config, self.schedule)

    @cached_property
    def watched_paths(self) -> "WatchedPaths":
        """The patterns of all models' records."""
        from function_app.incoming.watched_paths import WatchedPaths

        return WatchedPaths(self.config.models)

    @cached_property
    def boxes(self) -> "BoxRows":
        """The alerts that wait, in the account's tables."""
        from function_app.alerts.box_rows import BoxRows

        return BoxRows(self.storage.tables)

    def delivery(self, model: Model) -> "Delivery":
        """The alerts of one model."""
        from function_app.alerts.delivery import Delivery

        return Delivery(model, self.boxes)

    @cached_property
    def scoring(self) -> "ScoringClient":
        """What asks the models' endpoints for predictions."""
        from function_app.scoring.client import ScoringClient

        return ScoringClient(self.environ)

    @property
    def schedule(self) -> str | None:
        """The timer's cron expression, for the models that have none of their own."""
        return self.environ.get("DRIFT_CHECK_SCHEDULE") or None


@cache
def runtime() -> Runtime:
    """The process's own."""
    return Runtime()
