"""Spans and metrics by OpenTelemetry, where the Functions worker has set an SDK up because an application setting says
so (docs/function-app.md, Telemetry). Without the setting nothing is imported and nothing is recorded.

What may be an attribute is listed here: identifiers, counts and words of ours. Texts of errors are not, because they
may quote what a file holds.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import azure.functions as func

# The worker's own: the first has it set up the Azure Monitor distribution, the second trusts the app with an SDK.
SETTINGS = ("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "PYTHON_ENABLE_OPENTELEMETRY")
NAME = "driftloop"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_passed_on: ContextVar[str | None] = ContextVar("traceparent", default=None)
_ATTRIBUTES = frozenset(
    {
        *("model", "check_id", "verdict", "rows", "files", "baseline_version"),
        *("drift_id", "state", "attempts", "final", "model_version"),
    }
)
# Event to counter, and what tells its data points apart beside the model.
_COUNTED: dict[str, tuple[str, dict[str, str]]] = {
    "check_finished": ("driftloop.checks", {}),
    "check_failed": ("driftloop.checks", {"verdict": "none: failed"}),
    "check_poisoned": ("driftloop.checks", {"verdict": "none: poisoned"}),
    "drift": ("driftloop.drifts", {"state": "found"}),
    "drift_closed": ("driftloop.drifts", {}),
    "incident": ("driftloop.incidents", {}),
    "overdue": ("driftloop.overdue", {}),
    "dispatch_sent": ("driftloop.dispatches", {"outcome": "sent"}),
    "dispatch_failed": ("driftloop.dispatches", {"outcome": "failed"}),
    "dispatch_uncertain": ("driftloop.dispatches", {"outcome": "uncertain"}),
    "retrain_failed": ("driftloop.retrains.failed", {}),
    "deployment_requested": ("driftloop.deployments", {"outcome": "requested"}),
    "deployment_skipped": ("driftloop.deployments", {"outcome": "skipped"}),
    "event_unreadable": ("driftloop.events.unreadable", {}),
    "alert_sent": ("driftloop.alerts", {"outcome": "sent"}),
    "alert_delayed": ("driftloop.alerts", {"outcome": "delayed"}),
    "alert_dropped": ("driftloop.alerts", {"outcome": "dropped"}),
}
_TELLING = ("model", "verdict", "state", "final", "receiver")
DURATION = "driftloop.check.duration"
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)  # seconds


def switched_on() -> bool:
    """An application setting asks for spans and metrics."""
    return any(os.environ.get(name, "").lower() in ("1", "true") for name in SETTINGS)


@contextmanager
def span(
    name: str, invocation: "func.Context | None" = None, *, asked_by: str | None = None, **attributes: Any
) -> Iterator[None]:
    """One piece of work, which continues the span that asked for it (`asked_by`), or the host's own of `invocation`.

    What the body raises passes through; the span keeps its type only.
    """
    if not switched_on():
        yield from _unrecorded(invocation, asked_by)
        return
    from opentelemetry import trace
    from opentelemetry.trace import StatusCode

    tracer = trace.get_tracer(NAME)
    with tracer.start_as_current_span(
        name,
        context=_continued(invocation, asked_by),
        attributes=_allowed(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def observe(event: str, fields: Mapping[str, Any]) -> None:
    """Counts an event of `function_app.telemetry.events`, and marks it in the span that is under way."""
    if not switched_on():
        return
    from opentelemetry import trace

    current = trace.get_current_span()
    current.add_event(event, _allowed(fields))
    if event == "check_finished":
        current.set_attributes(_allowed(fields))
    if event in _COUNTED:
        name, more = _COUNTED[event]
        telling = {key: fields[key] for key in _TELLING if fields.get(key) is not None}
        _counter(name).add(1, {**telling, **more})
    if event == "check_finished" and isinstance(fields.get("seconds"), float):
        _duration().record(fields["seconds"], {"verdict": str(fields.get("verdict"))})


@contextmanager
def unrecorded() -> Iterator[None]:
    """No library records a span of a request in here: its address is a password."""
    if not switched_on():
        yield
        return
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation, suppress_instrumentation

    with suppress_instrumentation(), suppress_http_instrumentation():
        yield


def traceparent() -> str | None:
    """What a queue message carries on: the span that is under way, or where none is recorded the one it would continue
    (W3C Trace Context).
    """
    if not switched_on():
        return _passed_on.get()
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _unrecorded(invocation: "func.Context | None", asked_by: str | None) -> Iterator[None]:
    """Without spans of our own the host's still hang together."""
    token = _passed_on.set(_parent(invocation, asked_by) or _passed_on.get())
    try:
        yield
    finally:
        _passed_on.reset(token)


def _parent(invocation: "func.Context | None", asked_by: str | None) -> str | None:
    # The worker attaches the host's context in its own thread, and functions run in others.
    found = asked_by or (None if invocation is None else invocation.trace_context.trace_parent)
    return found if found and _TRACEPARENT.fullmatch(found) else None


def _continued(invocation: "func.Context | None", asked_by: str | None) -> Any:
    parent = _parent(invocation, asked_by)
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    state = "" if asked_by or invocation is None else invocation.trace_context.trace_state or ""
    return TraceContextTextMapPropagator().extract({"traceparent": parent, "tracestate": state})


def _allowed(fields: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    return {
        name: value
        for name, value in fields.items()
        if name in _ATTRIBUTES and isinstance(value, str | int | float | bool)
    }


@cache
def _counter(name: str) -> Any:
    from opentelemetry import metrics

    return metrics.get_meter(NAME).create_counter(name)


@cache
def _duration() -> Any:
    from opentelemetry import metrics

    return metrics.get_meter(NAME).create_histogram(
        DURATION,
        unit="s",
        description="one check, from its start to the ledger",
        explicit_bucket_boundaries_advisory=BUCKETS,
    )
