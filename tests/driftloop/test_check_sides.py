"""What a check says: drift, incident, stable or insufficient, and why."""

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop import Baseline, Column, Evidence, Policy, Schema, Verdict, Window, check
from driftloop import check_sides as check_sides_module
from driftloop.check_sources import check as check_tables
from driftloop.errors import SchemaError
from driftloop.two_sample.compare import compare
from tests.driftloop.populations import BASELINE_ROWS, SCHEMA, compared, draw, fresh


def test_an_ordinary_window_is_stable():
    result = compared(fresh(100))
    assert result.verdict is Verdict.STABLE
    assert not result.drift
    assert result.reasons == ("no change beyond chance",)
    assert (result.rows, result.baseline_rows) == (100, BASELINE_ROWS)
    assert [row.name for row in result.features] == ["bmi", "pressure", "glucose", "sex"]


def test_a_population_that_grew_heavier_is_a_drift_and_says_by_how_much():
    window = fresh(100)
    result = compared(window.assign(bmi=window["bmi"] + 3))
    assert result.verdict is Verdict.DRIFT
    row = result.features[0]
    assert row.drift
    assert row.unit == "kg/m2"
    assert 2.0 < row.effect < 4.0  # 3, within two standard errors of 0.5
    assert f"mean {row.effect:+.3g} kg/m2" in row.sentence
    assert row.sentence in result.reasons
    assert not result.features[3].drift


def test_even_a_population_far_heavier_is_no_unit_error():
    window = fresh(100)
    for more in (8, 15):
        assert compared(window.assign(bmi=window["bmi"] + more)).verdict is Verdict.DRIFT


def test_a_broken_dependence_is_found_although_no_column_changed_by_itself():
    window = fresh(150, 3)
    window["pressure"] = np.random.default_rng(5).permutation(window["pressure"])
    window["bmi"] = np.random.default_rng(6).permutation(window["bmi"])
    result = compared(window, 3)
    assert result.verdict is Verdict.DRIFT
    assert any("other columns" in reason or "correlation" in reason for reason in result.reasons)


def test_missing_values_are_a_change_of_their_own():
    window = fresh(50)
    result = compared(window.assign(glucose=window["glucose"].where(np.arange(50) % 5 > 0)))
    assert result.verdict is Verdict.DRIFT
    assert "glucose: missing in 20.0% of rows (before 0.0%)" in result.reasons[0]


def test_a_new_category_in_one_row_of_twenty_is_found():
    window = fresh(100)
    result = compared(window.assign(sex=window["sex"].where(np.arange(100) % 20 > 0, "unknown")))
    assert result.verdict is Verdict.DRIFT
    assert "share of a value that the baseline does not have +5 points (0% to 5%)" in result.reasons[0]


@pytest.mark.parametrize("categories", [(), ("female", "male", "unknown")])
def test_a_new_category_is_named_where_it_is_a_code_or_the_schema_knows_it(categories):
    schema = Schema(
        tuple(msgspec.structs.replace(c, categories=categories) if c.name == "sex" else c for c in SCHEMA.columns)
    )
    window = fresh(100)
    new = "unknown" if categories else "9"
    result = compared(window.assign(sex=window["sex"].where(np.arange(100) % 20 > 0, new)), schema=schema)
    assert f"share of {new!r} +5 points" in result.reasons[0]


def test_no_text_that_few_records_share_is_in_a_sentence():
    """A column of names by mistake: what it says becomes an event."""
    rng = np.random.default_rng(3)
    schema = Schema((Column("who", "categorical"), Column("x")))

    def side(rows, first):
        who = [f"Hidden {first + number // 2}" for number in range(rows)]
        return pd.DataFrame({"who": who, "x": rng.normal(size=rows)})

    result = check(Baseline.build(side(300, 0), schema), Window.build(side(100, 100), schema))
    assert "Hidden" not in " ".join([*result.reasons, *(row.sentence for row in result.features)])


@pytest.mark.parametrize("rows", [0, 3, 19])
def test_too_few_rows_say_nothing(rows):
    result = compared(fresh(max(rows, 1)).head(rows))
    assert result.verdict is Verdict.INSUFFICIENT
    assert result.p_value is None
    assert result.reasons == (f"{rows} rows are too few to say anything (at least 20 are needed)",)


@pytest.mark.parametrize("rows", [0, 5])
def test_too_small_a_baseline_says_nothing_either(rows):
    result = check(Baseline.build(fresh(5).head(rows), SCHEMA), Window.build(fresh(50), SCHEMA))
    assert result.verdict is Verdict.INSUFFICIENT
    assert result.reasons[0].startswith(f"{rows} rows in the baseline are too few")


def test_a_thousand_million_rows_of_codes_are_compared():
    schema = Schema((Column("a", "categorical"), Column("b", "categorical")))
    small = pd.DataFrame({"a": list("xyxy"), "b": list("uuvv")})
    grown = [Window.build(small, schema), Window.build(small.assign(b=list("uvvv")), schema)]
    for _ in range(28):
        grown = [side.merge(side) for side in grown]
    result = check(Baseline(grown[0].profile), grown[1])
    assert result.rows == 2**30
    assert result.verdict is Verdict.DRIFT


def test_a_column_that_the_model_does_not_use_is_reported_and_does_not_retrain():
    window = fresh(200)
    schema = SCHEMA.with_importances({"pressure": 2.0, "glucose": 1.0, "sex": 0.5})
    result = compared(window.assign(bmi=window["bmi"] + 4), schema=schema)
    assert result.verdict is Verdict.STABLE
    row = result.features[0]
    assert (row.drift, row.retrains, row.importance) == (True, False, 0.0)
    assert result.reasons == (row.sentence,)
    assert "the model does not use it" in row.sentence


def test_a_drift_of_logged_predictions_counts():
    schema = Schema((*SCHEMA.columns, Column("score", role="prediction")))
    rng = np.random.default_rng(8)
    reference, window = draw(350, rng), fresh(100)
    reference["score"], window["score"] = rng.normal(150, 40, 350), rng.normal(185, 40, 100)
    result = check(Baseline.build(reference, schema), Window.build(window, schema))
    assert result.verdict is Verdict.DRIFT
    assert result.features[4].role == "prediction"
    assert result.features[4].drift


def test_the_same_data_give_the_same_answer_whatever_the_order_of_rows():
    window = fresh(120)
    again = window.sample(frac=1, random_state=1)
    assert compared(window).to_dict() == compared(again).to_dict()


@given(st.floats(0.1, 10), st.floats(-100, 100))
@settings(max_examples=8)
def test_units_and_origins_do_not_matter(scale, shift):
    reference, window = draw(200, np.random.default_rng(1)), fresh(60)
    window["bmi"] += 2.5

    def statistics(change):
        sides = [frame.assign(bmi=change(frame["bmi"])) for frame in (reference, window)]
        result = compare(Baseline.build(sides[0], SCHEMA), Window.build(sides[1], SCHEMA), Policy())
        return {row.score: row.z for row in result.results if row.score.kind != "repeat"}

    plain, moved = statistics(lambda x: x), statistics(lambda x: shift + scale * x)
    assert moved.keys() == plain.keys()
    # Values are kept to six digits, so a few that were apart may tie.
    assert max(abs(moved[score] - plain[score]) for score in plain) < 0.05


def test_ten_thousand_rows_against_ten_thousand_find_a_drift_and_forgive_dust():
    rng = np.random.default_rng(11)
    schema = Schema((Column("x"), Column("y")))

    def frame(shift):
        return pd.DataFrame({"x": rng.normal(shift, 1, 60_000), "y": rng.normal(size=60_000)})

    baseline = Baseline.build(frame(0), schema)
    dust = check(baseline, Window.build(frame(0.04), schema))
    assert dust.p_value <= 0.05
    assert dust.verdict is Verdict.STABLE
    assert dust.reasons == ("a change beyond chance, but too small to matter",)
    assert check(baseline, Window.build(frame(0.2), schema)).verdict is Verdict.DRIFT


def test_the_two_regimes_agree_where_they_meet():
    schema = Schema((Column("x"), Column("y"), Column("g", "categorical")))

    def frame(rows, seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=rows)
        return pd.DataFrame({"x": x, "y": 0.5 * x + rng.normal(size=rows), "g": rng.choice(["a", "b"], rows)})

    baseline = Baseline.build(frame(400, 1), schema)
    for seed in range(2, 8):
        window = frame(1_537, seed)
        records = check(baseline, Window.build(window.head(1_536), schema))
        counts = check(baseline, Window.build(window, schema))
        assert baseline.profile.sample.complete
        for a, b in zip(records.features, counts.features, strict=True):
            if a.aspect == b.aspect and a.aspect in ("location", "share"):
                assert abs(a.statistic - b.statistic) < 0.1
        assert abs(records.p_value - counts.p_value) < 0.15


def test_evidence_decides_where_it_is_kept_and_rests_on_an_incident():
    evidence = Evidence()
    first = compared(fresh(60), evidence=evidence)
    assert first.verdict is Verdict.STABLE
    assert first.evidence.checks == 1
    window = fresh(60, 1)
    broken = compared(window.drop(columns="bmi"), evidence=first.evidence)
    assert broken.verdict is Verdict.INCIDENT
    assert broken.evidence == first.evidence
    moved = compared(window.assign(bmi=window["bmi"] + 5), evidence=first.evidence)
    assert moved.verdict is Verdict.DRIFT
    assert moved.evidence.alarm
    assert moved.reasons[0] == moved.evidence.sentence


def test_a_window_read_with_another_schema_is_refused():
    baseline = Baseline.build(fresh(50), SCHEMA)
    with pytest.raises(SchemaError, match=r"baseline\.schema"):
        check(baseline, Window.build(pa.table({"x": [1.0]}), Schema((Column("x"),))))


def test_the_answer_is_plain_json():
    import msgspec

    decoded = msgspec.json.decode(msgspec.json.encode(compared(fresh(30)).to_dict()))
    assert decoded["verdict"] == "stable"
    assert decoded["drift"] is False
    assert len(decoded["features"]) == 4


def test_alpha_is_the_users():
    window = fresh(100)
    window["bmi"] += 1.2
    p = compared(window).p_value
    assert compared(window, policy=Policy(alpha=min(0.99, p + 0.01))).drift
    assert not compared(window, policy=Policy(alpha=p * 0.9)).drift


HOSTILE = {
    "all missing": lambda n: [None] * n,
    "all infinite": lambda n: [float("inf")] * n,
    "huge": lambda n: [1e308 * (-1) ** i for i in range(n)],
    "tiny": lambda n: [5e-324 * i for i in range(n)],
    "constant": lambda n: [7.0] * n,
    "two values": lambda n: [float(i % 2) for i in range(n)],
    "huge and positive": lambda n: [1e308 + i * 8e305 for i in range(n)],
    "the largest double for a missing value": lambda n: [1.7976931348623157e308 if i % 9 == 0 else i for i in range(n)],
    "infinite in a part": lambda n: [float("inf") if i % 3 else i * 1e307 for i in range(n)],
    "each once, over all doubles": lambda n: [float(2 * i - n) * 1e306 for i in range(n)],
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_numbers_on_either_side_never_crash(values):
    schema = Schema((Column("x"), Column("y")))

    def frame(rows, own):
        rng = np.random.default_rng(rows)
        return pa.table({"x": pa.array(own, pa.float64()), "y": rng.normal(size=rows)})

    normal = np.random.default_rng(0).normal(size=90).tolist()
    for before, after in ((values(90), normal), (normal, values(90)), (values(90), values(90))):
        window = frame(90, after).set_column(1, "y", pa.array(np.random.default_rng(1).normal(size=90)))
        result = check(Baseline.build(frame(90, before), schema), Window.build(window, schema))
        assert result.verdict in Verdict
        if before is after:
            assert result.verdict is Verdict.STABLE


@pytest.mark.parametrize("reference", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_two_hostile_columns_make_a_rule_or_a_picture_compute_with_infinity(reference):
    """A RuntimeWarning of ours is an error (pyproject.toml)."""
    for rows in (90, 2_500):
        before = pa.table({"x": pa.array(reference(rows), pa.float64())})
        for current in HOSTILE.values():
            after = pa.table({"x": pa.array(current(rows), pa.float64())})
            result = check_tables(before, after, schema=Schema((Column("x"),)))
            assert result.verdict in Verdict
            assert "<svg" in result.to_html() or result.columns_not_compared


def test_ten_thousand_categories_are_no_drift_of_themselves():
    schema = Schema((Column("g", "categorical"), Column("x")))
    rng = np.random.default_rng(2)

    def frame(rows):
        names = [f"c{number}" for number in rng.integers(0, 10_000, rows)]
        return pd.DataFrame({"g": names, "x": rng.normal(size=rows)})

    verdicts = [check(Baseline.build(frame(400), schema), Window.build(frame(200), schema)).verdict for _ in range(12)]
    # At a rate of 5 % more than three of twelve happen once in 500 times.
    assert verdicts.count(Verdict.STABLE) >= 9


def named(rng, rows, names):
    """So many records, each with one of so many names and a number."""
    return pd.DataFrame({"g": [f"u{number}" for number in rng.integers(0, names, rows)], "x": rng.normal(size=rows)})


def test_large_tables_of_many_categories_keep_their_rate_and_answer_in_plain_json():
    import msgspec

    schema, rng = Schema((Column("g", "categorical"), Column("x"))), np.random.default_rng(3)
    sides = [[named(rng, rows, 10_000) for rows in (8_000, 5_000)] for _ in range(6)]
    results = [check(Baseline.build(before, schema), Window.build(now, schema)) for before, now in sides]
    # At a rate of 5 % three of six happen once in 450 times.
    assert sum(result.p_value <= 0.05 for result in results) <= 2
    assert msgspec.json.decode(msgspec.json.encode(results[0].to_dict()))["rows"] == 5_000


def test_names_that_hardly_repeat_are_no_new_encoding():
    schema, rng = Schema((Column("g", "categorical"), Column("x"))), np.random.default_rng(4)
    baseline, window = (named(rng, rows, 100_000) for rows in (350, 100))
    result = check(Baseline.build(baseline, schema), Window.build(window, schema))
    assert result.verdict is not Verdict.INCIDENT


def test_columns_that_the_schema_does_not_know_are_noted_and_change_nothing():
    plain = compared(fresh(60))
    noted = compared(fresh(60).assign(weight=80.0, colour="red"))
    assert noted.notes == ("not in the schema, so not compared: colour, weight",)
    assert (noted.verdict, plain.notes) == (plain.verdict, ())


def test_the_parts_of_the_error_rate_sum_to_one():
    from driftloop.config import policy

    assert pytest.approx(1.0) == policy.DRIFT_SHARE + policy.INCIDENT_SHARE + policy.ERROR_SHARE


@pytest.mark.parametrize(("p", "verdict"), [(0.0475, "drift"), (0.0476, "stable")])
def test_drift_may_spend_what_incidents_leave_of_alpha(monkeypatch, p, verdict):
    """0.95 of alpha 0.05 is 0.0475."""
    from driftloop.two_sample.compare import Comparison

    monkeypatch.setattr("driftloop.check_sides.compare", lambda *_, **__: Comparison(p, p, True, ()))
    assert compared(fresh(60)).verdict.value == verdict


@pytest.mark.parametrize("evidence", [None, Evidence()])
def test_incidents_may_spend_a_twentieth_of_alpha_or_of_the_budget(monkeypatch, evidence):
    levels = []
    original = check_sides_module.assess

    def assess(baseline, window, level, **options):
        levels.append(level)
        return original(baseline, window, level, **options)

    monkeypatch.setattr("driftloop.check_sides.assess", assess)
    compared(fresh(60), evidence=evidence)
    assert levels == [pytest.approx(0.05 * 0.05 if evidence is None else 0.05 / 520)]


def test_turned_over_names_hide_no_drift_elsewhere_and_raise_none_over_time():
    rng = np.random.default_rng(8)
    schema = Schema((*SCHEMA.columns, Column("campaign", "categorical")))

    def window(rows, first, **moves):
        frame = draw(rows, rng).assign(campaign=[f"campaign {first + i % 5}" for i in range(rows)])
        return frame.assign(**{name: frame[name] + step for name, step in moves.items()})

    baseline = Baseline.build(window(350, 0), schema)
    evidence = Evidence()
    for week in range(6):
        result = check(baseline, Window.build(window(60, 10 + 10 * week), schema), evidence=evidence)
        assert result.verdict is Verdict.STABLE, result.reasons
        assert "campaign: all values are new (60 of 60)" in result.notes[0]
        evidence = result.evidence
    moved = check(baseline, Window.build(window(60, 100, bmi=5.0), schema))
    assert moved.verdict is Verdict.DRIFT
    assert moved.reasons[0].startswith("bmi: ")
