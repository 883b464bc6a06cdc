"""What the version before wrote is still read: ledger rows, the states inside them, and a baseline.

`earlier_version/` was written by commit 086eeff, before rows and statistics got their present names: every field is
filled, the evidence has raised an alarm, and all values are drawn at random.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Evidence, Policy, Window
from driftloop.ledger.drifts import Drift, DriftState, transition
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import ModelState
from driftloop.sequential import model_error
from driftloop.sequential.evidence import update
from driftloop.sequential.model_error import ErrorMoments, Performance

FOLDER = Path(__file__).parent / "earlier_version"
ROWS: dict[str, Any] = json.loads((FOLDER / "ledger_rows.json").read_text())
POLICY = Policy(budget=10)


def baseline() -> Baseline:
    return Baseline.from_bytes((FOLDER / "baseline.parquet").read_bytes())


def decoded(name: str, kind: type[Any]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(ROWS[name]), type=kind)


def part(now: Any, then: Any) -> Any:
    """What there is now of the fields that there were then; later fields are left out, at every depth."""
    if isinstance(then, dict) and isinstance(now, dict):
        return {key: part(now[key], value) for key, value in then.items() if key in now}
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [part(one, other) for one, other in zip(now, then, strict=True)]
    return now


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("state", ModelState),
        ("drift", Drift),
        ("closed_drift", Drift),
        ("check", CheckRecord),
        ("accepted_evidence", Evidence),
        ("holdout_errors", ErrorMoments),
    ],
)
def test_a_row_is_read_and_nothing_in_it_is_lost(name: str, kind: type[Any]) -> None:
    assert part(json.loads(msgspec.json.encode(decoded(name, kind))), ROWS[name]) == ROWS[name]


def test_a_drift_goes_on_from_where_it_stood() -> None:
    drift = decoded("drift", Drift)
    assert drift.state is DriftState.CONFIRMED
    closed = transition(drift, DriftState.PROMOTED, drift.history[-1].at, "promoted")
    assert len(closed.history) == 5
    assert decoded("closed_drift", Drift).state.closed


def test_a_baseline_is_read_and_has_the_same_name() -> None:
    assert baseline().sha256 == decoded("state", ModelState).baseline_sha256
    assert [column.name for column in baseline().schema.columns] == ["x", "g", "at"]
    assert baseline().profile.rows == 60


def test_evidence_goes_on_with_the_next_window_as_the_earlier_version_would_have() -> None:
    """That version's answer was 2.03e-5; its tails were approximations, within a few per cent of what they are now."""
    evidence = msgspec.json.decode(decoded("state", ModelState).evidence, type=Evidence)
    assert (evidence.checks, evidence.alarm, evidence.baseline) == (3, True, baseline().sha256)
    at = [datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)] * 30
    table = pa.table({"x": np.linspace(-2, 3, 30), "g": ["a", "b", "b"] * 10, "at": pa.array(at)})
    window = Window.build(table, baseline().schema)
    after = update(evidence, baseline(), window, None, window_id="w9", since=None, policy=POLICY)
    assert (after.checks, after.epoch, after.feature, after.windows) == (4, 0, "x scale", 2), "not started again"
    assert after.p == pytest.approx(2.0347681e-05, rel=0.05)


def test_an_accepted_regime_and_the_models_performance_go_on_too() -> None:
    accepted = decoded("accepted_evidence", Evidence)
    assert accepted.accepted.recent.variance.min() >= 0
    assert len(accepted.accepted.block.unpacked.rows) == len(accepted.accepted.recent.variance)
    performance = msgspec.json.decode(decoded("state", ModelState).performance, type=Performance)
    assert (performance.checks, performance.p) == (2, pytest.approx(1.957282632e-03))
    after = model_error.update(
        performance,
        decoded("holdout_errors", ErrorMoments),
        ErrorMoments.of([3.0] * 30),
        baseline=baseline().sha256,
        window_id="l2",
        since=None,
        last="2026-11-14",
        policy=POLICY,
    )
    assert (after.checks, sum(block.windows for block in after.blocks)) == (3, 3)
