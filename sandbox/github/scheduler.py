"""Which run may go on: concurrency groups as GitHub keeps them, and as many runners as there are."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.github.records import RunRecord, now

QUEUE_LIMIT = 100


@dataclass(frozen=True)
class Claim:
    """A run's wish to be alone in a group. `job` is the job that holds it, None for the whole run.

    A job's claim is taken when its run starts and given back when that job ends: act cannot hold back one job of a run.
    """

    group: str
    cancel_in_progress: bool = False
    queue: str = "single"
    job: str | None = None


@dataclass
class _Entry:
    run: RunRecord
    claims: list[Claim]
    work: Callable[[Callable[[str], None]], None]
    order: int
    thread: threading.Thread | None = None
    released: set[str] = field(default_factory=set)

    def holds(self) -> set[str]:
        return {claim.group.lower() for claim in self.claims if claim.job is None or claim.job not in self.released}


class Scheduler:
    """Runs in their groups. One lock guards everything that it knows."""

    def __init__(self, runners: int = 2) -> None:
        self._runners = runners
        self._changed = threading.Condition()
        self._waiting: list[_Entry] = []
        self._running: list[_Entry] = []
        self._order = itertools.count()

    def submit(self, run: RunRecord, claims: list[Claim], work: Callable[[Callable[[str], None]], None]) -> None:
        """Queue a run. `work` runs it in its own thread, and calls what it is handed with each job key that ended."""
        with self._changed:
            entry = _Entry(run, claims, work, next(self._order))
            for claim in claims:
                group = claim.group.lower()
                behind = [other for other in self._waiting if group in other.holds()]
                if claim.queue == "max" and len(behind) >= QUEUE_LIMIT:
                    run.complete("cancelled", f"the queue of group {claim.group} is full")
                    return
                if claim.queue == "single":
                    for other in behind:
                        self._waiting.remove(other)
                        other.run.complete(
                            "cancelled",
                            f"Canceling since a higher priority waiting request for {claim.group} exists",
                        )
                if claim.cancel_in_progress:
                    for other in self._running:
                        if group in other.holds():
                            other.run.notes.append(f"cancelled by run {run.id} of the same group")
                            other.run.cancelled.set()
            self._waiting.append(entry)
            self._advance()

    def cancel(self, run: RunRecord) -> bool:
        """Cancel a run that has not ended; False when it has."""
        with self._changed:
            for entry in self._waiting:
                if entry.run is run:
                    self._waiting.remove(entry)
                    run.complete("cancelled")
                    self._changed.notify_all()
                    return True
            for entry in self._running:
                if entry.run is run:
                    run.cancelled.set()
                    return True
            return False

    def wait_idle(self, timeout: float) -> None:
        """Return when no run is left to do. Raises TimeoutError that names those that are."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._waiting or self._running:
                left = deadline - time.monotonic()
                if left <= 0:
                    names = [f"{entry.run.id} ({entry.run.display_title})" for entry in self._waiting + self._running]
                    raise TimeoutError(f"After {timeout:.0f} s these runs are not done: {', '.join(names)}")
                self._changed.wait(left)

    def stop(self) -> None:
        """Cancel everything and wait for it to end."""
        with self._changed:
            for waiting in list(self._waiting):
                self.cancel(waiting.run)
            threads = [entry.thread for entry in self._running if entry.thread]
            for entry in self._running:
                entry.run.cancelled.set()
        for thread in threads:
            thread.join()

    def _advance(self) -> None:
        """Start what may start, oldest first."""
        for entry in list(self._waiting):
            taken = {group for other in self._running for group in other.holds()}
            ahead = {group for other in self._waiting if other.order < entry.order for group in other.holds()}
            blocked = bool(entry.holds() & (taken | ahead))
            entry.run.status = "pending" if blocked else "queued"
            if blocked or len(self._running) >= self._runners:
                continue
            self._waiting.remove(entry)
            self._running.append(entry)
            entry.run.status, entry.run.started_at = "in_progress", now()
            entry.thread = threading.Thread(target=self._go, args=(entry,), name=f"run-{entry.run.id}", daemon=True)
            entry.thread.start()
        self._changed.notify_all()

    def _go(self, entry: _Entry) -> None:
        def job_done(key: str) -> None:
            with self._changed:
                entry.released.add(key)
                self._advance()

        try:
            entry.work(job_done)
        finally:
            with self._changed:
                if entry.run.status != "completed":
                    entry.run.complete("failure", "the stand-in could not run it; its own error is in the log")
                self._running.remove(entry)
                self._advance()
