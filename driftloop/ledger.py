"""What was checked, what was found, and what it started: the record that makes one drift one retrain.

The states of a drift (docs/ledger.md draws them):

    held -> claimed -> sent -> confirmed -> promoted | rejected | failed
      ^________|_________|__________|          superseded (before it was sent: another version took over)

This module holds the rows and the rules, as plain functions. A `Ledger` only stores: Azure Table Storage in the
function app, and SQLite where tests need no service; one contract test holds for both. Everything rests on two
properties of theirs. A write with an old ETag is refused. And `commit` stores a check, its drift and the new state of
the model together or not at all.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol, TypeVar

import msgspec

from driftloop.errors import LedgerError
from driftloop.events import Reason
from driftloop.listing.overview import Overview, Position

HISTORY_LENGTH = 40
"""Lines of a drift's history. At 200 characters each they fill a quarter of a table's text property (32,000), however
many months a drift waits."""
MOST_TRIES = 8
"""At a write that others win: of ten processes at one row none has needed more than five."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With its time zone, which the ledger writes as UTC."""
VerdictName = Literal["stable", "drift", "incident", "insufficient"]
_Written = TypeVar("_Written")


class LedgerConflictError(LedgerError):
    """Another process wrote first: read again, and decide again."""


class DriftState(StrEnum):
    """Where a drift stands."""

    HELD = "held"  # waits: for labels, for the cooldown, or for the next try
    CLAIMED = "claimed"  # one process has the right to send it, until its lease ends
    SENT = "sent"  # the target accepted it; no run has been seen yet
    CONFIRMED = "confirmed"  # a run that carries its id has been seen
    PROMOTED = "promoted"
    REJECTED = "rejected"
    FAILED = "failed"
    SUPERSEDED = "superseded"

    @property
    def closed(self) -> bool:
        """Whether no transition leaves it."""
        return not TRANSITIONS[self]


_OUTCOMES = frozenset({DriftState.PROMOTED, DriftState.REJECTED, DriftState.FAILED})
TRANSITIONS: dict[DriftState, frozenset[DriftState]] = {
    # An outcome may arrive in any open state: a person may have started the workflow by hand, or again after the app
    # stopped waiting for it.
    DriftState.HELD: _OUTCOMES | {DriftState.HELD, DriftState.CLAIMED, DriftState.CONFIRMED, DriftState.SUPERSEDED},
    DriftState.CLAIMED: _OUTCOMES | {DriftState.CLAIMED, DriftState.SENT, DriftState.HELD, DriftState.CONFIRMED},
    DriftState.SENT: _OUTCOMES | {DriftState.CONFIRMED, DriftState.HELD},
    DriftState.CONFIRMED: _OUTCOMES | {DriftState.HELD},
    DriftState.PROMOTED: frozenset(),
    DriftState.REJECTED: frozenset(),
    DriftState.FAILED: frozenset(),
    DriftState.SUPERSEDED: frozenset(),
}


class Announcement(msgspec.Struct, frozen=True):
    """An event that is stored together with what it tells of, and logged after that: at least once.

    `event_id` is the same each time that it is logged, so that a receiver can drop a repetition.
    """

    event_id: str
    event: str
    fields: dict[str, Any] = {}


class FileNote(msgspec.Struct, frozen=True):
    """One version of a file that a check has judged: `reason` says why training must leave it out; None lets it in."""

    file: str
    etag: str
    reason: str | None = None


class Step(msgspec.Struct, frozen=True):
    """A line of a drift's history."""

    at: Moment
    state: DriftState
    note: str


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One drift and what became of it.

    `as_of` and `since`: times of the newest and the oldest record of its evidence, ISO 8601. `attempts` counts runs
    that were started, `sends` requests that were tried since the last run. `outbox`: what is not announced yet. `etag`
    is set by the store.
    """

    drift_id: str
    check_id: str
    model: str
    baseline_version: str
    baseline_sha256: str
    epoch: int
    reason: Reason
    as_of: str
    since: str
    state: DriftState = DriftState.HELD
    attempts: int = 0
    sends: int = 0
    not_before: datetime | None = None
    lease_until: datetime | None = None
    claimed_by: str | None = None
    sent_at: datetime | None = None
    run_id: str | None = None
    run_url: str | None = None
    past_runs: tuple[str, ...] = ()
    outcome_at: str | None = None
    model_version: str | None = None
    job: str | None = None
    gate: dict[str, Any] | None = None
    history: tuple[Step, ...] = ()
    outbox: tuple[Announcement, ...] = ()
    etag: str = ""


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one window, as it is stored.

    `verdict` is the engine's word; `summary` its numbers as they stand in the report; `evidence` the certainty, 0 to 1.
    """

    check_id: str
    model: str
    at: Moment
    verdict: VerdictName
    reasons: tuple[str, ...] = ()
    rows: int = 0
    files: int = 0
    baseline_version: str | None = None
    baseline_sha256: str | None = None
    window_sha256: str | None = None
    window_first: str | None = None
    window_last: str | None = None
    evidence: float | None = None
    drift_id: str | None = None
    degraded: bool = False
    quarantined: tuple[str, ...] = ()
    report: str | None = None
    seconds: float = 0.0
    summary: dict[str, Any] = {}


class Forgotten(msgspec.Struct, frozen=True):
    """Files of one day that were read and are remembered together: how many, and the sum of their keys (16
    hexadecimal digits, modulo 2^64).
    """

    files: int = 0
    keys: str = "0"


class Watermark(msgspec.Struct, frozen=True):
    """Which of a model's files have been read.

    `high`: the newest last-modified time. `seen`: the files that are remembered one by one (a hash of name and ETag
    each, with the last-modified time). `floor`: files as old as that, or older, count as read without being remembered;
    None in rows of older versions, which remembered a fixed time before `high`. `contents`: hashes of what was read
    last, each with when, so that a file that is delivered again is not read twice. `forgotten`: those below the floor,
    by the day of their last-modified time; None in rows of older versions, which did not count them.
    """

    high: datetime | None = None
    seen: dict[str, datetime] = {}
    floor: datetime | None = None
    contents: dict[str, datetime] = {}
    forgotten: dict[str, Forgotten] | None = None


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """What the next check of a model must know.

    `evidence` and `performance` are the engine's, as JSON; `drift_id` is the drift that this epoch raised.
    `labels_since` moves on when a challenger is rejected: the next retrain needs outcomes that the rejected one did
    not have. `hold`: why the open drift is not sent yet, where its effect on the model decides. `announced`: the
    model versions whose deployment was requested, and by which event. `outbox`: what is not announced yet; `notes`:
    what is not noted yet of files. `starts`: for each of the last windows, by the time of its first record, when its
    records really began, stragglers left out. `deployed`: the version that was in service at the last look, and since
    when. `put_back`: when the last deployment failed that people were told of.
    """

    model: str
    watched_since: datetime
    epoch: int = 0
    baseline_version: str | None = None
    baseline_sha256: str | None = None
    evidence: str | None = None
    watermark: Watermark = Watermark()
    performance: str | None = None
    labels_watermark: Watermark = Watermark()
    labels_since: str | None = None
    newest_record: str | None = None
    cooldown_until: datetime | None = None
    drift_id: str | None = None
    hold: str | None = None
    last_check_id: str | None = None
    last_verdict: str | None = None
    last_checked_at: datetime | None = None
    last_error: str | None = None
    follow_up_at: datetime | None = None
    announced: dict[str, str] = {}
    outbox: tuple[Announcement, ...] = ()
    notes: tuple[FileNote, ...] = ()
    starts: dict[str, str] = {}
    deployed: str | None = None
    put_back: str | None = None
    etag: str = ""


class Ledger(Protocol):
    """Stores checks, drifts and states. Every read gives the newest write; ETags are set by the store."""

    def state(self, model: str, now: datetime) -> ModelState:
        """The model's state; a new one, watched since `now`, is stored when there is none."""
        ...

    def overviews(self, model: str | None = None) -> list[Overview]:
        """Every model's state in short, by name, or that of one; nothing is written, one request for a thousand."""
        ...

    def commit(self, state: ModelState, check: CheckRecord | None = None, drift: Drift | None = None) -> ModelState:
        """Stores `state` with the check and the drift that led to it, or nothing.

        A drift that exists already is left as it is.

        Returns
        -------
        The state with its new ETag.

        Raises
        ------
        LedgerConflictError
            When the state was written since `state.etag` was read.
        """
        ...

    def write(self, drift: Drift) -> Drift:
        """Replaces a drift; gives it back with its new ETag.

        Raises
        ------
        LedgerConflictError
            When it was written since `drift.etag` was read.
        """
        ...

    def drift(self, model: str, drift_id: str) -> Drift | None:
        """The drift, or None."""
        ...

    def drifts(self, model: str | None = None, *, open_only: bool = False, or_failed: bool = False) -> list[Drift]:
        """Drifts, oldest first: all, or those that are open, or (`or_failed`) open or failed."""
        ...

    def check(self, check_id: str) -> CheckRecord | None:
        """The check, or None."""
        ...

    def checks(
        self,
        model: str | None = None,
        limit: int = 50,
        *,
        before: Position | None = None,
        verdict: VerdictName | None = None,
    ) -> list[CheckRecord]:
        """The newest checks first; those behind a position, and of one verdict, where they are given."""
        ...


def until_written(attempt: Callable[[], _Written], what: str) -> _Written:
    """What `attempt` gives: it reads, decides and writes, and is made again when another process wrote in between.

    Raises LedgerError after `MOST_TRIES` conflicts: the caller's own repetition (queue, Event Grid) comes later.
    """
    for _ in range(MOST_TRIES):
        try:
            return attempt()
        except LedgerConflictError as error:
            lost = error
    raise LedgerError(f"{what}: another process wrote first, {MOST_TRIES} times in a row: it is tried again") from lost


def transition(drift: Drift, to: DriftState, at: datetime, note: str, **changes: Any) -> Drift:
    """The drift in another state, with a line in its history; to be stored with `Ledger.write`.

    Parameters
    ----------
    drift : as it was read.
    to : the new state, which may be the same.
    at : time of the transition.
    note : why, for a person.
    changes : other fields that change with the state.

    Raises
    ------
    LedgerError
        For a transition that the diagram does not have.
    """
    if to not in TRANSITIONS[drift.state]:
        raise LedgerError(
            f"{drift.drift_id}: cannot go from {drift.state} to {to}: the ledger was changed by hand, or by another "
            "version of Driftloop"
        )
    return msgspec.structs.replace(drift, state=to, history=_history(drift, Step(at, to, note)), **changes)


def add_note(drift: Drift, at: datetime, note: str) -> Drift:
    """The drift with a line in its history that says why it stays where it is."""
    return msgspec.structs.replace(drift, history=_history(drift, Step(at, drift.state, note)))


def _history(drift: Drift, step: Step) -> tuple[Step, ...]:
    history = (*drift.history, step)
    # The first line is kept: it says when the drift was found.
    return history if len(history) <= HISTORY_LENGTH else (history[0], *history[-(HISTORY_LENGTH - 1) :])


def open_drift(drift: Drift, at: datetime, note: str) -> Drift:
    """A new drift with the first line of its history."""
    return msgspec.structs.replace(drift, history=(Step(at, DriftState.HELD, note),))


def close_epoch(state: ModelState) -> ModelState:
    """The state once its drift is closed: a new epoch without evidence, so that the next drift has another id."""
    return msgspec.structs.replace(state, epoch=state.epoch + 1, evidence=None, drift_id=None, hold=None)
