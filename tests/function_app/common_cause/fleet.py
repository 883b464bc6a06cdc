"""Models that drift on one day: ledger rows as checks leave them, without the checks."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from driftloop.events import drift_id
from driftloop.ledger.drifts import Announcement, Drift, open_drift
from driftloop.ledger.ledger import CheckRecord
from function_app.checks.checking import ModelCheck
from function_app.common_cause.together import Together
from function_app.runtime import Runtime
from function_app.storage.accounts import Storage

WORKERS = 4  # checks at once in one instance
SHA = "b" * 64


class Fleet:
    """A function app with so many models, a clock that the test moves, and drifts that it makes."""

    def __init__(
        self, storage: Storage, folder: Path, models: int, *, dispatch: str = 'target = "dry-run"', more: str = ""
    ) -> None:
        self.names = [f"m{number:03}" for number in range(models)]
        tables = "".join(f'[[model]]\nname = "{name}"\n' for name in self.names)
        shared = f"[defaults]\nlabels_required = 0\n[defaults.dispatch]\n{dispatch}\n"
        (folder / "driftloop.toml").write_text(shared + more + tables, encoding="utf-8")
        environ = {
            "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"),
            "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
            "SLACK": "https://hooks.slack.com/services/T/B/x",
        }
        self.environ = environ
        self.runtime = Runtime(environ, storage)
        self.now = self.start = datetime.now(UTC) - timedelta(days=3)
        self.runtime.together = replace(self.runtime.together, clock=lambda: self.now)

    @property
    def together(self) -> Together:
        return self.runtime.together

    def drift(self, model: str, columns: Sequence[str] = ("bmi",), seconds: float = 0.0) -> Drift:
        """What a check stores that found a drift."""
        at = self.start + timedelta(seconds=seconds)
        found = drift_id(model, SHA, 0)
        features = [{"name": name, "drift": True, "p_value": 1e-9} for name in columns]
        summary = {"features": [*features, {"name": "age", "drift": False, "p_value": 0.4}]}
        check = CheckRecord(
            check_id=f"chk-{found}", model=model, at=at, verdict="drift", drift_id=found, summary=summary
        )
        drift = Drift(
            drift_id=found,
            check_id=check.check_id,
            model=model,
            baseline_version="1",
            baseline_sha256=SHA,
            epoch=0,
            reason="drift",
            as_of="2026-11-22T00:00:00Z",
            since="2026-11-20T00:00:00Z",
        )
        said = Announcement(f"found-{found}", "drift", {"model": model, "drift_id": found, "reasons": ["bmi moved"]})
        state = msgspec.structs.replace(
            self.runtime.ledger.state(model, at), drift_id=found, outbox=(said,), last_checked_at=at
        )
        drift = open_drift(drift, at, "found")
        self.runtime.ledger.commit(state, check, drift)
        return drift

    def task(self, model: str) -> ModelCheck:
        task = self.runtime.check(self.runtime.config.model(model))
        task.clock, task.sleep = (lambda: self.now), (lambda _: None)
        return task

    def look(self, models: Sequence[str]) -> None:
        """Takes the open drifts of these models further, several at once."""
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda model: self.task(model).follow_up(), models))

    def drifts(self) -> dict[str, Drift]:
        return {drift.model: drift for drift in self.runtime.ledger.drifts()}
