"""A world in which everything fails at random, from one seed: ledger, target, processes, clocks.

Replayable: the same seed gives the same story.

What is real: ModelCheck, Retraining, the ledger's rules and SQLite. What is made up: verdicts, files and GitHub, so
that a thousand worlds take minutes.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from driftloop.config.models import Model
from driftloop.errors import DispatchError, LedgerError
from driftloop.events import InService, Outcome, check_id, drift_id
from driftloop.ledger.drifts import Drift, open_drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import ModelState
from driftloop.times import format_time
from function_app.checks.check_results import CheckResult
from function_app.checks.checking import ModelCheck
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError, Event, Run, always, too_late
from function_app.incoming.sources import File
from function_app.incoming.watermark import Selection
from tests.driftloop.sqlite_ledger import SqliteLedger

START = datetime(2026, 1, 1, tzinfo=UTC)
FAULTY_LOOKS, QUIET_LOOKS = 30, 150
OLD, NEW = "a" * 64, "b" * 64


class KilledError(BaseException):
    """The process is gone; nothing of it runs any more."""


@dataclass
class StartedRun:
    """A run as GitHub knows it."""

    run_id: str
    correlation: str
    attempt: int
    listed_at: datetime
    ends_at: datetime
    conclusion: str
    outcome: str | None
    fenced: bool = False  # another run had claimed the same try: this one ended before it trained


@dataclass
class World:
    """Time, GitHub, blobs, and the dice."""

    seed: int
    folder: Path
    faulty: bool = True
    freezes: bool = False
    fence: bool = False
    frozen: int = 0
    now: datetime = START
    runs: list[StartedRun] = field(default_factory=list)
    pointer: InService = field(default_factory=lambda: InService("m", "1", OLD))
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    doubles: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    depth: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.ledger = SqliteLedger(self.folder / f"{self.seed}.db", durable=False)
        self.model = Model(name="m", labels_required=0, cooldown_hours=1.0, max_attempts=3)

    def chance(self, probability: float) -> bool:
        return self.faulty and self.dice.random() < probability

    def tell(self, line: str) -> None:
        self.story.append(f"{self.now:%d %H:%M:%S} {'  ' * self.depth}{line}")

    def moment(self, what: str) -> None:
        """Between any two things a process does: time passes, it may be killed, and another process may run."""
        self.now += timedelta(seconds=self.dice.uniform(0.01, 2))
        if self.chance(0.02):
            self.now += timedelta(minutes=self.dice.uniform(1, 20))
            self.tell(f"a pause before {what}")
        self.settle()
        if self.chance(0.03):
            self.tell(f"killed before {what}")
            raise KilledError
        if self.depth < 2 and self.chance(0.05):
            self.look(f"another process, before {what},")

    def settle(self) -> None:
        """What GitHub and the workflows have done by now."""
        for run in self.runs:
            if (run.ends_at <= self.now and run.outcome and self.outcomes.get(run.correlation, None) is None) or (
                run.ends_at <= self.now and run.outcome and self.outcomes[run.correlation].at < format_time(run.ends_at)
            ):
                self._finish(run)

    def _finish(self, run: StartedRun) -> None:
        self.tell(f"run {run.run_id} ends: {run.outcome}")
        version = "2" if run.outcome == "promoted" else None
        self.outcomes[run.correlation] = Outcome(run.correlation, run.outcome, "m", format_time(run.ends_at), version)  # type: ignore[arg-type]
        if run.outcome == "promoted":
            self.pointer = InService("m", "2", NEW, drift_id=run.correlation)

    def freeze(self) -> None:
        """A process stands still for longer than any lease, and others run meanwhile."""
        self.frozen += 1
        self.tell("frozen")
        for _ in range(3):
            self.now += timedelta(minutes=self.dice.uniform(3, 15))
            self.settle()
            if self.depth < 3:
                self.look("another process, during the freeze,")
        self.tell("thawed")

    def start_run(self, correlation: str, attempt: int) -> None:
        """A dispatch arrived. Another run of this drift that trains and has not failed makes it a double retrain."""
        listed_at = self.now + timedelta(seconds=self.dice.uniform(0, 90))
        first = next((run for run in self.runs if (run.correlation, run.attempt) == (correlation, attempt)), None)
        if self.fence and first is not None:
            # It waits behind the first, finds its claim, and ends.
            ends_at = max(self.now, first.ends_at) + timedelta(minutes=1)
            number = str(len(self.runs) + 1)
            self.runs.append(StartedRun(number, correlation, attempt, listed_at, ends_at, "success", None, fenced=True))
            self.tell(f"GitHub starts run {number} for {correlation}: it finds the claim of run {first.run_id}")
            return
        for run in self.runs:
            if run.fenced:
                continue
            if run.correlation == correlation and (run.ends_at > self.now or run.outcome in ("promoted", "rejected")):
                self.doubles.append(f"{correlation}: run {len(self.runs) + 1} beside run {run.run_id}")
        ends_at = self.now + timedelta(minutes=self.dice.uniform(5, 90))
        kind = self.dice.choices(["promoted", "rejected", "failed", "cut off"], [5, 2, 2, 1])[0]
        outcome = None if kind == "cut off" else kind
        conclusion = "success" if kind in ("promoted", "rejected") else "failure"
        number = str(len(self.runs) + 1)
        self.runs.append(StartedRun(number, correlation, attempt, listed_at, ends_at, conclusion, outcome))
        self.tell(f"GitHub starts run {len(self.runs)} for {correlation}")

    def look(self, who: str) -> None:
        """One process, from its start to its end, whatever that is."""
        self.depth += 1
        skew = timedelta(seconds=self.dice.uniform(-45, 45))
        process = Process(self, skew)
        try:
            if self.dice.random() < 0.6:
                process.check()
            else:
                process.follow_up()
        except (LedgerError, DispatchError, KilledError, OSError) as error:
            self.tell(f"{who} ended: {type(error).__name__} {error}")
        finally:
            self.depth -= 1


class FaultyLedger:
    """SQLite behind a connection that breaks before or after a write has arrived."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._world.ledger, name)

        def call(*arguments: Any, **options: Any) -> Any:
            world = self._world
            world.moment(f"ledger.{name}")
            if world.chance(0.04):
                raise LedgerError("503 before the request arrived")
            result = real(*arguments, **options)
            if world.chance(0.03):
                raise LedgerError("the answer was lost")
            return result

        return call


class FaultyTarget:
    """GitHub on a bad day."""

    dry = False

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        world = self._world
        world.moment("the request")
        if not may_send():
            raise too_late()
        if world.freezes and world.chance(0.05):
            world.freeze()
        world.now += timedelta(seconds=world.dice.uniform(0.1, 40))
        if world.chance(0.15):
            status = world.dice.choice([401, 403, 404, 429])
            retry_at = world.now + timedelta(minutes=5) if status == 429 else None
            raise DispatchRefusedError(f"GitHub refused ({status})", retry_at=retry_at)
        taken = not world.chance(0.1)
        if taken:
            world.start_run(event.correlation, event.attempt)
        if not taken or world.chance(0.15):
            raise DispatchUncertainError(f"the connection was cut; taken: {taken}")
        return None

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        self._fail("the search")
        runs = [run for run in self._world.runs if run.listed_at <= self._world.now and run.run_id not in exclude]
        return next((self._run(run) for run in reversed(runs) if run.correlation == correlation), None)

    def run(self, run_id: str) -> Run | None:
        self._fail("the look at the run")
        return next((self._run(run) for run in self._world.runs if run.run_id == run_id), None)

    def _fail(self, what: str) -> None:
        self._world.moment(what)
        if self._world.chance(0.08):
            raise DispatchError("GitHub failed (503)")

    def _run(self, run: StartedRun) -> Run:
        completed = run.ends_at <= self._world.now
        return Run(run.run_id, f"https://github.example/{run.run_id}", completed, run.conclusion if completed else None)


class Blobs:
    """Pointer and outcomes; reading them may fail."""

    def __init__(self, world: World) -> None:
        self._world = world

    def in_service(self) -> InService:
        self._world.moment("reading the pointer")
        if self._world.chance(0.03):
            raise OSError("blob storage: 500")
        return self._world.pointer

    def outcome(self, drift: str) -> Outcome | None:
        self._world.moment("reading the outcome")
        if self._world.chance(0.03):
            raise OSError("blob storage: timeout")
        return self._world.outcomes.get(drift)


class Process(ModelCheck):
    """A check whose windows and verdicts are made up: the population has drifted until a new model is in service."""

    def __init__(self, world: World, skew: timedelta) -> None:
        self._world = world
        super().__init__(
            world.model, None, FaultyLedger(world), FaultyTarget(world), lambda: world.now + skew, self._sleep
        )  # type: ignore[arg-type]
        self.blobs = Blobs(world)  # type: ignore[assignment]

    def _sleep(self, seconds: float) -> None:
        self._world.now += timedelta(seconds=seconds)

    def _with_labels(self, result: CheckResult, pointer: InService, now: datetime) -> CheckResult:
        return result

    def _selection(self, state: ModelState, now: datetime) -> Selection:
        # A new file every three hours; the newest is the window.
        number = int((self._world.now - START) / timedelta(hours=3))
        file = File("incoming", f"{number}.parquet", str(number), START + timedelta(hours=3 * number), 1)
        return Selection(() if file.key in state.watermark.seen else (file,), ())

    def _window(self, state: ModelState, pointer: InService, selection: Selection, now: datetime) -> CheckResult:
        self._world.moment("the comparison")
        drifted = pointer.baseline_sha256 == OLD
        identity = check_id("m", pointer.baseline_sha256, selection.sha256)
        check = CheckRecord(
            check_id=identity,
            model="m",
            at=now,
            verdict="drift" if drifted else "stable",
            rows=60,
            files=1,
            baseline_sha256=pointer.baseline_sha256,
            window_sha256=selection.sha256,
        )
        watermark = msgspec.structs.replace(state.watermark, seen={selection.files[0].key: now})
        after = msgspec.structs.replace(state, watermark=watermark, baseline_sha256=pointer.baseline_sha256)
        drift = None
        if drifted and state.drift_id is None:
            found = Drift(
                drift_id=drift_id("m", pointer.baseline_sha256, state.epoch),
                check_id=identity,
                model="m",
                baseline_version=pointer.version,
                baseline_sha256=pointer.baseline_sha256,
                epoch=state.epoch,
                reason="drift",
                as_of=format_time(now),
                since=format_time(now),
            )
            drift = open_drift(found, now, "found")
            after = msgspec.structs.replace(after, drift_id=drift.drift_id)
        check = msgspec.structs.replace(check, drift_id=after.drift_id)
        after = msgspec.structs.replace(after, last_check_id=identity, last_checked_at=now)
        return CheckResult(check, after, drift)


def run_campaign(seed: int, folder: Path, *, freezes: bool = False, fence: bool = False) -> World:
    """One world: faults for a month of looks, then quiet ones until everything that is open should have ended.

    `freezes`: a process may stand still between its last look at the lease and the request. `fence`: of two workflow
    runs for one try, one trains (`workflows.fence`); without it every second request counts as a double retrain.
    """
    world = World(seed, folder, freezes=freezes, fence=fence)
    for _ in range(FAULTY_LOOKS):
        world.now += timedelta(minutes=world.dice.choice([1, 5, 30, 180, 600]))
        world.look("a process")
    world.faulty = False
    for _ in range(QUIET_LOOKS):
        if not world.ledger.drifts("m", open_only=True) and world.pointer.baseline_sha256 == NEW:
            break
        world.now += timedelta(minutes=97)
        world.look("a quiet process")
    return world


def problems(world: World) -> list[str]:
    """What went wrong: double retrains, and drifts that led nowhere."""
    found = [f"double retrain {double}" for double in world.doubles]
    drifts = world.ledger.drifts("m")
    found += [f"lost drift: {drift.drift_id} is still {drift.state}" for drift in drifts if not drift.state.closed]
    if world.pointer.baseline_sha256 != NEW:
        found.append("lost drift: the population has moved, and no new model came")
    known = {run for drift in drifts for run in (*drift.past_runs, *([drift.run_id] if drift.run_id else []))}
    strangers = {run.correlation for run in world.runs} - {drift.drift_id for drift in drifts}
    found += [f"a run without a drift in the ledger: {name}" for name in sorted(strangers)]
    found += [f"run {run} is not GitHub's" for run in known - {run.run_id for run in world.runs}]
    return found


__all__ = ["World", "problems", "replace", "run_campaign"]
