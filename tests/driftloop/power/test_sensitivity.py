"""What is said to be found is found by the engine itself, and what is said to be needed is enough."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Evidence, InputError, Policy, Schema, Window, check
from driftloop.power.detectable import CHECKS
from driftloop.power.planted import Change
from driftloop.power.sensitivity import estimate_power, first_alarms


def reference(rows: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table({"height": rng.normal(170, 8, rows).round(1), "ward": rng.choice(["a", "b", "c"], rows)})


def test_the_engine_finds_what_is_said_to_be_found_and_half_of_it_less_often() -> None:
    baseline = Baseline.build(reference(300))
    power = estimate_power(baseline, 40, scale=0.5)
    (shift,) = (each for each in power.detectable if each.change is Change.SHIFT)
    size = shift.smallest[CHECKS.index(4)]
    assert size is not None

    def share_found(moved: float) -> float:
        hits = 0
        for series in range(40):
            rng = np.random.default_rng([3, series])
            drawn, evidence = Baseline.build(reference(300, seed=100 + series)), Evidence()
            for _ in range(4):
                heights = rng.normal(170 + moved * 8, 8, 40).round(1)
                window = Window.build(pa.table({"height": heights, "ward": rng.choice(["a", "b", "c"], 40)}))
                result = check(drawn, window, Policy(), evidence)
                assert result.evidence is not None
                evidence = result.evidence
                if result.drift:
                    hits += 1
                    break
        return hits / 40

    # 0.8 of 40 has a standard error of 0.06; three of them, and what the planting and the test by relabelling differ.
    assert share_found(size) > 0.55
    assert share_found(size / 2) < 0.4


def test_false_retrains_stay_within_the_budget() -> None:
    power = estimate_power(Baseline.build(reference(200)), 40, Policy(budget=50), scale=0.5)
    assert power.checks_per_false_retrain > 50
    assert power.false_retrains > 0  # of 500 years with one in 50: otherwise nothing was simulated


def test_the_same_arguments_give_the_same_answer() -> None:
    baseline = Baseline.build(reference(100))
    assert estimate_power(baseline, 30, seed=5, scale=0.1) == estimate_power(baseline, 30, seed=5, scale=0.1)


def test_a_smaller_window_sees_less() -> None:
    baseline = Baseline.build(reference(300))
    few, many = (estimate_power(baseline, rows, scale=0.3).detectable[0].smallest for rows in (25, 200))
    assert all(a is not None and b is not None and a > b for a, b in zip(few, many, strict=True))


def test_a_column_that_is_never_seen_to_move_is_blind() -> None:
    # Of 20 baseline records half have it. Even if all of 240 later ones have it, chance does that once in a million.
    side = pa.table({"side": ["a", "b"] * 10})
    power = estimate_power(Baseline.build(side), 20, Policy(budget=1_000_000_000), scale=0.2)
    assert power.blind_columns == ("side",)
    assert power.to_dict()["blind_columns"] == ["side"]


def test_columns_without_values_and_times_are_named_and_not_tried() -> None:
    import datetime

    table = reference(60).append_column("empty", pa.nulls(60, pa.float64()))
    days = [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(hours=7 * n) for n in range(60)]
    power = estimate_power(Baseline.build(table.append_column("at", pa.array(days))), 30, scale=0.1)
    tried = {each.column for each in power.detectable}
    assert tried == {"height", "ward"}


@pytest.mark.parametrize(("rows", "reference_rows", "what"), [(5, 100, "a window"), (30, 10, "the reference")])
def test_too_small_is_refused(rows: int, reference_rows: int, what: str) -> None:
    with pytest.raises(InputError, match=f"{what} of .* is too small"):
        estimate_power(Baseline.build(reference(reference_rows)), rows)


def test_the_first_alarm_is_counted_from_one() -> None:
    level = 0.75 / 520
    p = np.array([[1.0, level, level], [level, 1.0, 1.0], [1.0, 1.0, level * 1.001]])
    assert first_alarms(p, Policy()).tolist() == [2, 1, 0]


def test_named_groups_make_the_answer_say_that_it_is_too_hopeful() -> None:
    from driftloop.report.power_table import power_table

    rows = pa.table({"x": np.random.default_rng(3).normal(size=200), "ward": [str(row % 20) for row in range(200)]})
    schema = Schema((Column("x"), Column("ward", "categorical", role="cluster")))
    found = estimate_power(Baseline(rows, schema), 50, scale=0.01)
    assert "'ward' names groups whose records are alike" in " ".join(power_table(found).split())
    assert "caveat" in found.to_dict()
    plain = estimate_power(Baseline(rows, schema.with_roles(ignore=["ward"])), 50, scale=0.01)
    assert "caveat" not in plain.to_dict()
