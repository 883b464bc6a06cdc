"""What labels that have newly landed add to a check: outcomes that moved, an error that grew, a drift that may wait."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.errors import DriftloopError
from driftloop.events import InService
from driftloop.ledger.drifts import DriftState
from driftloop.ledger.ledger import Ledger
from driftloop.times import format_time
from function_app.checks import check_results
from function_app.checks.check_results import CheckResult
from function_app.checks.holding import hold_of, impact_of
from function_app.labels.labelled_window import read_with_labels, records_since
from function_app.labels.performance import look_at_labels
from function_app.storage.model_blobs import ModelBlobs
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop.impact.impact import Impact
    from function_app.storage.accounts import Storage


@dataclass(frozen=True)
class NewLabels:
    """Looks at the labels of one model."""

    model: Model
    storage: "Storage"
    ledger: Ledger
    blobs: ModelBlobs
    clock: Callable[[], datetime]

    def added_to(self, result: CheckResult, pointer: InService, now: datetime) -> CheckResult:
        """The same result, and what newly landed labels say."""
        try:
            found = look_at_labels(self.storage, self.model, self.blobs, pointer, result.state, clock=self.clock)
            impact = None if found is None else self._error_of_open_drift(pointer)
        except DriftloopError as error:
            # What is wrong with labels or the holdout's errors must not hide new data: it is said, and looked at again.
            emit("check_failed", model=self.model.name, check_id=result.check.check_id, error=str(error))
            return result
        if found is None:
            return result
        if impact is not None:
            hold = hold_of(self.model, impact, found.state.performance)
            result = replace(result, state=msgspec.structs.replace(result.state, hold=hold))
            found = replace(found, reasons=(*found.reasons, *impact.sentences))
        return check_results.with_labels(result, found, pointer, format_time(now))

    def _error_of_open_drift(self, pointer: InService) -> "Impact | None":
        """What labels that arrive say of the model's error since a drift that has not been sent yet."""
        held = [
            drift
            for drift in self.ledger.drifts(self.model.name, open_only=True)
            if drift.state is DriftState.HELD and drift.reason == "drift"
        ]
        if not held:
            return None
        files = records_since(self.storage, self.model, held[-1].since)
        schema = self.blobs.baseline(pointer).schema
        found = read_with_labels(self.storage, self.model, schema, files, self.clock, since=held[-1].since)
        return None if found is None else impact_of(found, self.model, self.blobs, pointer)
