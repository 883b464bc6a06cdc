"""What of two sides cannot be compared: limits of rows by season and of clusters, and what is said of it."""

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Policy, Schema, Window
from driftloop.report.words.language import Words
from driftloop.two_sample.comparable import cluster_notes, season_notes, too_little

X, AT = Column("x"), Column("at", "datetime", role="timestamp")
PATIENT = Column("patient", "categorical", role="cluster")
BY_WEEKDAY = Schema((X, AT), season="weekday")
MONDAY = np.datetime64("2024-01-01T12:00", "us")
MON, SAT, SUN = 0, 5, 6


def side(kind, schema=BY_WEEKDAY, patients=1, **rows):
    """So many records of each day, and of none."""
    days = np.repeat([MON, SAT, SUN], [rows.get(name, 0) for name in ("MON", "SAT", "SUN")]).tolist()
    times = [MONDAY + np.timedelta64(day, "D") for day in days] + [None] * rows.get("NONE", 0)
    columns = {"x": np.arange(float(len(times))), "at": pa.array(times, pa.timestamp("us"))}
    columns["patient"] = [f"{kind.__name__}{row % patients}" for row in range(len(times))]
    return kind.build(pa.table(columns).select([column.name for column in schema.columns]), schema)


def reason(baseline, window, schema=BY_WEEKDAY, **patients):
    return too_little(
        side(Baseline, schema, **baseline, **patients), side(Window, schema, **window, **patients), Policy(min_rows=20)
    )


def test_both_sides_need_the_minimum_of_rows_of_the_seasons_that_they_share():
    assert reason({"MON": 20}, {"MON": 20, "SUN": 5}) is None
    assert reason({"MON": 40}, {"MON": 19, "SUN": 50}) == (
        "only 19 rows in the window are of a weekday that both sides have (at least 20 are needed; the window is of "
        "Monday, Sunday): give a baseline that covers it, or no season"
    )
    assert reason({"MON": 19, "SAT": 90}, {"MON": 40}).startswith("only 19 rows in the baseline are of a weekday")
    assert reason({"MON": 9}, {"MON": 8}).startswith("only 8 rows in the window")


def test_without_a_season_rows_are_not_counted():
    assert reason({"MON": 40}, {"SUN": 2}, Schema((X, AT))) is None


def test_clusters_are_counted_among_the_records_of_shared_seasons():
    by_patient = Schema((X, AT, PATIENT), season="weekday")
    assert reason({"MON": 40}, {"MON": 40}, by_patient, patients=10) is None
    assert reason({"MON": 40}, {"MON": 40}, by_patient, patients=2) == (
        "2 groups of 'patient' in the window and 2 in the baseline are too few to say anything: at least 6 are needed "
        "in the window, or more in the baseline"
    )


@pytest.mark.parametrize("name", ["patient-1", 7.0])
def test_rows_that_name_no_group_are_said_to_count_as_one(name):
    """Whether groups are names or numbers: without a word a feed that lost them would seem quiet for ever."""
    kind = "categorical" if isinstance(name, str) else "numeric"
    schema = Schema((X, Column("patient", kind, role="cluster")))

    def made(build, named, unnamed):
        return build(
            pa.table({"x": np.arange(float(named + unnamed)), "patient": [name] * named + [None] * unnamed}), schema
        )

    assert cluster_notes(made(Baseline.build, 100, 0), made(Window.build, 50, 0)) == ()
    assert cluster_notes(made(Baseline.build, 98, 2), made(Window.build, 50, 150)) == (
        "75% of the rows in the window have no 'patient': they count as one group",
        "2% of the rows in the baseline have no 'patient': they count as one group",
    )
    assert cluster_notes(made(Baseline.build, 199, 1), made(Window.build, 0, 20))[0].startswith("100% of the rows")
    assert len(cluster_notes(made(Baseline.build, 199, 1), made(Window.build, 0, 20))) == 1
    assert cluster_notes(made(Baseline.build, 9, 1), made(Window.build, 0, 0))[0].startswith("10% of the rows in the")
    words = Words("ja")
    for note in cluster_notes(made(Baseline.build, 98, 2), made(Window.build, 50, 150)):
        assert words.sentence(note).language == "ja"


def test_a_table_without_groups_says_nothing_of_them():
    assert cluster_notes(side(Baseline, Schema((X, AT)), MON=30), side(Window, Schema((X, AT)), MON=30)) == ()


def test_a_comparison_by_season_says_with_which_part_of_the_baseline():
    baseline, window = side(Baseline, MON=30, SUN=30), side(Window, MON=10, SUN=10)
    assert season_notes(baseline, window) == (
        "compared with the baseline's records of the same weekday: Monday, Sunday",
    )


def test_what_the_baseline_lacks_is_said_with_its_share():
    baseline = side(Baseline, MON=30, NONE=5)
    assert season_notes(baseline, side(Window, MON=30, SAT=4, SUN=4, NONE=2)) == (
        "compared with the baseline's records of the same weekday: Monday",
        "5% of the rows were not compared: they have no time, so no weekday",
        "20% of the rows were not compared: the baseline has no record of their weekday (Saturday, Sunday)",
    )


def test_a_window_of_seasons_that_the_baseline_lacks_is_said_to_be_compared_with_none():
    baseline, window = side(Baseline, MON=40), side(Window, SUN=30)
    assert season_notes(baseline, window) == (
        "100% of the rows were not compared: the baseline has no record of their weekday (Sunday)",
    )
    assert "(at least 20 are needed; the window is of Sunday)" in reason({"MON": 40}, {"SUN": 30})


@pytest.mark.parametrize("where", ["window", "baseline"])
def test_rows_without_any_time_are_no_matter_of_which_seasons_the_baseline_covers(where):
    sides = [{"MON": 40}, {"NONE": 40}] if where == "window" else [{"NONE": 40}, {"MON": 40}]
    assert reason(*sides) == (
        f"no row in the {where} has a time in 'at', so none is of a weekday: have the times delivered, or ask for no "
        "season"
    )


def test_repeated_rows_count_as_often_as_they_occur():
    rows = pa.table({"x": [1.0] * 40, "at": pa.array([MONDAY] * 30 + [MONDAY + np.timedelta64(6, "D")] * 10)})
    assert season_notes(side(Baseline, MON=30), Window.build(rows, BY_WEEKDAY))[1].startswith("25% of the rows")
    assert too_little(side(Baseline, MON=30), Window.build(rows, BY_WEEKDAY), Policy(min_rows=30)) is None


@pytest.mark.parametrize(("schema", "rows"), [(Schema((X, AT)), 30), (BY_WEEKDAY, 0)])
def test_nothing_is_said_without_a_season_or_a_record(schema, rows):
    assert season_notes(side(Baseline, schema, MON=30), side(Window, schema, MON=rows)) == ()


def test_sundays_are_shared_as_mondays_are():
    assert season_notes(side(Baseline, SUN=30), side(Window, SUN=30, MON=10))[1].startswith("25% of the rows")
    assert len(season_notes(side(Baseline, SUN=30), side(Window, SUN=30))) == 1
