"""A drift and what came of it: drift, run, job, gate, model, deployment, each with where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

import msgspec

from driftloop.events import InService
from driftloop.ledger.drifts import Drift, DriftState
from driftloop.report.words.language import Sentence, Words
from driftloop.times import format_time
from driftloop.wording.measures import LOSS_MEASURES, SUMMARIES
from driftloop.wording.number_formats import format_error, with_p

Stand = Literal["done", "now", "bad", "open"]
"""Of a link of the chain: done, being worked at, ended badly, not reached."""
_WAITING = (DriftState.HELD, DriftState.CLAIMED)
_TONES = {DriftState.PROMOTED: "stable", DriftState.FAILED: "incident"}
"""Of closed drifts; a rejection is an answer, and no failure."""


@dataclass(frozen=True)
class Link:
    """One link of the chain: what it is, how it stands, what is known of it, where it is seen, and more about it."""

    kind: str
    stand: Stand
    text: str
    url: str | None = None
    about: str = ""


@dataclass(frozen=True)
class StepView:
    """A line of a drift's history."""

    at: str
    state: str
    note: Sentence


@dataclass(frozen=True)
class DriftView:
    """A drift as a card: its links, and its history from the beginning."""

    drift_id: str
    state: str
    tone: str
    reason: str
    found_at: str
    check_id: str
    last_note: Sentence
    links: tuple[Link, ...]
    history: tuple[StepView, ...]


class _Over(msgspec.Struct, frozen=True):
    p_value: float | None = None


class _Gate(msgspec.Struct, frozen=True):
    """What is shown of the gate's decision; a file from outside may hold anything."""

    promoted: bool = False
    loss: str = ""
    n: int = 0
    challenger: dict[str, float | None] = {}
    champion: dict[str, float | None] | None = None
    over_champion: _Over | None = None


def view_drift(drift: Drift, in_service: InService | None, studio: str | None, words: Words) -> DriftView:
    """The card of a drift.

    Parameters
    ----------
    drift : of the ledger.
    in_service : the version that takes all traffic now; None before the first deployment.
    studio : the workspace where jobs and models are looked at.
    words : of the reader's language.
    """
    history = tuple(
        StepView(format_time(step.at), words.known("state", str(step.state)), words.sentence(step.note))
        for step in drift.history
    )
    return DriftView(
        drift_id=drift.drift_id,
        state=words.known("state", str(drift.state)),
        tone=_TONES.get(drift.state, "insufficient") if drift.state.closed else "drift",
        reason=words.known("verdict", drift.reason),
        found_at=history[0].at if history else "",
        check_id=drift.check_id,
        last_note=history[-1].note if history else Sentence("", words.language),
        links=_links(drift, in_service, studio, words),
        history=history,
    )


def _links(drift: Drift, in_service: InService | None, studio: str | None, words: Words) -> tuple[Link, ...]:
    ended = drift.state in (DriftState.PROMOTED, DriftState.REJECTED)
    never = drift.state is DriftState.SUPERSEDED
    found = Link("drift", "done", drift.drift_id, about=words("chain.since", since=drift.since[:16].replace("T", " ")))
    return (
        found,
        _run(drift, ended, never, words),
        _job(drift, studio, words),
        _gate(drift, words),
        _model(drift, studio, words),
        _deployment(drift, in_service, words),
    )


def _run(drift: Drift, ended: bool, never: bool, words: Words) -> Link:
    again = words("chain.tries", count=drift.attempts + 1) if drift.attempts else ""
    if drift.run_id or drift.run_url:
        failed = drift.state is DriftState.FAILED
        stand: Stand = "bad" if failed else "done" if ended else "now"
        return Link("run", stand, drift.run_id or words("chain.run"), drift.run_url, again)
    if ended:
        return Link("run", "done", words("chain.by-hand"))
    if drift.state is DriftState.FAILED:
        return Link("run", "bad", words("chain.no-run"), about=again)
    waits = words("chain.waits") if drift.state in _WAITING else words("chain.asked")
    return Link("run", "open" if never else "now", words("chain.never") if never else waits, about=again)


def _job(drift: Drift, studio: str | None, words: Words) -> Link:
    if drift.job:
        return Link("job", "done", drift.job, _studio(studio, f"runs/{quote(drift.job, safe='')}"))
    running = drift.state is DriftState.CONFIRMED
    return Link("job", "now" if running else "open", words("chain.running") if running else "–")


def _gate(drift: Drift, words: Words) -> Link:
    about = describe_gate(drift.gate, words)
    if drift.state is DriftState.PROMOTED:
        return Link("gate", "done", words("chain.better"), about=about)
    if drift.state is DriftState.REJECTED:
        return Link("gate", "bad", words("chain.not-better"), about=about)
    return Link("gate", "open", "–", about=about)


def _model(drift: Drift, studio: str | None, words: Words) -> Link:
    if drift.model_version:
        url = _studio(studio, f"model/{quote(drift.model, safe='')}:{quote(drift.model_version, safe='')}/details")
        return Link("model", "done", words("page.version", version=drift.model_version), url)
    kept = drift.state is DriftState.REJECTED
    return Link("model", "open", words("chain.kept", version=drift.baseline_version) if kept else "–")


def _deployment(drift: Drift, in_service: InService | None, words: Words) -> Link:
    if not drift.model_version or drift.state is not DriftState.PROMOTED:
        return Link("deployment", "open", "–")
    if in_service is not None and in_service.version == drift.model_version:
        since = (in_service.deployed_at or "")[:16].replace("T", " ")
        slot = in_service.deployment or words("chain.deployed")
        return Link("deployment", "done", slot, about=words("chain.all-traffic", since=since))
    if in_service is not None and in_service.deployed_at and in_service.drift_id != drift.drift_id:
        return Link("deployment", "done", words("chain.replaced", version=in_service.version))
    return Link("deployment", "now", words("chain.on-its-way"))


def describe_gate(gate: dict[str, Any] | None, words: Words) -> str:
    """The gate's numbers in a line; nothing where they cannot be read.

    Examples
    --------
    >>> decided = {"loss": "squared", "n": 78, "challenger": {"rmse": 67.0}, "champion": {"rmse": 72.0}}
    >>> describe_gate({**decided, "over_champion": {"p_value": 0.27}}, Words("en"))
    'RMSE 67 against 72, 78 records, p = 0.27'
    """
    if gate is None:
        return ""
    try:
        found = msgspec.convert(gate, _Gate)
    except (msgspec.ValidationError, RecursionError):
        return ""
    measure = LOSS_MEASURES.get(found.loss, "")
    challenger, champion = found.challenger.get(measure), (found.champion or {}).get(measure)
    if challenger is None:
        return ""
    key = "chain.gate-first" if champion is None else "chain.gate"
    said = words(
        key,
        measure=SUMMARIES.get(found.loss, ""),
        challenger=format_error(challenger),
        champion="" if champion is None else format_error(champion),
        records=f"{found.n:,}",
    )
    p = None if found.over_champion is None else found.over_champion.p_value
    return said if p is None else f"{said}, {with_p(p)}"


def _studio(studio: str | None, path: str) -> str | None:
    if studio is None:
        return None
    return f"https://ml.azure.com/{path}?" + urlencode({"wsid": studio})
