"""Broken feeds are told from populations that moved, in both directions."""

import numpy as np
import pandas as pd
import pytest

import driftloop
from driftloop import Baseline, Column, Schema, Verdict, Window, check
from driftloop.data_quality import repeated_value
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import pair_columns
from driftloop.data_quality.incidents import assess, is_lost
from driftloop.data_quality.independent_records import independent_part
from driftloop.data_quality.record_times import check_record_times
from tests.driftloop.data_quality.feeds import pair
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


def assessed(baseline, window, columns, level=0.0025, **options):
    schema = Schema(tuple(columns))
    sides = [pd.DataFrame(side) for side in (baseline, window)]
    return assess(Baseline.build(sides[0], schema), Window.build(sides[1], schema), level, **options)


STUCK = np.linspace(80, 120, 350), np.full(50, 97.3)


@pytest.mark.parametrize(("others", "rules"), [(0, 10), (1, 18), (2, 26)])
def test_all_rules_together_share_the_level(others, rules):
    """Eight rules a column and two of the window: with one column a sign is an incident from p <= level / 10 on."""
    p = more_often_p(50, 0, 50, 350)
    more = [{f"y{each}": side for each in range(others)} for side in (STUCK[0], STUCK[0][:50])]
    sides = [{"x": stuck, **rest} for stuck, rest in zip(STUCK, more, strict=True)]
    columns = [Column("x"), *(Column(f"y{each}") for each in range(others))]
    for level, found in ((rules * p * (1 + 1e-9), 1), (rules * p * (1 - 1e-9), 0)):
        assert len(assessed(*sides, columns, level, repeats_allowed=True).incidents) == found


def with_code(rows):
    """Fifty values of which so many are a code."""
    return np.append(np.linspace(81, 119, 50 - rows), np.full(rows, -999.0))


def test_a_p_that_is_exactly_the_share_of_a_rule_is_an_incident_and_no_note():
    p_of = {rows: repeated_value.find_placeholder(pair(STUCK[0], with_code(rows))).p for rows in range(3, 40)}
    code, p = next((rows, p) for rows, p in p_of.items() if 10 * p / 10 == p)
    at, below = (
        assessed({"x": STUCK[0]}, {"x": with_code(code)}, [Column("x")], level, repeats_allowed=True)
        for level in (10 * p, 10 * p * (1 - 1e-9))
    )
    assert (len(at.incidents), len(below.incidents)) == (1, 0)
    notes = [
        any(note.endswith("beyond all of the baseline: a placeholder?") for note in each.notes) for each in (at, below)
    ]
    assert notes == [False, True]


def test_dependent_records_count_as_many_as_are_independent():
    """A p is raised to the part of the records that do."""
    columns = [Column("x"), Column("ward", "categorical", role="cluster")]
    tables = [
        {"x": x, "ward": [f"{name}{row // 2}" for row in range(len(x))]} for name, x in zip("bw", STUCK, strict=True)
    ]
    schema = Schema(tuple(columns))
    part = independent_part(
        *(kind.build(pd.DataFrame(t), schema) for kind, t in zip((Baseline, Window), tables, strict=True))
    )
    assert part == pytest.approx(0.5)
    bar = 10 * more_often_p(50, 0, 50, 350) ** part
    assert len(assessed(*tables, columns, bar * (1 + 1e-6)).incidents) == 1
    assert assessed(*tables, columns, bar * (1 - 1e-6)).incidents == ()


TWO = [Column("x"), Column("y")]


def rows(count, seed=1, **columns):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=count), "y": rng.normal(size=count)}).assign(**columns)


def test_a_lost_column_is_left_out_and_what_repeats_without_it_is_no_second_delivery():
    window = rows(30, 2)
    twice = pd.concat([window, window])
    assert [text.split(" (")[0] for text in assessed(rows(200), twice, TWO).incidents] == [
        "50% of the records are repetitions of others in the window: delivered twice?"
    ]
    found = assessed(rows(200), twice.drop(columns="y"), TWO)
    assert [text.split(" (")[0] for text in found.incidents] == ["y: the column is missing"]
    assert (found.excluded, found.notes) == ({1}, ())
    assert assessed(rows(200), twice, TWO, repeats_allowed=True).incidents == ()
    assert len(assessed(rows(200), twice.drop(columns="y"), TWO, repeats_allowed=True).incidents) == 1


def test_one_row_without_a_column_is_enough_to_ask_for_no_repetitions():
    schema, window = Schema(tuple(TWO)), rows(30, 2)
    parts = [Window.build(part, schema) for part in (pd.concat([window, window]), window[["x"]].head(1))]
    found = assess(Baseline.build(rows(200), schema), parts[0].merge(parts[1]), 0.0025)
    assert [text.split(" (")[0] for text in found.incidents] == ["y: the column is missing in 1 row"]


def test_a_column_that_is_lost_before_another_still_counts_as_lost():
    window = rows(30, 2)
    found = assessed(rows(200), pd.concat([window, window]).drop(columns="x"), TWO)
    assert [text.split(" (")[0] for text in found.incidents] == ["x: the column is missing"]


def test_a_column_that_was_empty_is_left_out_with_a_note():
    found = assessed(rows(200, y=np.nan), rows(60, 2), TWO)
    assert (found.incidents, found.excluded) == ((), {1})
    assert found.notes == ("y: has values in 100% of rows, before 0%; the baseline has none to compare with",)


def test_a_column_that_was_empty_and_is_gone_is_missing_all_the_same():
    found = assessed(rows(200, y=np.nan), rows(60, 2).drop(columns="y"), TWO)
    assert [text.split(" (")[0] for text in found.incidents] == ["y: the column is missing"]
    assert (found.excluded, found.notes[1:]) == ({1}, ())


@pytest.mark.parametrize(
    ("baseline", "window", "lost"),
    [([1.0, 2.0], [np.nan] * 3, True), ([1.0, 2.0], [np.nan, 1.0], False), ([np.nan] * 2, [np.nan] * 3, False)],
)
def test_a_column_is_lost_where_no_value_is_left_of_it(baseline, window, lost):
    assert is_lost(pair(baseline, window)) is lost


def test_a_column_is_lost_where_one_record_alone_came_without_it():
    """A baseline without values grows no emptier: that a file came without the column is all there is to see."""
    schema = Schema((Column("x"), Column("y")))
    baseline = pd.DataFrame({"x": [np.nan] * 3, "y": [1.0, 2.0, 3.0]})
    window = pd.DataFrame({"y": [1.0]})
    found = pair_columns(Baseline.build(baseline, schema), Window.build(window, schema))[0]
    assert found.window.absent == 1
    assert is_lost(found)


def test_names_that_turned_over_are_left_out_unless_they_are_the_old_numbers_in_another_unit():
    doses, column = ["5", "10", "20", "40"], [Column("dose", "categorical")]
    other = assessed({"dose": doses * 50}, {"dose": ["7013", "9111"] * 20}, column)
    assert (other.incidents, other.excluded, len(other.notes)) == ((), {0}, 1)
    converted = assessed({"dose": doses * 50}, {"dose": ["5000", "10000", "20000"] * 13}, column)
    assert (len(converted.incidents), converted.excluded, converted.notes) == (1, set(), ())


def test_each_column_has_one_sentence_of_its_most_telling_rule():
    """Values in another unit are beyond the schema's range, too, and columns exchanged are in another unit."""
    ranged = [Column("x", range=(0, 500)), Column("y")]
    baseline, window = rows(200), rows(60, 2)
    found = assessed(baseline.assign(x=100 + 9 * baseline["x"]), window.assign(x=1000 + 90 * window["x"]), ranged)
    assert [text.split(" (")[0] for text in found.incidents] == [
        "x: 100% of the values look like 10 times what they should be"
    ]
    tenfold = assessed(
        baseline.assign(x=100 + 9 * baseline["x"], y=1000 + 90 * baseline["y"]),
        window.assign(y=100 + 9 * window["x"], x=1000 + 90 * window["y"]),
        TWO,
    )
    assert [text.split(" (")[0] for text in tenfold.incidents] == [
        "x: holds the values of y: columns exchanged?",
        "y: holds the values of x: columns exchanged?",
    ]


def test_records_without_a_time_are_neither_late_nor_early():
    schema = Schema((Column("at", "datetime", role="timestamp"), *SCHEMA.columns))
    timed = draw(350, np.random.default_rng(1)).assign(at=pd.date_range("2026-01-01", periods=350, tz="UTC"))
    untimed = fresh(ROWS).assign(at=pd.NaT)
    for sides in ((timed, untimed), (timed.assign(at=pd.NaT), fresh(ROWS).assign(at=pd.Timestamp("2020-01-01")))):
        baseline, window = Baseline.build(sides[0], schema), Window.build(sides[1], schema)
        assert list(check_record_times(baseline, window, pd.Timestamp("2026-03-10").timestamp())) == []
