"""What a workflow run does with a dispatch, without act: claims its try by the product's own fence, then trains (in no
time at all), writes its outcome, and puts a promoted version into service.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec

from driftloop.events import Outcome
from driftloop.times import format_time
from sandbox.github.records import RunRecord
from sandbox.github.snapshot import Snapshot
from tests.function_app.outside.feed import MARK
from training.cloud.blobs import Blobs
from workflows.fence import other_run

OUTCOMES = ("promoted", "rejected", "failed", "cut off", "damaged")


class Trainer:
    """A runner of the GitHub stand-in. `deploy` puts a new version into service for a drift and gives its number."""

    def __init__(self, seed: int, blobs: Blobs, deploy: Callable[[str], str]) -> None:
        self._dice = random.Random(seed)
        self._blobs, self._deploy = blobs, deploy
        self._lock = threading.Lock()
        self.trained: Counter[tuple[str, str]] = Counter()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.ends: Counter[str] = Counter()

    def run(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        """One run, to its end."""
        payload: dict[str, Any] = dict(run.happened.payload.get("client_payload", {}))
        drift_id, attempt = str(payload.get("drift_id")), str(payload.get("attempt"))
        with self._lock:
            self.requests[drift_id, attempt] += 1
            seconds, end = self._dice.uniform(0.0, 1.5), self._dice.choices(OUTCOMES, [5, 2, 2, 1, 1])[0]
        time.sleep(seconds)
        asked: Any = SimpleNamespace(drift_id=drift_id, attempt=attempt, run=str(run.id))
        if other_run(self._blobs, asked, None) is not None:
            run.complete("success")
            return
        with self._lock:
            self.trained[drift_id, attempt] += 1
            self.ends[end] += 1
        version = self._deploy(drift_id) if end == "promoted" else None
        if end == "damaged":
            self._blobs.write("outcomes", f"{drift_id}.json", f'{{"drift_id": "{MARK}", "outcome": 3'.encode())
        elif end != "cut off":
            outcome = Outcome(
                drift_id,
                end,  # type: ignore[arg-type]
                str(payload.get("model")),
                format_time(datetime.now(UTC)),
                version,
            )
            self._blobs.write("outcomes", f"{drift_id}.json", msgspec.json.encode(outcome))
        run.complete("success" if end in ("promoted", "rejected") else "failure")
