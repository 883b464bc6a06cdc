"""Spans and metrics by OpenTelemetry, where the Functions worker has set an SDK up because an application setting says
so (docs/function-app.md, Telemetry). Without the setting nothing is imported and nothing is recorded.

What may be an attribute is listed here: identifiers, counts and words of ours. Texts of errors are not, because they
may quote what a file holds.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import azure.functions as func

# The worker's own: the first has it set up the Azure Monitor distribution, the second trusts the app with an SDK.
SETTINGS = ("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "PYTHON_ENABLE_OPENTELEMETRY")
NAME = "driftloop"
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
}
_TELLING = ("model", "verdict", "state", "final")
DURATION = "driftloop.check.duration"
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)  # seconds


def switched_on() -> bool:
    """An application setting asks for spans and metrics."""
    return any(os.environ.get(name, "").lower() in ("1", "true") for name in SETTINGS)


@contextmanager
def span(name: str, invocation: "func.Context | None" = None, **attributes: Any) -> Iterator[None]:
    """One piece of work; `invocation`, where it is given, is what it continues: the host's own span.

    What the body raises passes through; the span keeps its type only.
    """
    if not switched_on():
        yield
        return
    from opentelemetry import trace
    from opentelemetry.trace import StatusCode

    tracer = trace.get_tracer(NAME)
    with tracer.start_as_current_span(
        name,
        context=_continued(invocation),
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


def _continued(invocation: "func.Context | None") -> Any:
    # The worker attaches the host's context in its own thread, and functions run in others.
    parent = None if invocation is None else invocation.trace_context.trace_parent
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {"traceparent": parent, "tracestate": invocation.trace_context.trace_state or ""}  # type: ignore[union-attr]
    return TraceContextTextMapPropagator().extract(carrier)


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
