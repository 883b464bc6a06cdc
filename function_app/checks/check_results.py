"""What a check is about to store: its row, the model's state after it, and the drift that it opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService, check_id
from driftloop.ledger.drifts import Announcement, Drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import FileNote, ModelState, Watermark
from driftloop.times import format_time, latest
from driftloop.wording.counts import count_of
from function_app.checks.comparing import Compared
from function_app.checks.regime_start import remembered
from function_app.incoming.quarantine import Note, outdated
from function_app.incoming.watermark import Selection, advanced, marked
from function_app.labels.performance import LabelFindings, growth_sentence
from function_app.retraining.epochs import encoded, new_drift

if TYPE_CHECKING:
    from driftloop import Evidence

NO_BASELINE = "none"


@dataclass(frozen=True)
class CheckResult:
    """What a check is about to store.

    `again`: files were left for a check of their own. `stragglers`: sentences about files that count as read and never
    were. `said`: what people must learn beside what the check says.
    """

    check: CheckRecord
    state: ModelState
    drift: Drift | None = None
    again: bool = False
    stragglers: tuple[str, ...] = ()
    said: tuple[Announcement, ...] = ()


def of_nothing(
    model: Model, state: ModelState, pointer: InService | None, selection: Selection, now: datetime
) -> CheckResult:
    """There is no baseline, or nothing new to compare with it: the row says why.

    Parameters
    ----------
    pointer : InService | None
        None where no version is in service.
    selection : Selection
        Of the look: what waits, and which files count as read and never were.

    Returns
    -------
    CheckResult
        An `insufficient` check; the state has moved on by its time only.
    """
    if pointer is None:
        why = "no version of this model is in service yet: there is no baseline to compare with"
    elif selection.waiting:
        said = ("file may still be written: it waits", "files may still be written: they wait")
        why = f"{count_of(len(selection.waiting), *said)} for the next check"
    elif state.watermark.high:
        why = f"no new records since {format_time(state.watermark.high)}"
    else:
        why = f"no file matches {model.records}"
    check = CheckRecord(
        check_id=check_id(model.name, pointer.baseline_sha256 if pointer else NO_BASELINE, selection.sha256),
        model=model.name,
        at=now,
        verdict="insufficient",
        reasons=(why, *selection.stragglers),
        files=len(selection.files),
        baseline_version=pointer.version if pointer else None,
        baseline_sha256=pointer.baseline_sha256 if pointer else None,
        window_sha256=selection.sha256 if selection.files else None,
    )
    return CheckResult(check, _checked(state, check), stragglers=selection.stragglers)


def notes_of(compared: Compared, before: Mapping[str, Note]) -> tuple[FileNote, ...]:
    """What is to be noted of the files: why some are set aside, and which notes were written for older versions.

    Parameters
    ----------
    compared : Compared
        The window, read and judged.
    before : Mapping[str, Note]
        The notes that were there, by the name of the file.

    Returns
    -------
    tuple[FileNote, ...]
        A note for each guilty file; one without a reason for each innocent file whose note is of another version.
    """
    aside = [FileNote(file.path, file.etag, reason) for file, reason in compared.guilty.items()]
    good = outdated(compared.innocent, before) if compared.calm else []
    return (*aside, *(FileNote(file.path, file.etag) for file in good))


def of_window(
    compared: Compared,
    state: ModelState,
    pointer: InService,
    check: CheckRecord,
    *,
    evidence: "Evidence",
    settle: timedelta,
    selection: Selection,
) -> CheckResult:
    """The state after a window was compared, and the drift that it opens: one for each epoch.

    Parameters
    ----------
    state : ModelState
        Before the check.
    check : CheckRecord
        The check's row, without a drift.
    evidence : Evidence
        What earlier windows left; it stays where this window must not be learnt from.
    settle : timedelta
        How long a file may still be written.
    selection : Selection
        The files of the window.

    Returns
    -------
    CheckResult
        A drift only where the verdict is drift and none is open in this epoch.
    """
    result = compared.result
    newest = compared.window.last_time or format_time(max(file.modified for file in selection.files))
    learned = result.evidence if result is not None and compared.calm else evidence
    starts = state.starts
    if compared.calm:
        starts = remembered(starts, compared.window.first_time, compared.start)
    after = msgspec.structs.replace(
        state,
        watermark=_watermark(state.watermark, compared, settle, check.at),
        evidence=encoded(learned),
        baseline_version=pointer.version,
        baseline_sha256=pointer.baseline_sha256,
        newest_record=latest(newest, state.newest_record) if compared.calm else state.newest_record,
        starts=starts,
    )
    drift = None
    if compared.verdict == "drift" and state.drift_id is None:
        since = (learned.since if learned else None) or compared.window.first_time or newest
        drift = new_drift(after, pointer, check, reason="drift", as_of=newest, since=starts.get(since, since))
        after = msgspec.structs.replace(after, drift_id=drift.drift_id)
    check = msgspec.structs.replace(check, drift_id=after.drift_id if compared.verdict == "drift" else None)
    again = bool(compared.guilty) and compared.verdict == "incident" and bool(compared.innocent or compared.undecided)
    return CheckResult(check, _checked(after, check), drift, again, selection.stragglers)


def with_labels(result: CheckResult, found: LabelFindings, pointer: InService, now: str) -> CheckResult:
    """The same result and what newly landed labels say: outcomes that have moved, an error that has grown.

    Parameters
    ----------
    found : LabelFindings
        What the labels say.
    now : str
        ISO 8601: the newest record where no window tells one.

    Returns
    -------
    CheckResult
        With a drift of reason `degraded` where the error has grown, none is open, and the feed is not broken.
    """
    performance, state = found.performance, result.state
    state = msgspec.structs.replace(
        state, performance=found.state.performance, labels_watermark=found.state.labels_watermark
    )
    grown = performance is not None and performance.degraded
    if grown:
        state = msgspec.structs.replace(state, hold=None)
    opens = grown and state.drift_id is None and result.check.verdict != "incident"
    reasons = (*((growth_sentence(performance),) if opens and performance is not None else ()), *result.check.reasons)
    check = msgspec.structs.replace(result.check, reasons=(*reasons, *found.reasons), degraded=opens)
    if check.window_sha256 is None and (opens or found.reasons):
        # A check that had no window of its own is named by the labels.
        identity = check_id(check.model, check.baseline_sha256 or "", found.batch)
        check = msgspec.structs.replace(check, check_id=identity, window_sha256=found.batch)
    drift = result.drift
    if opens and performance is not None:
        newest = state.newest_record or now
        since = performance.since or newest
        drift = new_drift(state, pointer, check, reason="degraded", as_of=newest, since=since)
        state = msgspec.structs.replace(state, drift_id=drift.drift_id)
        check = msgspec.structs.replace(check, drift_id=drift.drift_id)
    return replace(
        result,
        check=check,
        state=_checked(state, check),
        drift=drift,
        stragglers=(*result.stragglers, *found.stragglers),
    )


def _watermark(before: Watermark, compared: Compared, settle: timedelta, now: datetime) -> Watermark:
    if compared.verdict == "insufficient":
        return marked(before, compared.guilty)
    if compared.verdict == "incident":
        if compared.innocent or compared.undecided:
            return marked(before, compared.guilty)
        return advanced(before, compared.guilty, settle)
    read = {digest: now for digest, file in (compared.reading.contents or {}).items() if file in compared.innocent}
    return advanced(before, [*compared.guilty, *compared.innocent], settle, read)


def _checked(state: ModelState, check: CheckRecord) -> ModelState:
    return msgspec.structs.replace(
        state, last_check_id=check.check_id, last_verdict=check.verdict, last_checked_at=check.at, last_error=None
    )
