"""Broken feeds are told from populations that moved, in both directions."""

import numpy as np
import pandas as pd
import pytest

import driftloop
from driftloop import Baseline, Column, Schema, Verdict, Window, check
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.incidents import assess
from driftloop.data_quality.record_times import record_times
from tests.driftloop.populations import BASELINE_ROWS, SCHEMA, compared, draw, fresh

ROWS = 60


def every(step, frame):
    return np.arange(len(frame)) % step == 0


BROKEN = {
    "a column is gone": (lambda w: w.drop(columns="glucose"), "glucose: the column is missing"),
    "a column went blank": (lambda w: w.assign(glucose=np.nan), "glucose: blank: no value at all"),
    "two thirds went blank": (lambda w: w.assign(bmi=w["bmi"].where(every(3, w))), "bmi: gone blank in 67% of rows"),
    "units behind the numbers": (
        lambda w: w.assign(bmi=w["bmi"].astype(str) + " kg/m2"),
        "bmi: 100% of the values are not numeric",
    ),
    "mmol/l for all": (lambda w: w.assign(glucose=(w["glucose"] / 18.0156).round(2)), "glucose: 100% .* 1/18 of"),
    "inches in part": (lambda w: w.assign(bmi=w["bmi"].mask(every(5, w), w["bmi"] * 2.54)), "bmi: 20% .* 2.54 times"),
    "decimal shift in part": (
        lambda w: w.assign(bmi=w["bmi"].mask(every(20, w), w["bmi"] * 10)),
        "bmi: 5% .* 10 times",
    ),
    "delivered twice": (lambda w: pd.concat([w, w]), "50% of the records are repetitions"),
    "stuck for all": (lambda w: w.assign(pressure=94.0), "pressure: stuck: every value is 94"),
    "stuck in part": (
        lambda w: w.assign(pressure=w["pressure"].mask(every(3, w), 94.0)),
        "pressure: stuck: the same value 94 in 33%",
    ),
    "placeholder": (
        lambda w: w.assign(pressure=w["pressure"].mask(every(8, w), -999)),
        "pressure: -999 in 13% .* placeholder",
    ),
    "infinite": (lambda w: w.assign(bmi=w["bmi"].mask(every(12, w), np.inf)), "bmi: 5 infinite values"),
    "another encoding": (
        lambda w: w.assign(sex=w["sex"].map({"female": "F", "male": "M"})),
        "sex: another encoding: 'F', 'M' in place of|sex: another encoding: 'M', 'F' in place of",
    ),
}


@pytest.mark.parametrize(("breaks", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_feed_is_an_incident_with_its_reason(breaks, reason):
    result = compared(breaks(fresh(ROWS)))
    assert result.verdict is Verdict.INCIDENT
    assert not result.drift
    assert pd.Series(result.reasons).str.match(reason).any(), result.reasons


MOVED = {
    "heavier": lambda w: w.assign(bmi=w["bmi"] + 5),
    "twice the spread": lambda w: w.assign(bmi=26.4 + 2 * (w["bmi"] - 26.4)),
    "glucose up by a third": lambda w: w.assign(glucose=w["glucose"] * 1.33),
    "half lower": lambda w: w.assign(pressure=w["pressure"].mask(every(2, w), w["pressure"] - 25)),
    "one sex only": lambda w: w.assign(sex="female"),
    "a third of the values missing": lambda w: w.assign(bmi=w["bmi"].mask(every(3, w))),
    "all above the baseline": lambda w: w.assign(pressure=150 + (w["pressure"] - 94) / 4),
}


@pytest.mark.parametrize("moves", MOVED.values(), ids=MOVED.keys())
def test_a_population_that_moved_is_a_drift_and_no_incident(moves):
    result = compared(moves(fresh(ROWS)))
    assert result.verdict is Verdict.DRIFT, result.reasons


def test_a_decimal_comma_is_read_and_no_broken_feed():
    result = compared(fresh(ROWS).assign(bmi=lambda w: w["bmi"].astype(str).str.replace(".", ",")))
    assert result.verdict is Verdict.STABLE


def test_all_signs_are_named():
    window = fresh(ROWS)
    reasons = compared(window.assign(bmi=np.nan, glucose=window["glucose"] * 10)).reasons
    assert [reason.split(":")[0] for reason in reasons] == ["bmi", "glucose"]


def test_the_baseline_sent_again_is_an_incident_and_a_tenth_of_it_is_not():
    reference = draw(BASELINE_ROWS, np.random.default_rng([1, 0]))
    assert "the baseline itself" in compared(reference).reasons[0]
    assert "records of the baseline" in compared(reference.head(100)).reasons[0]
    assert compared(pd.concat([reference.head(10), fresh(90)])).verdict is Verdict.STABLE


def test_new_ids_do_not_hide_a_batch_that_is_sent_again():
    schema = Schema((Column("id", "categorical", role="id"), *SCHEMA.columns))
    reference = draw(BASELINE_ROWS, np.random.default_rng(0)).assign(id=range(BASELINE_ROWS))
    window = reference.head(80).assign(id=range(9_000, 9_080))
    result = check(Baseline.build(reference, schema), Window.build(window, schema))
    assert result.verdict is Verdict.INCIDENT


def test_a_table_of_codes_repeats_itself_by_right():
    rng = np.random.default_rng(4)
    schema = Schema((Column("a", "categorical"), Column("b", "categorical")))

    def frame(rows):
        return pd.DataFrame({"a": rng.choice(["x", "y", "z"], rows), "b": rng.choice(["u", "v"], rows)})

    results = [check(Baseline.build(frame(300), schema), Window.build(frame(100), schema)) for _ in range(20)]
    assert all(result.verdict is not Verdict.INCIDENT for result in results)


def test_records_from_the_future_and_from_before_the_baseline_are_incidents():
    schema = Schema((Column("at", "datetime", role="timestamp"), *SCHEMA.columns))

    def side(frame, day):
        return frame.assign(at=pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(len(frame)), unit="h"))

    baseline = Baseline.build(side(draw(350, np.random.default_rng(1)), "2026-01-01"), schema)
    now = pd.Timestamp("2026-03-10", tz="UTC").timestamp()
    verdicts = {
        day: check(baseline, Window.build(side(fresh(ROWS), day), schema), now=now)
        for day in ("2026-03-01", "2027-03-01", "2001-01-01")
    }
    assert verdicts["2026-03-01"].verdict is Verdict.STABLE
    assert verdicts["2027-03-01"].reasons[0].startswith("at: records from the future: 2027-03-03T11:00:00Z")
    assert verdicts["2001-01-01"].reasons[0].startswith("at: stale records: the newest is from 2001-01-03")


def test_impossible_values_are_an_incident_by_the_schemas_range_but_one_typing_error_is_not():
    columns = (Column("bmi", range=(8, 120)), *SCHEMA.columns[1:])
    window = fresh(200)
    one = window.assign(bmi=window["bmi"].mask(np.arange(200) < 1, 264.0))
    five = window.assign(bmi=window["bmi"].mask(np.arange(200) < 5, 3.0))
    assert compared(one, schema=Schema(columns)).verdict is Verdict.STABLE
    assert compared(five, schema=Schema(columns)).verdict is Verdict.INCIDENT


@pytest.mark.parametrize("tail", [2.5, 4.0])
def test_heavy_tails_are_no_unit_errors(tail):
    schema = Schema((Column("cost"), Column("y")))
    rng = np.random.default_rng(7)

    def frame(rows):
        return pd.DataFrame({"cost": np.round(100 * rng.pareto(tail, rows), 2), "y": rng.normal(size=rows)})

    results = [check(Baseline.build(frame(350), schema), Window.build(frame(250), schema)) for _ in range(25)]
    assert sum(result.verdict is Verdict.INCIDENT for result in results) <= 1


def test_a_lost_column_says_nothing_about_the_others():
    result = compared(fresh(ROWS).drop(columns="glucose"))
    rows = {row.name: row for row in result.features}
    assert result.verdict is Verdict.INCIDENT
    assert rows["glucose"].sentence == "glucose: no value to compare"
    assert [row.sentence for name, row in rows.items() if name != "glucose" and "glucose" in row.sentence] == []


def test_a_placeholder_that_chance_may_bring_is_a_note():
    """Five zeros in 100 rows are too few for an incident beside three columns; somebody should look all the same."""
    rng = np.random.default_rng(4)

    def table(rows: int) -> pd.DataFrame:
        return pd.DataFrame({name: rng.normal(120, 15, rows).round() for name in "abc"})

    baseline, window = table(300), table(100)
    window.loc[:2, "a"] = 0.0
    check_of = driftloop.check(baseline, window)
    assert check_of.verdict != Verdict.INCIDENT
    assert "a: 0 in 3% of rows, beyond all of the baseline: a placeholder?" in check_of.notes
    window.loc[:9, "a"] = 0.0
    assert driftloop.check(baseline, window).verdict is Verdict.INCIDENT


def test_all_rules_together_share_the_level():
    """One column: eight rules of it and two of the window, so a sign is an incident from p <= level / 10 on."""
    both = [pd.DataFrame({"x": values}) for values in (np.linspace(80, 120, 350), np.full(50, 97.3))]
    schema = Schema((Column("x"),))
    baseline, window = Baseline.build(both[0], schema), Window.build(both[1], schema)
    p = more_often_p(50, 0, 50, 350)
    assert len(assess(baseline, window, 10 * p * (1 + 1e-9), repeats_allowed=True).incidents) == 1
    assert assess(baseline, window, 10 * p * (1 - 1e-9), repeats_allowed=True).incidents == ()


def test_records_without_a_time_are_neither_late_nor_early():
    schema = Schema((Column("at", "datetime", role="timestamp"), *SCHEMA.columns))
    timed = draw(350, np.random.default_rng(1)).assign(at=pd.date_range("2026-01-01", periods=350, tz="UTC"))
    untimed = fresh(ROWS).assign(at=pd.NaT)
    for sides in ((timed, untimed), (timed.assign(at=pd.NaT), fresh(ROWS).assign(at=pd.Timestamp("2020-01-01")))):
        baseline, window = Baseline.build(sides[0], schema), Window.build(sides[1], schema)
        assert list(record_times(baseline, window, pd.Timestamp("2026-03-10").timestamp())) == []
