"""The dashboard's pages by their addresses: all models, one model, all checks, a stored report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

from driftloop.config.models import Model
from driftloop.dashboard.address import VERDICTS, Address
from driftloop.dashboard.chain import view_drift
from driftloop.dashboard.fleet import STATUSES, TONES, page_of, rows_of
from driftloop.dashboard.rendering import REPORT_HEADERS, render_page, security_headers
from driftloop.dashboard.source import Source
from driftloop.dashboard.timeline import (
    MOST_DRIFTS,
    PAGE,
    build_timeline,
    past_checks,
    read_page,
    shown_rarity,
    small_bar,
    view_check,
)
from driftloop.dashboard.todo import todo_of
from driftloop.errors import DriftloopError, InputError
from driftloop.events import InService
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.overview import Overview
from driftloop.report.charts.evidence import draw_bar, draw_history
from driftloop.report.words.language import Words

HTML = "text/html; charset=utf-8"
_CHECK_ID = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)


class Page(NamedTuple):
    """What a request is answered with."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    content_type: str = HTML


class Asked(NamedTuple):
    """One request: of what, for which page, in which language, when."""

    source: Source
    address: Address
    words: Words
    now: datetime


def answer(source: Source, parameters: Mapping[str, str], accept_language: str | None, now: datetime) -> Page:
    """The page that an address asks for.

    Parameters
    ----------
    source : where the data come from; nothing is written.
    parameters : of the address's query, as they came.
    accept_language : the header, or None.
    now : the present.

    Returns
    -------
    Page
        404 for what is not there, 503 where the ledger does not answer. Other errors than DriftloopError are raised.
    """
    address = Address(parameters, accept_language)
    asked = Asked(source, address, Words(address.language), now)
    try:
        return _answered(asked)
    except DriftloopError as error:
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), asked)


def _answered(asked: Asked) -> Page:
    source, address, words, _ = asked
    name = address.parameters.get("model")
    if name is None:
        feed = address.parameters.get("view") == "checks"
        return _checks(asked) if feed else _fleet(asked)
    model = next((model for model in source.config.models if model.name == name), None)
    if model is None:
        return _problem(HTTPStatus.NOT_FOUND, words("dashboard.no-model"), asked)
    report = address.parameters.get("report")
    if report is not None:
        return _report(asked, model, report)
    return _model(asked, model)


def _fleet(asked: Asked) -> Page:
    source, address, words, now = asked
    ledger = source.ledger
    rows = rows_of(source.config.models, ledger.overviews(), ledger.drifts(or_failed=True), source.schedule, now)
    shown = page_of(rows, address.parameters.get("status"), address.search, address.page)
    todo = todo_of(rows, source, words, now)
    bars = {row.name: _bar(row.overview.p, row.model.policy.evidence_level, words) for row in shown.rows}
    need = {todo.model for todo in todo.items if todo.model} | {row.name for row in rows if row.tone == "incident"}
    status = address.parameters.get("status")
    return _page(
        "fleet.html.j2",
        asked,
        shown=shown,
        todo=todo,
        bars=bars,
        statuses=STATUSES,
        tones=TONES,
        status=status if status in STATUSES else None,
        need=len(need),
        several=True,
    )


def _bar(p: float | None, alarm: float, words: Words) -> tuple[str, str]:
    """Evidence as a rarity and as a bar; both empty where there is none."""
    return ("", "") if p is None else (shown_rarity(p, words), small_bar(p, alarm, words))


def _model(asked: Asked, model: Model) -> Page:
    source, address, words, now = asked
    ledger, alarm = source.ledger, model.policy.evidence_level
    overviews = ledger.overviews(model.name)
    overview = overviews[0] if overviews else Overview(model=model.name)
    checks, older = read_page(ledger.checks(model.name, PAGE + 1, before=address.before, verdict=address.verdict))
    drifts = _drifts(source, model, overview, checks)
    (row,) = rows_of([model], [overview], drifts, source.schedule, now)
    in_service, damaged = _pointer(source, model)
    timeline = build_timeline(
        checks, older, drifts=drifts, in_service=in_service, address=address, alarm=alarm, words=words
    )
    past = past_checks(checks)
    return _page(
        "model.html.j2",
        asked,
        model=model,
        overview=overview,
        row=row,
        tones=TONES,
        in_service=in_service,
        damaged=damaged,
        timeline=timeline,
        todo=todo_of([row], source, words, now, known=True),
        drifts=[view_drift(drift, in_service, source.studio, words) for drift in reversed(drifts)],
        course=None if address.verdict else draw_history(past, alarm, words),
        seen=[verdict for verdict in VERDICTS if any(check.verdict == verdict for check in past)],
        p=overview.p,
        alarm=alarm,
        bar=None if overview.p is None else draw_bar(overview.p, alarm, words),
        verdicts=VERDICTS,
        several=False,
    )


def _pointer(source: Source, model: Model) -> tuple[InService | None, str | None]:
    """The version in service, and what is wrong with the file that names it."""
    try:
        return source.in_service(model.name), None
    except InputError as error:
        return None, str(error)


def _drifts(source: Source, model: Model, overview: Overview, checks: list[CheckRecord]) -> list[Drift]:
    """The drifts of a page, oldest first: the open ones, and those that its checks belong to."""
    found = {drift.drift_id: drift for drift in source.ledger.drifts(model.name, or_failed=True)}
    wanted = dict.fromkeys([overview.drift_id, *(check.drift_id for check in checks)])
    missing = [name for name in wanted if name and name not in found]
    for name in missing[:MOST_DRIFTS]:
        drift = source.ledger.drift(model.name, name)
        if drift is not None:
            found[name] = drift
    shown = [drift for name, drift in found.items() if name in wanted or not drift.state.closed]
    return sorted(shown, key=lambda drift: (drift.history[0].at.isoformat() if drift.history else "", drift.drift_id))


def _checks(asked: Asked) -> Page:
    source, address, words, _ = asked
    alarms = {model.name: model.policy.evidence_level for model in source.config.models}
    read = source.ledger.checks(None, PAGE + 1, before=address.before, verdict=address.verdict)
    checks, older = read_page(read)
    entries = [view_check(check, alarms.get(check.model, 1 / 1000), words) for check in checks]
    return _page("checks.html.j2", asked, entries=entries, older=older, verdicts=VERDICTS, known=set(alarms))


def _report(asked: Asked, model: Model, check_id: str) -> Page:
    source = asked.source
    check = source.ledger.check(check_id) if _CHECK_ID.fullmatch(check_id) else None
    stored = None if check is None or check.model != model.name else source.report(model.name, check_id)
    if stored is None:
        return _problem(HTTPStatus.NOT_FOUND, asked.words("dashboard.no-report"), asked)
    return Page(HTTPStatus.OK, stored, REPORT_HEADERS)


def _page(template: str, asked: Asked, **values: object) -> Page:
    body = render_page(template, asked.words, asked.now, address=asked.address, **values)
    return Page(HTTPStatus.OK, body.encode(), security_headers())


def _problem(status: HTTPStatus, text: str, asked: Asked) -> Page:
    body = render_page("problem.html.j2", asked.words, asked.now, address=asked.address, text=text, code=int(status))
    return Page(int(status), body.encode(), security_headers())
