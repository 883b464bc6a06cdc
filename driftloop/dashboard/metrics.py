"""The state of all models as metrics: OpenMetrics 1.0, or Prometheus' older text for who asks for that.

Gauges alone: each says what is so now, so that a scrape that is missed loses nothing. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus

from driftloop.dashboard.fleet import ModelRow, rows_of
from driftloop.dashboard.pages import Page
from driftloop.dashboard.source import Source
from driftloop.dashboard.todo import held_by
from driftloop.errors import DriftloopError
from driftloop.ledger.drifts import DriftState
from driftloop.wording.number_formats import towards_alarm

METRICS = "/metrics"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
HELP = {
    "driftloop_model_status": "1 for the status that the model has; the others are absent.",
    "driftloop_model_info": "The version of the model that the last check compared with.",
    "driftloop_last_check_timestamp_seconds": "When the last check of the model ended.",
    "driftloop_check_overdue": "1 where a tick of the schedule has passed without a check.",
    "driftloop_check_failing": "1 where the last check did not end.",
    "driftloop_evidence_p": "How often evidence this strong is seen without drift, as a probability.",
    "driftloop_alarm_p": "At or below which p evidence raises an alarm.",
    "driftloop_evidence_towards_alarm_ratio": "How far the evidence has come: 0 none, 1 the alarm line, at most 1.25.",
    "driftloop_drift_open": "1 for the state of the model's open drift.",
    "driftloop_drift_since_timestamp_seconds": "When the open drift was found.",
    "driftloop_common_cause_waiting_models": "Models whose retrains wait for a person to release their common cause.",
    "driftloop_models": "Models that are watched.",
}
"""Name and explanation of each metric, in the order of the answer."""
_Sample = tuple[dict[str, str], float]


def metrics_answer(source: Source, accept: str | None, now: datetime) -> Page:
    """The answer to a scrape.

    Parameters
    ----------
    source : where the data come from.
    accept : the header: which of the two texts is wanted.
    now : the present.

    Returns
    -------
    Page
        503 with one line where the ledger does not answer: a scrape that fails is seen, an empty one is not.
    """
    is_open = "application/openmetrics-text" in (accept or "")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    try:
        ledger = source.ledger
        rows = rows_of(source.config.models, ledger.overviews(), ledger.drifts(open_only=True), source.schedule, now)
    except DriftloopError as error:
        return Page(int(HTTPStatus.SERVICE_UNAVAILABLE), f"{error}\n".encode(), headers, "text/plain; charset=utf-8")
    body = render_metrics(rows) + ("# EOF\n" if is_open else "")
    return Page(int(HTTPStatus.OK), body.encode(), headers, OPEN_METRICS if is_open else PROMETHEUS)


def render_metrics(rows: Sequence[ModelRow]) -> str:
    """The text of all metrics without an end mark, which only OpenMetrics has.

    Parameters
    ----------
    rows : a model each.
    """
    samples: dict[str, list[_Sample]] = {name: [] for name in HELP}
    for row in rows:
        for name, labels, value in _samples(row):
            samples[name].append(({"model": row.name, **labels}, value))
    waiting = [row for row in rows if row.drift and row.drift.state is DriftState.HELD and held_by(row.drift)]
    samples["driftloop_common_cause_waiting_models"] = [({}, float(len(waiting)))]
    samples["driftloop_models"] = [({}, float(len(rows)))]
    lines: list[str] = []
    for name, found in samples.items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(labels)} {value!r}" for labels, value in found]
    return "\n".join(lines) + "\n"


def _samples(row: ModelRow) -> Iterator[tuple[str, dict[str, str], float]]:
    overview, alarm = row.overview, row.model.policy.evidence_level
    # One series for each model, not eight: for a thousand models a scrape of 0.5 MB in place of 1 MB.
    yield "driftloop_model_status", {"status": row.status}, 1.0
    if overview.version is not None:
        yield "driftloop_model_info", {"version": overview.version}, 1.0
    if overview.checked_at is not None:
        yield "driftloop_last_check_timestamp_seconds", {}, overview.checked_at.timestamp()
    yield "driftloop_check_overdue", {}, float(row.due_since is not None)
    yield "driftloop_check_failing", {}, float(bool(overview.error))
    yield "driftloop_alarm_p", {}, alarm
    if overview.p is not None:
        yield "driftloop_evidence_p", {}, overview.p
        yield "driftloop_evidence_towards_alarm_ratio", {}, towards_alarm(overview.p, alarm)
    if row.drift is not None and not row.drift.state.closed:
        yield "driftloop_drift_open", {"state": str(row.drift.state)}, 1.0
        if row.drift.history:
            yield "driftloop_drift_since_timestamp_seconds", {}, row.drift.history[0].at.timestamp()


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
