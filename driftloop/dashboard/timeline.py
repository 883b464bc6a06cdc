"""What happened to a model, the newest first: checks, what drifts started, which version took over.

A page is a page of checks; everything else is placed among them by its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from driftloop.dashboard.address import Address, written
from driftloop.events import InService
from driftloop.impact.impact import ESTIMATED
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.overview import Position
from driftloop.report.charts.evidence import draw_bar
from driftloop.report.context import PastCheck
from driftloop.report.words.language import Sentence, Words
from driftloop.times import format_time, parse_time
from driftloop.wording.number_formats import PLENTY

PAGE = 30
"""Checks on a page: a month of days."""
MOST_DRIFTS = 8
"""Cards of drifts on a page of 30 checks: each is read by itself."""
MOST_REASONS = 3


@dataclass(frozen=True)
class CheckView:
    """A check in the list."""

    check_id: str
    model: str
    at: str
    verdict: str
    rows: str
    rarity: str
    bar: str
    reasons: tuple[Sentence, ...]
    more_reasons: int
    quarantined: tuple[str, ...]
    drift_id: str | None
    degraded: bool
    has_report: bool
    version: str | None
    kind: str = "check"


@dataclass(frozen=True)
class EventView:
    """What happened between checks: a step of a drift, or a version that took over."""

    kind: str
    at: str
    text: str
    note: Sentence | None = None
    drift_id: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Timeline:
    """One page: its entries, newest first, and where the older ones begin; `older` is None on the last page."""

    entries: tuple[CheckView | EventView, ...]
    older: str | None


def p_of(check: CheckRecord) -> float | None:
    """The p of a check's evidence; None where it has none."""
    told = check.verdict in ("stable", "drift") and check.evidence is not None
    return 1 - (check.evidence or 0.0) if told else None


def past_checks(checks: Sequence[CheckRecord]) -> tuple[PastCheck, ...]:
    """Checks, newest first, as the picture of the evidence takes them."""
    return tuple(PastCheck(format_time(check.at)[:10], check.verdict, p_of(check)) for check in reversed(checks))


def shown_rarity(p: float, words: Words) -> str:
    """How rare evidence is without drift, for a column whose title says of what."""
    return words("rarity.most") if p * PLENTY > 1 else words.short_rarity(p)


def small_bar(p: float, alarm: float, words: Words) -> str:
    """The report's bar towards the alarm line for a column of a list: as high as its line, whatever its width."""
    return draw_bar(p, alarm, words).replace("<svg ", '<svg preserveAspectRatio="none" ', 1)


def view_check(check: CheckRecord, alarm: float, words: Words) -> CheckView:
    """A check as a line of a list.

    Parameters
    ----------
    check : of the ledger.
    alarm : the p of the model's alarm line.
    words : of the reader's language.
    """
    p, shown = p_of(check), _reasons(check.reasons)
    return CheckView(
        check_id=check.check_id,
        model=check.model,
        at=format_time(check.at),
        verdict=check.verdict,
        rows=words("page.records", count=f"{check.rows:,}"),
        rarity="" if p is None else shown_rarity(p, words),
        bar="" if p is None else small_bar(p, alarm, words),
        reasons=tuple(words.sentence(reason) for reason in shown),
        more_reasons=len(check.reasons) - len(shown),
        quarantined=check.quarantined,
        drift_id=check.drift_id,
        degraded=check.degraded,
        has_report=check.report is not None and check.report.endswith(".html"),
        version=check.baseline_version,
    )


def _reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """The first ones, and what is estimated of the model's error, wherever it stands: what people ask after a drift."""
    return (*reasons[:MOST_REASONS], *(each for each in reasons[MOST_REASONS:] if each.startswith(ESTIMATED)))


def read_page(read: Sequence[CheckRecord]) -> tuple[list[CheckRecord], str | None]:
    """The checks of a page, of which one more than a page was read, and where the older ones begin."""
    checks = list(read[:PAGE])
    if len(read) <= PAGE:
        return checks, None
    return checks, written(Position(checks[-1].at, checks[-1].check_id))


def build_timeline(
    checks: Sequence[CheckRecord],
    older: str | None,
    *,
    drifts: Sequence[Drift],
    in_service: InService | None,
    address: Address,
    alarm: float,
    words: Words,
) -> Timeline:
    """The entries of a page of a model's checks.

    Parameters
    ----------
    checks : of the page, newest first.
    older : where the next page begins.
    drifts : those that the page's checks belong to.
    in_service : the version that takes all traffic.
    address : of the page: one that begins in the past shows nothing newer, one with a filter checks alone.
    alarm : the p of the model's alarm line.
    words : of the reader's language.
    """
    entries: list[CheckView | EventView] = [view_check(check, alarm, words) for check in checks]
    if address.verdict is None:
        first = checks[-1].at if checks and older else None
        last = checks[0].at if checks and address.before else None
        events = [*_steps(drifts, words), *_versions(checks, in_service, words)]
        entries += [event for event in events if _within(event.at, first, last)]
    return Timeline(tuple(sorted(entries, key=_placed, reverse=True)), older)


def _placed(entry: CheckView | EventView) -> tuple[datetime, int]:
    """By time; at one moment a version takes over, a check compares with it, and the drift begins that it found."""
    return parse_time(entry.at), {"deployed": 0, "check": 1}.get(entry.kind, 2)


def _within(at: str, first: datetime | None, last: datetime | None) -> bool:
    moment = parse_time(at)
    return (first is None or moment >= first) and (last is None or moment <= last)


def _steps(drifts: Sequence[Drift], words: Words) -> list[EventView]:
    """What changed a drift's state; notes in between stand on its card."""
    found = []
    for drift in drifts:
        before = None
        for step in drift.history:
            if step.state != before and str(step.state) != "claimed":
                text = words("timeline.drift", state=words.known("state", str(step.state)))
                note = words.sentence(step.note)
                shown = None if step.note in (str(step.state), "found") else note
                url = drift.run_url if str(step.state) == "confirmed" else None
                found.append(EventView(str(step.state), format_time(step.at), text, shown, drift.drift_id, url))
            before = step.state
    return found


def _versions(checks: Sequence[CheckRecord], in_service: InService | None, words: Words) -> list[EventView]:
    """When another version took over: as its deployment says, else as the checks show it."""
    found = []
    said = None
    if in_service is not None and in_service.deployed_at:
        said = in_service.version
        text = words("timeline.deployed", version=said, deployment=in_service.deployment or "–")
        found.append(EventView("deployed", format_time(parse_time(in_service.deployed_at)), text))
    known = [check for check in checks if check.baseline_version is not None]
    for newer, before in pairwise(known):
        if newer.baseline_version not in (before.baseline_version, said):
            text = words("timeline.version", version=newer.baseline_version)
            found.append(EventView("deployed", format_time(newer.at), text))
    return found
