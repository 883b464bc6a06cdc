"""One check of one model: what is new, against the baseline of the version in service, into the ledger; then what
follows from it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.config.models import Model
from driftloop.errors import LedgerError
from driftloop.events import InService, check_id
from driftloop.ledger import (
    CheckRecord,
    Drift,
    Ledger,
    LedgerConflictError,
    ModelState,
    Watermark,
)
from driftloop.times import format_time, latest
from function_app.checks.epochs import encoded, evidence_for, new_drift, settled
from function_app.checks.labels import count_labelled
from function_app.checks.performance import degraded, look_at_labels
from function_app.checks.retraining import Retraining, next_look, utc_now
from function_app.dispatch.requests import Dispatcher
from function_app.incoming.decoding import by_schema
from function_app.incoming.sources import File, Selection, advanced, list_files, marked, select
from function_app.incoming.window_reading import Decode, build_window
from function_app.storage.model_blobs import ModelBlobs
from function_app.telemetry.announcing import announce, summary

if TYPE_CHECKING:
    import driftloop
    from driftloop import Baseline, Evidence, Policy, Window
    from function_app.storage.accounts import Storage

MOST_RESTARTS = 5
MOST_SUSPECTS = 50  # files of a broken window that are looked at one by one
NO_BASELINE = "none"


@dataclass(frozen=True)
class Finding:
    """What a check is about to store. `again`: files were left for a check of their own."""

    check: CheckRecord
    state: ModelState
    drift: Drift | None = None
    again: bool = False


@dataclass
class ModelCheck:
    """Checks one model. `check()` and `follow_up()` may run at any time, in any number of processes at once."""

    model: Model
    storage: "Storage"
    ledger: Ledger
    dispatcher: Dispatcher
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    blobs: ModelBlobs = field(init=False)

    def __post_init__(self) -> None:
        self.blobs = ModelBlobs(self.storage, self.model.name)

    @property
    def _settle(self) -> timedelta:
        return timedelta(seconds=self.model.settle_seconds)

    def check(self) -> tuple[CheckRecord, datetime | None]:
        """Checks what is new, and takes open drifts further.

        Returns the check, and when to look again at the latest (None: with the next check).

        Raises DriftloopError and Azure's errors: the caller runs it again. Nothing is lost or doubled by that.
        """
        started = time.monotonic()
        drifts = self.ledger.drifts(self.model.name, open_only=True)
        if drifts:
            self._advance(drifts)
        for _ in range(MOST_RESTARTS):
            try:
                found = self._attempt(started)
            except LedgerConflictError:
                continue  # another process was faster; what it stored is looked at anew
            if found is not None:
                again = self.follow_up() if drifts or found.state.drift_id else None
                return found.check, self.clock() if found.again else again
        raise LedgerError(
            f"{self.model.name}: the ledger or the model in service changed {MOST_RESTARTS} times during one check: "
            "it is run again"
        )

    def follow_up(self) -> datetime | None:
        """Takes open drifts further without looking at new data. Returns when to look again."""
        drifts = self.ledger.drifts(self.model.name, open_only=True)
        return self._advance(drifts) if drifts else None

    def _advance(self, drifts: list[Drift]) -> datetime | None:
        state = self._settled()
        pointer = self.blobs.in_service()
        retraining = Retraining(
            self.model,
            self.ledger,
            self.dispatcher,
            self.blobs.outcome,
            lambda since: self._labelled(pointer, since),
            self.clock,
            self.sleep,
        )
        after = [retraining.advance(drift, state, pointer) for drift in drifts]
        state = self._settled()
        times = [moment for drift in after if (moment := next_look(drift, state, self.clock())) is not None]
        return min(times, default=None)

    def _labelled(self, pointer: InService | None, since: str) -> int:
        if pointer is None:
            return 0
        return count_labelled(self.storage, self.model, self.blobs.baseline(pointer).schema, since)

    def _settled(self) -> ModelState:
        return settled(self.ledger, self.ledger.state(self.model.name, self.clock()), self.model, self.clock())

    def _attempt(self, started: float) -> Finding | None:
        """One try; None when the model in service was replaced meanwhile."""
        now = self.clock()
        state = self._settled()
        pointer = self.blobs.in_service()
        selection = self._selection(state, now)
        if not selection.files or pointer is None:
            finding = self._nothing(state, pointer, selection, now)
        else:
            finding = self._compared(state, pointer, selection, now)
            if self.blobs.in_service() != pointer:
                return None
        if pointer is not None:
            finding = self._with_performance(finding, pointer, now)
        check = msgspec.structs.replace(finding.check, seconds=round(time.monotonic() - started, 3))
        known = check.check_id == state.last_check_id or check.window_sha256 is None
        try:
            stored = self.ledger.commit(finding.state, None if known else check, finding.drift)
        except LedgerConflictError:
            if check.files or finding.drift is not None:
                raise
            stored = finding.state  # nothing was new here, and whoever wrote has just looked too
        announce(check, finding.drift)
        return Finding(check, stored, finding.drift, finding.again)

    def _with_performance(self, finding: Finding, pointer: InService, now: datetime) -> Finding:
        """The same finding, and what newly landed labels say of the model's error."""
        found = look_at_labels(self.storage, self.model, self.blobs, pointer, finding.state, now=now)
        if found is None:
            return finding
        state, performance, labels = found
        if not performance.degraded or state.drift_id is not None or finding.check.verdict == "incident":
            return replace(finding, state=state)
        check = degraded(finding.check, performance, labels)
        newest = state.newest_record or format_time(now)
        drift = new_drift(state, pointer, check, reason="degraded", as_of=newest, since=performance.since or newest)
        state = msgspec.structs.replace(state, drift_id=drift.drift_id, last_check_id=check.check_id)
        check = msgspec.structs.replace(check, drift_id=drift.drift_id)
        return replace(finding, check=check, state=state, drift=drift)

    def _selection(self, state: ModelState, now: datetime) -> Selection:
        files = list_files(self.storage, self.model.records, state.watermark.high, now)
        return select(files, state.watermark, self._settle, now)

    def _nothing(self, state: ModelState, pointer: InService | None, selection: Selection, now: datetime) -> Finding:
        if pointer is None:
            why = "no version of this model is in service yet: there is no baseline to compare with"
        elif selection.waiting:
            why = f"{len(selection.waiting)} files may still be written: they wait for the next check"
        else:
            why = (
                f"no new records since {format_time(state.watermark.high)}"
                if state.watermark.high
                else f"no file matches {self.model.records}"
            )
        check = CheckRecord(
            check_id=check_id(self.model.name, pointer.baseline_sha256 if pointer else NO_BASELINE, selection.sha256),
            model=self.model.name,
            at=now,
            verdict="insufficient",
            reasons=(why,),
            files=len(selection.files),
            baseline_version=pointer.version if pointer else None,
            baseline_sha256=pointer.baseline_sha256 if pointer else None,
            window_sha256=selection.sha256 if selection.files else None,
        )
        return Finding(check, _checked(state, check))

    def _compared(self, state: ModelState, pointer: InService, selection: Selection, now: datetime) -> Finding:
        baseline = self.blobs.baseline(pointer)
        policy = self.model.policy
        evidence = evidence_for(state, pointer)
        # A single blank file is the engine's to judge; among others, its blank column would look like a rarer value.
        never_blank = _never_blank(baseline) if len(selection.files) > 1 else frozenset()
        decode = self._decode(baseline, state, never_blank)
        window, reading = build_window(self.storage, selection.files, decode, _builder(baseline))
        result = _judged(baseline, window, policy, evidence, now)
        verdict = "incident" if not reading.read and reading.broken else result.verdict.value
        guilty = dict(reading.broken)
        if verdict == "incident":
            guilty |= dict.fromkeys(self._suspects(reading.read, baseline, decode, policy, now), result.reasons[0])
        innocent = [file for file in reading.read if file not in guilty]
        identity = check_id(
            self.model.name, pointer.baseline_sha256, window.sha256 if reading.read else selection.sha256
        )
        check = CheckRecord(
            check_id=identity,
            model=self.model.name,
            at=now,
            verdict=verdict,
            reasons=(*(reading.broken.values() if reading.broken else ()), *(result.reasons if reading.read else ())),
            rows=window.rows,
            files=len(reading.read),
            baseline_version=pointer.version,
            baseline_sha256=pointer.baseline_sha256,
            window_sha256=window.sha256,
            window_first=window.first_time,
            window_last=window.last_time,
            evidence=None if result.evidence is None else result.evidence.certainty,
            quarantined=tuple(self.blobs.quarantine(file, reason, now, identity) for file, reason in guilty.items()),
            report=self._report(identity, result, baseline, window, pointer),
            summary=summary(result),
        )
        again = verdict == "incident" and bool(innocent)
        watermark = self._watermark(state.watermark, verdict, guilty, innocent)
        calm = verdict in ("stable", "drift")
        newest = window.last_time or format_time(max(file.modified for file in selection.files))
        after = msgspec.structs.replace(
            state,
            watermark=watermark,
            evidence=encoded(result.evidence) if calm else encoded(evidence),
            baseline_version=pointer.version,
            baseline_sha256=pointer.baseline_sha256,
            newest_record=latest(newest, state.newest_record) if calm else state.newest_record,
        )
        drift = None
        if verdict == "drift" and state.drift_id is None:  # an epoch raises one drift
            since = (result.evidence.since if result.evidence else None) or result.first_time or newest
            drift = new_drift(after, pointer, check, reason="drift", as_of=newest, since=since)
        if drift is not None:
            after = msgspec.structs.replace(after, drift_id=drift.drift_id)
        check = msgspec.structs.replace(check, drift_id=after.drift_id if verdict == "drift" else None)
        return Finding(check, _checked(after, check), drift, again)

    def _watermark(self, before: Watermark, verdict: str, guilty: dict[File, str], innocent: list[File]) -> Watermark:
        if verdict == "insufficient" or (verdict == "incident" and innocent):
            return marked(before, guilty)
        return advanced(before, [*guilty, *innocent], self._settle)

    def _decode(self, baseline: "Baseline", state: ModelState, never_blank: frozenset[str]) -> Decode:
        if self.model.layout == "files":
            return by_schema(baseline.schema, never_blank)
        from function_app.incoming.collector import collected

        return collected(self.storage, self.model, baseline.schema, state.watermark.high)

    def _suspects(
        self, files: list[File], baseline: "Baseline", decode: Decode, policy: "Policy", now: datetime
    ) -> list[File]:
        """Which of the files break the window: those that are an incident by themselves, or all where none is."""
        if not 1 < len(files) <= MOST_SUSPECTS:
            return files
        guilty = []
        for file in files:
            window, reading = build_window(self.storage, [file], decode, _builder(baseline))
            if reading.read and _judged(baseline, window, policy, None, now).verdict.value == "incident":
                guilty.append(file)
        return guilty or files

    def _report(
        self, identity: str, result: "driftloop.Check", baseline: "Baseline", window: "Window", pointer: InService
    ) -> str:
        from driftloop.report.html import render

        summary = {
            "check_id": identity,
            "model": self.model.name,
            "baseline_version": pointer.version,
            **result.to_dict(),
        }
        return self.blobs.report(identity, summary, render(result, baseline, window))


def _builder(baseline: "Baseline") -> Callable[[Any], "Window"]:
    from driftloop import Window

    return lambda batches: Window.build(batches, baseline.schema)


def _never_blank(baseline: "Baseline") -> frozenset[str]:
    """Columns that mostly have a value in the baseline."""
    columns = baseline.profile.columns
    return frozenset(name for name, column in columns.items() if column.missing < column.rows / 2)


def _judged(
    baseline: "Baseline", window: "Window", policy: "Policy", evidence: "Evidence | None", now: datetime
) -> "driftloop.Check":
    from driftloop import check

    return check(baseline, window, policy, evidence, now=now.timestamp())


def _checked(state: ModelState, check: CheckRecord) -> ModelState:
    return msgspec.structs.replace(
        state, last_check_id=check.check_id, last_verdict=check.verdict, last_checked_at=check.at, last_error=None
    )
