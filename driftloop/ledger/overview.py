"""What a list of models shows of each one, read without the rest of its state; and where a page of checks ended."""

from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from driftloop.ledger.model_state import ModelState


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a model's state. What a row of an older version does not tell is None.

    `p`: of its evidence. `watched_since`: told at least where there was no check yet.
    """

    model: str
    epoch: int = 0
    version: str | None = None
    verdict: str | None = None
    checked_at: datetime | None = None
    watched_since: datetime | None = None
    drift_id: str | None = None
    error: str | None = None
    p: float | None = None


class Position(NamedTuple):
    """Where a page of checks ended: the last check on it."""

    at: datetime
    check_id: str


class _Strength(msgspec.Struct, frozen=True):
    p: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


def overview_of(state: ModelState) -> Overview:
    """What a list of models shows of a state.

    Parameters
    ----------
    state : its evidence may be anything: what cannot be read as evidence has no p.
    """
    return Overview(
        model=state.model,
        epoch=state.epoch,
        version=state.baseline_version,
        verdict=state.last_verdict,
        checked_at=state.last_checked_at,
        watched_since=state.watched_since,
        drift_id=state.drift_id,
        error=state.last_error,
        p=None if state.evidence is None else evidence_p(state.evidence),
    )


def evidence_p(evidence: str) -> float | None:
    """The p of evidence as a state keeps it, in JSON; None for anything else.

    Examples
    --------
    >>> evidence_p('{"p": 0.02, "checks": 4}'), evidence_p("{}"), evidence_p("[")
    (0.02, 1.0, None)
    """
    try:
        return msgspec.json.decode(evidence, type=_Strength).p
    except (msgspec.DecodeError, RecursionError):
        return None
