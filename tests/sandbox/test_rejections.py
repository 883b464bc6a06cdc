"""What the loop's table says where a challenger was rejected."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from driftloop.ledger.drifts import DriftState
from driftloop.ledger.ledger import CheckRecord
from sandbox.loop import Loop, LoopError, _why_nothing
from sandbox.timeline import Timeline


def check(verdict: Any) -> CheckRecord:
    return CheckRecord(check_id="chk-000000000001", model="wine", at="2026-01-05T00:00:00Z", verdict=verdict)  # type: ignore[arg-type]


def loop(outcomes: dict[str, dict[str, Any]], drifts: list[Any]) -> tuple[Loop, io.StringIO]:
    """A loop whose services hold these outcomes of jobs, by the jobs' names, and these drifts."""
    said = io.StringIO()

    def blob(path: str) -> Any:
        name = path.removeprefix("jobs/").removesuffix(".json")
        content = json.dumps(outcomes.get(name)).encode()
        return SimpleNamespace(
            exists=lambda: outcomes.get(name) is not None,
            download_blob=lambda: SimpleNamespace(readall=lambda: content),
        )

    made: Any = object.__new__(Loop)
    made.rejected = {}
    made.world = SimpleNamespace(model="wine")
    made.timeline = Timeline(Console(file=said, width=200))
    made.ledger = SimpleNamespace(drifts=lambda model: drifts)
    made.services = SimpleNamespace(
        azure=SimpleNamespace(jobs=lambda: [{"name": name} for name in (*outcomes, "running")]),
        container=lambda name: SimpleNamespace(get_blob_client=blob),
    )
    return made, said


def test_each_reason_is_shown_once_and_a_promotion_has_none() -> None:
    rejected = {"registration": {"promoted": False}, "gate": {"reasons": ["not better (p = 0.4)", "hurts old"]}}
    promoted = {"registration": {"promoted": True}, "gate": {"reasons": []}}
    played, said = loop({"first": promoted, "second": rejected}, [])
    played._show_rejections()
    played._show_rejections()
    assert [line.strip() for line in said.getvalue().splitlines()] == [
        "challenger rejected: not better (p = 0.4)",
        "challenger rejected: hurts old",
    ]


def test_the_days_that_follow_say_why_nothing_is_started() -> None:
    note = "the run ended: rejected (not better (p = 0.4))"
    drift = SimpleNamespace(
        drift_id="drift-000000000001", state=DriftState.REJECTED, history=(SimpleNamespace(note=note),)
    )
    refused = loop({}, [drift])[0]._refused()
    assert refused == f"drift-000000000001: {note}"
    for verdict in ("stable", "drift"):
        assert _why_nothing(check(verdict), None, refused) == refused
    assert _why_nothing(check("drift"), "waits for labels", refused) == "held: waits for labels"
    assert _why_nothing(check("incident"), None, refused) == "alert: files quarantined, no retraining"
    drift.state = DriftState.PROMOTED
    assert loop({}, [drift])[0]._refused() is None
    assert loop({}, [])[0]._refused() is None
    assert _why_nothing(check("stable"), None, None) == "—"


def test_a_first_model_that_is_rejected_ends_the_loop_with_its_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model in service nothing is watched: the days that follow would show nothing."""
    rejected = {"registration": {"promoted": False}, "gate": {"reasons": ["not better than a constant answer"]}}
    played, _ = loop({"first": rejected}, [])
    run = SimpleNamespace(
        workflow=".github/workflows/train.yml", event="push", conclusion="success", jobs=[], folder=None
    )
    played.world.historic = lambda: pd.DataFrame({"x": [1.0]})  # type: ignore[method-assign]
    played.gates, played.deployments = {}, {}
    monkeypatch.setattr(played, "_upload", lambda *_: None)
    services: Any = played.services
    services.github = SimpleNamespace(push=lambda **_: [run], wait_idle=lambda: None)
    services.azure.models = services.azure.deployments = list
    with pytest.raises(LoopError, match=r"the first model is not promoted.*: not better than a constant answer"):
        played.first_model()
