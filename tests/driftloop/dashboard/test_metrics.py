"""The metrics: both texts are read by Prometheus' own parsers, and Grafana's file asks for what is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from driftloop.dashboard.metrics import HELP, OPEN_METRICS, PROMETHEUS, metrics_answer
from driftloop.errors import LedgerError
from tests.driftloop.dashboard.scene import EVIL, NOW, FileSource, hostile, whole

GRAFANA = Path(__file__).resolve().parents[3] / "docs" / "grafana-dashboard.json"
ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FileSource:
    return whole(tmp_path_factory.mktemp("whole"))


def samples(source: Any, accept: str | None = None) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = metrics_answer(source, accept, NOW)
    assert found.status == 200
    parse = open_metrics if found.content_type == OPEN_METRICS else prometheus
    families = list(parse(found.body.decode()))
    assert [family.name for family in families] == list(HELP)
    assert {family.type for family in families} == {"gauge"}
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return (f"driftloop_{name}", frozenset(labels.items()))


@pytest.mark.parametrize("accept", [None, "*/*", ACCEPT])
def test_the_official_parser_reads_what_the_list_of_models_shows(source: FileSource, accept: str | None) -> None:
    found = samples(source, accept)

    assert found[labelled("models")] == 9
    assert found[labelled("model_status", model="no-show", status="overdue")] == 1
    assert labelled("model_status", model="no-show", status="stable") not in found
    assert found[labelled("check_overdue", model="no-show")] == 1
    assert found[labelled("check_failing", model="bed-demand")] == 1
    assert found[labelled("evidence_p", model="no-show")] == 0.03
    assert found[labelled("evidence_towards_alarm_ratio", model="icu-mortality")] == 1.25
    assert found[labelled("drift_open", model="icu-mortality", state="held")] == 1
    assert labelled("drift_open", model="icu-mortality", state="sent") not in found
    assert found[labelled("model_info", model="diabetes-progression", version="4")] == 1
    assert labelled("evidence_p", model="medication-dose") not in found


def test_each_scraper_gets_the_text_that_it_asks_for(source: FileSource) -> None:
    assert metrics_answer(source, ACCEPT, NOW).content_type == OPEN_METRICS
    assert metrics_answer(source, ACCEPT, NOW).body.endswith(b"\n# EOF\n")
    assert metrics_answer(source, "text/plain", NOW).content_type == PROMETHEUS
    assert b"EOF" not in metrics_answer(source, None, NOW).body


def test_names_that_end_a_label_stay_in_it(tmp_path: Path) -> None:
    source = hostile(tmp_path)
    source.add('quote " backslash \\ line\nend')
    for accept in (None, ACCEPT):
        names = {dict(labels).get("model") for _, labels in samples(source, accept)} - {None}
        assert names == {model.name for model in source.models}
        assert EVIL in names


def test_a_ledger_that_does_not_answer_fails_the_scrape(source: FileSource) -> None:
    class Silent:
        def __getattr__(self, name: str) -> Any:
            raise LedgerError("table storage refused")

    assert metrics_answer(FileSource(Silent(), source.models), None, NOW).status == 503  # type: ignore[arg-type]


def test_grafana_asks_for_metrics_and_labels_that_are_there(source: FileSource) -> None:
    found = samples(source)
    known = {name: set() for name in HELP} | {}
    for name, labels in found:
        known[name] |= {label for label, _ in labels}
    board = json.loads(GRAFANA.read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    asked += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]

    assert len(asked) >= 8
    for expression in asked:
        names = re.findall(r"driftloop_\w+", expression)
        assert names, expression
        assert [name for name in names if name not in known] == [], expression
        labels = set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression)) | {
            label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")
        }
        assert labels <= set().union(*(known[name] for name in names)), expression
    assert {name for expression in asked for name in re.findall(r"driftloop_\w+", expression)} >= {
        "driftloop_model_status", "driftloop_evidence_towards_alarm_ratio", "driftloop_last_check_timestamp_seconds",
        "driftloop_drift_open", "driftloop_model_info",
    }  # fmt: skip
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert board["uid"] == "driftloop"
