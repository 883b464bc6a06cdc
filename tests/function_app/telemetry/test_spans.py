"""Spans and metrics as the real OpenTelemetry SDK exports them, and what must never be in one."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.telemetry import spans
from function_app.telemetry.events import Event, emit
from sandbox.functions_host.invoking import _Context, _TraceContext

ROOT = Path(__file__).resolve().parents[3]
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
INVOCATION: Any = _Context("check_model", "1", _TraceContext(f"00-{TRACE}-{PARENT}-01"))
PATIENT = "Mrs-Hidden-Patient"


@dataclass(frozen=True)
class Exported:
    """What an exporter would have sent."""

    spans: InMemorySpanExporter
    reader: InMemoryMetricReader

    def span(self, name: str) -> ReadableSpan:
        return [span for span in self.spans.get_finished_spans() if span.name == name][-1]

    def points(self, name: str, model: str | None = None) -> list[Any]:
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if model is None or point.attributes.get("model") == model
        ]

    def text(self) -> str:
        spans = "\n".join(span.to_json() for span in self.spans.get_finished_spans())
        data = self.reader.get_metrics_data()
        return spans + (data.to_json() if data else "")


@pytest.fixture(scope="module")
def sdk() -> Exported:
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return Exported(spans, reader)


@pytest.fixture
def exported(sdk: Exported, monkeypatch: pytest.MonkeyPatch) -> Exported:
    monkeypatch.setenv("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "true")
    sdk.spans.clear()
    return sdk


def test_a_check_continues_the_hosts_trace_and_says_what_it_found(exported: Exported, clinic: Any) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(200))
    with spans.span("driftloop.check", INVOCATION):
        check = clinic.check()

    span = exported.span("driftloop.check")
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.attributes is not None
    assert {"model": clinic.name, "check_id": check.check_id, "verdict": "stable", "rows": 200, "files": 1}.items() <= (
        span.attributes.items()
    )
    (counted,) = exported.points("driftloop.checks", clinic.name)
    assert (counted.value, counted.attributes["verdict"]) == (1, "stable")
    (durations,) = [p for p in exported.points(spans.DURATION) if p.attributes["verdict"] == "stable"]
    assert durations.count >= 1
    assert tuple(durations.explicit_bounds) == spans.BUCKETS


def test_dispatch_and_confirmation_are_spans_within_the_check(exported: Exported, clinic: Any) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(200, shift=2.0))
    with spans.span("driftloop.check", INVOCATION):
        clinic.check()

    whole = exported.span("driftloop.check")
    for name in ("driftloop.dispatch", "driftloop.confirmation"):
        span = exported.span(name)
        assert span.parent is not None
        assert span.parent.span_id == whole.context.span_id
        assert span.attributes is not None
        assert span.attributes["drift_id"] == clinic.drift().drift_id
    (sent,) = exported.points("driftloop.dispatches", clinic.name)
    assert (sent.value, sent.attributes["outcome"]) == (1, "sent")
    (found,) = exported.points("driftloop.drifts", clinic.name)
    assert (found.value, found.attributes["state"]) == (1, "found")


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(DispatchRefusedError("Bad credentials ghp_0123"), "failed"), (DispatchUncertainError("cut"), "uncertain")],
)
def test_a_dispatch_that_failed_is_counted_so_and_its_span_is_an_error(
    exported: Exported, clinic: Any, failure: Exception, outcome: str
) -> None:
    clinic.target.failures = [failure]
    clinic.deploy()
    clinic.land(clinic.rows(200, shift=2.0))
    clinic.check()

    span = exported.span("driftloop.dispatch")
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, type(failure).__name__)
    assert [point.attributes["outcome"] for point in exported.points("driftloop.dispatches", clinic.name)] == [outcome]
    assert "ghp_0123" not in exported.text()


def test_no_value_of_a_record_and_no_text_of_an_error_leaves_in_a_span_or_metric(
    exported: Exported, clinic: Any
) -> None:
    clinic.deploy()
    clinic.land(f"id,at,bmi,sex\n1,2026-01-01,{PATIENT},{PATIENT}\n".encode() * 50, "odd.csv")
    clinic.land(f'{{"id": "{PATIENT}", "bmi": {{"{PATIENT}": 1}}}}\n{PATIENT}\n'.encode() * 50, "odd.jsonl")
    with spans.span("driftloop.check", INVOCATION):
        check = clinic.check()
    with pytest.raises(ValueError, match=PATIENT), spans.span("driftloop.check", INVOCATION):
        raise ValueError(f"could not convert {PATIENT}")

    assert check.verdict == "incident"
    assert exported.points("driftloop.incidents", clinic.name)
    assert "ValueError" in exported.text()
    assert PATIENT not in exported.text()


def test_every_event_is_counted_or_only_marked() -> None:
    marked = {"drift_moved", "event_ignored", "deployed", "alert_failed", "page_failed"}
    marked |= {"common_cause", "common_cause_released"}
    assert set(spans._COUNTED) | marked == set(get_args(Event))


def test_an_event_keeps_its_identifiers_and_loses_its_texts(exported: Exported) -> None:
    with spans.span("driftloop.check", INVOCATION):
        emit("incident", model="m", check_id="chk-1", reasons=(PATIENT,), quarantined=(PATIENT,))

    (marked,) = exported.span("driftloop.check").events
    assert (marked.name, dict(marked.attributes or {})) == ("incident", {"model": "m", "check_id": "chk-1"})


@pytest.mark.parametrize(("setting", "imported"), [({}, False), ({"PYTHON_ENABLE_OPENTELEMETRY": "true"}, True)])
def test_without_the_setting_opentelemetry_is_not_even_imported(setting: dict[str, str], imported: bool) -> None:
    code = """
import json, sys
import function_app
from function_app.telemetry.spans import span
from function_app.telemetry.events import emit
with span("driftloop.check"):
    emit("check_finished", model="m", verdict="stable", seconds=0.5)
print(json.dumps(any(name.partition(".")[0] == "opentelemetry" for name in sys.modules)))
"""
    environment = {"PATH": os.environ["PATH"], **setting}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )

    assert json.loads(done.stdout) is imported
