"""One check of one model: what is new, against the baseline of the version in service, into the ledger; then what
follows from it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.errors import DriftloopError, InputError
from driftloop.events import InService, PutBack
from driftloop.ledger.drifts import Announcement, Drift, DriftState
from driftloop.ledger.ledger import Ledger, LedgerConflictError, until_written
from driftloop.ledger.model_state import ModelState
from driftloop.times import format_time, utc_now
from function_app.checks import findings
from function_app.checks.comparing import Compared, Comparing
from function_app.checks.findings import CheckResult
from function_app.checks.holding import hold_of, impact_of, with_impact
from function_app.checks.report_context import report_context
from function_app.common_cause.telling import told_apart
from function_app.incoming.quarantine import Quarantine
from function_app.incoming.sources import File, list_files
from function_app.incoming.watermark import Selection, select
from function_app.labels.counting import count_labelled
from function_app.labels.labelled_window import LabelledWindow, read_with_labels, records_since
from function_app.labels.performance import look_at_labels
from function_app.retraining.epochs import evidence_for, settled
from function_app.storage.model_blobs import ModelBlobs
from function_app.telemetry.announcing import (
    OF_OPEN_DRIFT,
    announced,
    announcements,
    check_finished,
    deployment,
    error_text,
    to_nobody,
    undone,
)
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop import Schema
    from driftloop.impact.impact import Impact
    from driftloop.ledger.ledger import CheckRecord
    from function_app.common_cause.together import Together
    from function_app.dispatch.requests import Dispatcher
    from function_app.storage.accounts import Storage


@dataclass
class ModelCheck:
    """Checks one model. `check()` and `follow_up()` may run at any time, in any number of processes at once."""

    model: Model
    storage: "Storage"
    ledger: Ledger
    dispatcher: "Dispatcher"
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[tuple[Announcement, ...]], None] = to_nobody
    together: "Together | None" = None  # the drifts of all models; None: this one is alone
    blobs: ModelBlobs = field(init=False)
    quarantine: Quarantine = field(init=False)

    def __post_init__(self) -> None:
        self.blobs = ModelBlobs(self.storage, self.model.name)
        self.quarantine = Quarantine(self.storage)

    @property
    def _settle(self) -> timedelta:
        return timedelta(seconds=self.model.settle_seconds)

    def check(self) -> "tuple[CheckRecord, datetime | None]":
        """Checks what is new, and takes open drifts further.

        Returns the check, and when to look again at the latest (None: with the next check).

        Raises DriftloopError and Azure's errors: the caller runs it again. Nothing is lost or doubled by that. What
        fails about an open drift is raised after the look at new data; where that fails too, as a note of its error.
        """
        started = time.monotonic()
        trouble: Exception | None = None
        try:
            drifts = self.ledger.drifts(self.model.name, open_only=True)
            self._advance(drifts)
        except Exception as error:  # noqa: BLE001  whatever it is must not hide new data, and is raised below
            trouble = error
        try:
            found = until_written(lambda: self._attempt(started), self.model.name)
        except Exception as error:
            if trouble is not None:
                error.add_note(f"{OF_OPEN_DRIFT}{error_text(trouble)}")
            raise
        if trouble is not None:
            raise trouble
        again = self.follow_up() if drifts or found.state.drift_id else None
        return found.check, self.clock() if found.again else again

    def follow_up(self) -> datetime | None:
        """Takes open drifts further without looking at new data. Returns when to look again."""
        return self._advance(self.ledger.drifts(self.model.name, open_only=True))

    def _advance(self, drifts: list[Drift]) -> datetime | None:
        if not drifts:
            return None
        from function_app.retraining.next_look import next_look  # here: most checks find no drift that is open
        from function_app.retraining.others import NoOthers
        from function_app.retraining.steps import Retraining

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
            self.tell,
            self.together or NoOthers(),
        )
        after = [retraining.advance(drift, state, pointer) for drift in drifts]
        state = self._settled()
        times = [moment for drift in after if (moment := next_look(drift, state, self.clock())) is not None]
        return min(times, default=None)

    def _labelled(self, pointer: InService | None, since: str) -> int:
        if pointer is None:
            return 0
        return count_labelled(self.storage, self.model, self.blobs.baseline(pointer).schema, since, self.clock)

    def _settled(self) -> ModelState:
        return settled(self.ledger, self.model, self.clock(), self._carry_out, self.tell)

    def _carry_out(self, state: ModelState) -> None:
        """What a check has decided of files, once it is in the ledger: one that lost against another leaves no note."""
        self.quarantine.carry_out(state.notes, self.clock(), state.last_check_id)
        self.tell(told_apart(state.outbox, self.ledger, self.together))

    def _attempt(self, started: float) -> CheckResult:
        """One try. Raises LedgerConflictError when another process wrote, or the model in service was replaced."""
        now = self.clock()
        state = self._settled()
        pointer = self.blobs.in_service()
        selection = self._selection(state, now)
        state = msgspec.structs.replace(state, watermark=selection.watermark)
        if not selection.files or pointer is None:
            finding = findings.of_nothing(self.model, state, pointer, selection, now)
        else:
            finding = self._window(state, pointer, selection, now)
            if self.blobs.in_service() != pointer:
                raise LedgerConflictError(f"{self.model.name}: the version in service was replaced during the check")
        if pointer is not None:
            finding = self._with_labels(finding, pointer, now)
        return self._stored(self._with_deployments(finding, state, pointer, now), state, started)

    def _with_deployments(
        self, finding: CheckResult, before: ModelState, pointer: InService | None, now: datetime
    ) -> CheckResult:
        """The same finding, and what is to be told of versions that came, or were taken back."""
        deployed, said = deployment(self.model.name, before.deployed, pointer)
        note = self._put_back() if self.model.alerts else None  # it is read for people alone
        put_back, failed = undone(self.model.name, before.put_back, note, now)
        state = msgspec.structs.replace(finding.state, deployed=deployed, put_back=put_back)
        return replace(finding, said=(*said, *failed), state=state)

    def _put_back(self) -> PutBack | None:
        """The last deployment that failed, as far as that can be read: a damaged note hides no new data."""
        try:
            return self.blobs.put_back()
        except InputError as error:
            emit("check_failed", model=self.model.name, error=str(error))
            return None

    def _stored(self, finding: CheckResult, before: ModelState, started: float) -> CheckResult:
        """The finding in the ledger, and announced."""
        check = msgspec.structs.replace(finding.check, seconds=round(time.monotonic() - started, 3))
        known = check.check_id == before.last_check_id or check.window_sha256 is None
        said = (*finding.said, *announcements(check, finding.drift, finding.stragglers))
        try:
            state = self.ledger.commit(
                msgspec.structs.replace(finding.state, outbox=said), None if known else check, finding.drift
            )
        except LedgerConflictError:
            looked = check.window_sha256 is not None or finding.state.labels_watermark != before.labels_watermark
            if looked or finding.drift is not None:
                raise
            state = finding.state  # nothing was new here, and whoever wrote has just looked too
        else:
            state = announced(self.ledger, state, self._carry_out)
        check_finished(check)
        return replace(finding, check=check, state=state)

    def _selection(self, state: ModelState, now: datetime) -> Selection:
        files = list_files(self.storage, self.model.records, state.watermark.high, now)
        return select(files, state.watermark, self._settle, now)

    def _window(self, state: ModelState, pointer: InService, selection: Selection, now: datetime) -> CheckResult:
        """The new files against the baseline: compared, set aside where they are broken, reported."""
        baseline = self.blobs.baseline(pointer)
        notes = self.quarantine.notes(self.model.records)
        evidence = evidence_for(state, pointer)
        comparing = Comparing(self.storage, self.model, baseline, now)
        compared = comparing.compare(selection.files, state.watermark, evidence)
        if compared.verdict == "drift" and compared.result is not None:
            files = list(compared.reading.read)
            result = with_impact(
                compared.result, self.model, self.blobs, pointer, lambda: self._read_with_labels(files, baseline.schema)
            )
            compared = replace(compared, result=result)
            state = msgspec.structs.replace(state, hold=hold_of(self.model, result.estimated, state.performance))
        check = findings.record_of(compared, self.model, pointer, selection, now=now, schema=baseline.schema)
        check = msgspec.structs.replace(check, report=self._report(check, compared, state, pointer))
        state = msgspec.structs.replace(state, notes=findings.notes_of(compared, notes))
        return findings.of_window(
            compared,
            state,
            pointer,
            check,
            evidence=evidence,
            settle=self._settle,
            selection=selection,
        )

    def _report(self, check: "CheckRecord", compared: Compared, state: ModelState, pointer: InService) -> str | None:
        if compared.result is None:
            return None
        from driftloop.report.html import render
        from driftloop.report.words.language import choose_language

        summary = {
            "check_id": check.check_id,
            "model": self.model.name,
            "baseline_version": pointer.version,
            **compared.result.to_dict(),
        }
        files = [file.path for file in compared.reading.read]
        context = report_context(
            check, files, self.model, ledger=self.ledger, blobs=self.blobs, state=state, pointer=pointer
        )
        page = render(compared.result, self.blobs.baseline(pointer), compared.window, context, choose_language())
        return self.blobs.report(check.check_id, summary, page)

    def _with_labels(self, finding: CheckResult, pointer: InService, now: datetime) -> CheckResult:
        """The same finding, and what newly landed labels say."""
        try:
            found = look_at_labels(self.storage, self.model, self.blobs, pointer, finding.state, clock=self.clock)
            impact = None if found is None else self._error_of_open_drift(pointer)
        except DriftloopError as error:
            # What is wrong with labels or the holdout's errors must not hide new data: it is said, and looked at again.
            emit("check_failed", model=self.model.name, check_id=finding.check.check_id, error=str(error))
            return finding
        if found is None:
            return finding
        if impact is not None:
            hold = hold_of(self.model, impact, found.state.performance)
            finding = replace(finding, state=msgspec.structs.replace(finding.state, hold=hold))
            found = replace(found, reasons=(*found.reasons, *impact.sentences))
        return findings.with_labels(finding, found, pointer, format_time(now))

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
        found = self._read_with_labels(files, self.blobs.baseline(pointer).schema, held[-1].since)
        return None if found is None else impact_of(found, self.model, self.blobs, pointer)

    def _read_with_labels(self, files: list[File], schema: "Schema", since: str | None = None) -> LabelledWindow | None:
        return read_with_labels(self.storage, self.model, schema, files, self.clock, since=since)
