"""One drift, found and held, on SQLite and a target in memory, with a clock that the test moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService, Outcome
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from function_app.retraining.steps import Retraining
from tests.driftloop.drifts import found_drift
from tests.driftloop.sqlite_ledger import SqliteLedger

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SERVING = InService("m", "1", "b" * 64)


class Scene:
    """One drift, found and held."""

    def __init__(self, path: Path, target: Any) -> None:
        self.ledger, self.target, self.now = SqliteLedger(path / "ledger.db"), target, START
        self.model = Model(name="m", labels_required=10, max_attempts=3)
        self.outcomes: dict[str, Outcome] = {}
        self.label_count = 100
        self.in_service = SERVING
        drift = found_drift(START, "drift-000000000001")
        state = msgspec.structs.replace(self.ledger.state("m", START), drift_id=drift.drift_id)
        check = CheckRecord(check_id="chk-1", model="m", at=START, verdict="drift")
        self.ledger.commit(state, check, drift)

    def look(self, **later: float) -> Drift:
        self.now += timedelta(**later)
        return self.retraining().advance(self.drift, self.ledger.state("m", self.now), self.in_service)

    def retraining(self) -> Retraining:
        count: Callable[[str], int] = lambda _: self.label_count  # noqa: E731
        return Retraining(
            self.model, self.ledger, self.target, self.outcomes.get, count, lambda: self.now, lambda _: None
        )

    @property
    def drift(self) -> Drift:
        return self.ledger.drifts("m")[0]

    def ended(self, outcome: Any, at: str = "2026-11-23T07:00:00Z", version: str | None = None) -> None:
        self.outcomes["drift-000000000001"] = Outcome("drift-000000000001", outcome, "m", at, version)
