"""Verdicts of segments: their error rate, their power, and what is said of each."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

import driftloop
from driftloop import Baseline, Column, Evidence, Policy, Schema, Window
from driftloop.errors import SchemaError
from driftloop.report.document import CheckDocument
from driftloop.segments.verdicts import HITS, MOST_PERMUTATIONS, MOST_SEGMENTS, judge_segments
from driftloop.stats.holm import holm
from driftloop.two_sample import compare
from driftloop.two_sample.compare import Comparison

WARDS = ("A1", "B2", "C3", "D4")
SCHEMA = Schema((
    Column("ward", "categorical", segment=True), Column("age", unit="years"), Column("pressure"), Column("dose")
))  # fmt: skip


def visits(seed: int, rows: int = 400, by: float = 0.0, wards: tuple[str, ...] = WARDS) -> pa.Table:
    """Records of some wards; in ward B2 people are `by` standard deviations older."""
    rng = np.random.default_rng(seed)
    ward = rng.choice(wards, rows)
    age = rng.normal(60, 10, rows) + 10 * by * (ward == "B2")
    pressure = rng.normal(120, 15, rows) + 0.5 * age
    return pa.table({"ward": ward, "age": age, "pressure": pressure, "dose": rng.gamma(2.0, size=rows)})


def sides(*tables: pa.Table, schema: Schema = SCHEMA) -> tuple[Baseline, Window]:
    return Baseline.build(tables[0], schema), Window.build(tables[1], schema)


def test_holm_multiplies_the_ith_smallest_by_those_that_are_left() -> None:
    # 4 x 0.01 = 0.04, 3 x 0.013 = 0.039 (raised to 0.04), 2 x 0.03 = 0.06, 1 x 0.5
    assert holm([0.5, 0.013, 0.01, 0.03]).tolist() == pytest.approx([0.5, 0.04, 0.04, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_a_change_in_one_ward_is_named_there_and_nowhere_else() -> None:
    found = judge_segments(*sides(visits(1), visits(2, by=1.2)), Policy(), 0.05)
    assert found is not None
    assert [(each.value, each.verdict) for each in found.found] == [
        ("A1", "stable"), ("B2", "drift"), ("C3", "stable"), ("D4", "stable")
    ]  # fmt: skip
    moved = found.drifted[0]
    assert "age" in moved.moved
    assert moved.sentence.startswith("ward = B2: ")
    assert moved.p is not None
    assert moved.p <= 0.05
    assert moved.window_records == visits(2)["ward"].to_pylist().count("B2")


def test_without_a_change_any_segment_is_named_in_at_most_five_percent() -> None:
    windows, named = 200, 0
    for number in range(windows):
        found = judge_segments(*sides(visits(1000 + number, 200), visits(5000 + number, 200)), Policy(), 0.05)
        assert found is not None
        named += bool(found.drifted)
    # At 5 % more than this comes once in 1,000 runs of this test; with no multiplicity about 37 would be named.
    assert named <= binom.ppf(0.999, windows, 0.05)


def test_a_segment_whose_share_alone_has_changed_is_stable() -> None:
    """Its own records are as before: the whole check says that the ward has grown."""
    window = visits(2, wards=("A1", "B2", "B2", "B2"))
    found = judge_segments(*sides(visits(1), window), Policy(), 0.05)
    assert found is not None
    assert {each.value: each.verdict for each in found.found} == {
        "A1": "stable", "B2": "stable", "C3": "insufficient", "D4": "insufficient"
    }  # fmt: skip


def test_too_few_records_on_either_side_are_insufficient_and_cost_the_others_nothing() -> None:
    few = pa.concat_tables([visits(1), visits(3, 19, wards=("E5",))])
    alone = judge_segments(*sides(visits(1), visits(2, by=1.2)), Policy(), 0.05)
    found = judge_segments(*sides(few, visits(2, by=1.2)), Policy(), 0.05)
    assert found is not None
    assert alone is not None
    assert found.found[-1].verdict == "insufficient"
    assert found.found[-1].p is None
    assert found.found[-1].sentence == "ward = E5: too few records to say anything"
    assert [each.verdict for each in found.found[:-1]] == [each.verdict for each in alone.found]


def test_holm_is_over_the_segments_of_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four wards and two sexes: the smallest p counts six times."""
    schema = Schema((*SCHEMA.columns, Column("sex", "categorical", segment=True)))
    tables = [t.append_column("sex", pa.array(["f", "m"] * 200)) for t in (visits(1), visits(2))]
    p_values = iter([0.009, 0.5, 0.5, 0.5, 0.008, 0.5])
    monkeypatch.setattr(
        "driftloop.segments.verdicts._compare",
        lambda *_, **__: Comparison(next(p_values), 1.0, False, ()),
    )
    found = judge_segments(*sides(*tables, schema=schema), Policy(), 0.05)
    assert found is not None
    assert [each.p for each in found.found] == pytest.approx([0.048, 1.0, 1.0, 1.0, 0.048, 1.0])
    assert found.drifted == ()  # too small to matter, whatever its p
    assert "too small to matter" in found.found[0].sentence


def test_a_small_p_is_told_with_enough_permutations_for_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = compare.compare_records

    def watched(*arguments: object, times: int, seed: int, level: float) -> Comparison:
        asked.append(times)
        return real(*arguments, times=99, seed=seed, level=level)  # type: ignore[arg-type]

    monkeypatch.setattr("driftloop.segments.verdicts.compare_records", watched)
    judge_segments(*sides(visits(1), visits(2, by=1.5)), Policy(), 1 / 520)
    # 4 segments at 1/520: the smallest p counts below 1/2,080, and five hits of that need 10,400 permutations.
    assert asked.count(999) == 4
    assert HITS * 4 * 520 in asked
    assert MOST_SEGMENTS * 520 < MOST_PERMUTATIONS + 1  # so that fifty segments are never blind at that budget


def test_at_most_fifty_segments_have_a_row_and_the_rest_is_counted() -> None:
    wards = tuple(f"{number:02d}" for number in range(55))
    found = judge_segments(*sides(visits(1, 3000, wards=wards), visits(2, 3000, wards=wards)), Policy(), 0.05)
    assert found is not None
    assert (len(found.found), found.not_judged) == (50, 5)


def test_a_value_that_may_be_a_persons_name_is_counted_and_not_named() -> None:
    named = visits(2).set_column(0, "ward", pa.array(["Jane Doe", *visits(2)["ward"].to_pylist()[1:]]))
    found = judge_segments(*sides(visits(1), named), Policy(), 0.05)
    assert found is not None
    assert found.not_judged == 1
    assert "Jane" not in str(found)


def test_a_check_carries_segments_only_where_the_schema_names_some() -> None:
    plain = Schema(tuple(msgspec.structs.replace(column, segment=False) for column in SCHEMA.columns))
    with_segments, without = (driftloop.check(*sides(visits(1), visits(2), schema=s)) for s in (SCHEMA, plain))
    assert without.segments is None
    assert "segments" not in without.to_dict()
    assert with_segments.segments is not None
    assert [row.statistic for row in with_segments] == [row.statistic for row in without]  # p has another seed
    assert with_segments.segments.level == 0.05
    document = msgspec.convert(with_segments.to_dict(), CheckDocument)
    assert document.segments == with_segments.segments


def test_with_evidence_the_level_is_the_budgets() -> None:
    result = driftloop.check(*sides(visits(1), visits(2)), Policy(budget=100), Evidence())
    assert result.segments is not None
    assert result.segments.level == 0.01


def test_a_broken_feed_and_a_small_window_have_no_segments() -> None:
    blank = visits(2).set_column(1, "age", pa.nulls(400, pa.float64()))
    assert driftloop.check(*sides(visits(1), blank)).verdict == "incident"
    assert driftloop.check(*sides(visits(1), blank)).segments is None
    assert driftloop.check(*sides(visits(1), visits(2, 10))).segments is None


@pytest.mark.parametrize(("kind", "role"), [("numeric", "feature"), ("categorical", "id"), ("categorical", "ignore")])
def test_a_segment_column_is_categorical_and_compared(kind: str, role: str) -> None:
    with pytest.raises(SchemaError, match="segment = true needs"):
        Column("ward", kind, role=role, segment=True)  # type: ignore[arg-type]


def test_a_schema_without_segments_is_written_as_before() -> None:
    assert b"segment" not in Schema((Column("ward", "categorical"),)).to_json()
    assert Schema.from_json(SCHEMA.to_json()) == SCHEMA


def test_a_segment_of_too_few_groups_is_insufficient() -> None:
    rng = np.random.default_rng(4)
    patients = np.repeat(np.arange(40), 10)
    rows = pa.table(
        {
            "ward": np.where(patients % 20 < 18, "north", "south"),
            "age": rng.normal(60, 10, 400),
            "patient": [f"P{patient}" for patient in patients],
        }
    )
    columns = (
        Column("ward", "categorical", segment=True),
        Column("age"),
        Column("patient", "categorical", role="cluster"),
    )
    baseline, window = Baseline(rows.slice(0, 200), Schema(columns)), Window(rows.slice(200), Schema(columns))
    found = judge_segments(baseline, window, Policy(), 0.05)
    assert found is not None
    # South has two patients a side: 2 of the 6 choices are as far apart as any, so no p is below 1/3.
    assert {each.value: each.verdict for each in found.found} == {"north": "stable", "south": "insufficient"}
