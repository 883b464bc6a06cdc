"""One check of one model: what is new, against the baseline of the version in service, into the ledger; then what
follows from it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.errors import InputError
from driftloop.events import InService, PutBack
from driftloop.ledger.drifts import Announcement, Drift
from driftloop.ledger.ledger import Ledger, LedgerConflictError, until_written
from driftloop.ledger.model_state import ModelState
from driftloop.times import utc_now
from function_app.checks import check_results
from function_app.checks.check_results import CheckResult
from function_app.checks.new_labels import NewLabels
from function_app.checks.new_window import NewWindow, settle_of
from function_app.common_cause.telling import told_apart
from function_app.incoming.quarantine import Quarantine
from function_app.incoming.sources import list_files
from function_app.incoming.watermark import Selection, select
from function_app.labels.counting import count_labelled
from function_app.retraining.epochs import settled
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
            result = check_results.of_nothing(self.model, state, pointer, selection, now)
        else:
            result = self._window(state, pointer, selection, now)
            if self.blobs.in_service() != pointer:
                raise LedgerConflictError(f"{self.model.name}: the version in service was replaced during the check")
        if pointer is not None:
            result = self._with_labels(result, pointer, now)
        return self._stored(self._with_deployments(result, state, pointer, now), state, started)

    def _window(self, state: ModelState, pointer: InService, selection: Selection, now: datetime) -> CheckResult:
        window = NewWindow(self.model, self.storage, self.ledger, self.blobs, self.quarantine, self.clock)
        return window.check(state, pointer, selection, now)

    def _with_labels(self, result: CheckResult, pointer: InService, now: datetime) -> CheckResult:
        labels = NewLabels(self.model, self.storage, self.ledger, self.blobs, self.clock)
        return labels.added_to(result, pointer, now)

    def _with_deployments(
        self, result: CheckResult, before: ModelState, pointer: InService | None, now: datetime
    ) -> CheckResult:
        """The same result, and what is to be told of versions that came, or were taken back."""
        deployed, said = deployment(self.model.name, before.deployed, pointer)
        note = self._put_back() if self.model.alerts else None  # it is read for people alone
        put_back, failed = undone(self.model.name, before.put_back, note, now)
        state = msgspec.structs.replace(result.state, deployed=deployed, put_back=put_back)
        return replace(result, said=(*said, *failed), state=state)

    def _put_back(self) -> PutBack | None:
        """The last deployment that failed, as far as that can be read: a damaged note hides no new data."""
        try:
            return self.blobs.put_back()
        except InputError as error:
            emit("check_failed", model=self.model.name, error=str(error))
            return None

    def _stored(self, result: CheckResult, before: ModelState, started: float) -> CheckResult:
        """The result in the ledger, and announced."""
        check = msgspec.structs.replace(result.check, seconds=round(time.monotonic() - started, 3))
        known = check.check_id == before.last_check_id or check.window_sha256 is None
        said = (*result.said, *announcements(check, result.drift, result.stragglers))
        try:
            state = self.ledger.commit(
                msgspec.structs.replace(result.state, outbox=said), None if known else check, result.drift
            )
        except LedgerConflictError:
            looked = check.window_sha256 is not None or result.state.labels_watermark != before.labels_watermark
            if looked or result.drift is not None:
                raise
            state = result.state  # nothing was new here, and whoever wrote has just looked too
        else:
            state = announced(self.ledger, state, self._carry_out)
        check_finished(check)
        return replace(result, check=check, state=state)

    def _selection(self, state: ModelState, now: datetime) -> Selection:
        files = list_files(self.storage, self.model.records, state.watermark.high, now)
        return select(files, state.watermark, settle_of(self.model), now)
