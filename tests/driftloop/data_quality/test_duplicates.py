"""Records that come again: a bound that holds for tables of codes and finds a second delivery of measurements."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.duplicates import (
    FAMILIAR,
    REPEATED,
    coincidence_p,
    familiar_p,
    find_repeated_records,
    repeated_p,
)
from tests.driftloop.data_quality.feeds import measured, repetitions, same_p


def sample_of(rows, **roles):
    columns = (Column(name, role=roles.get(name, "feature")) for name in rows.columns)
    return Window.build(rows, Schema(tuple(columns))).profile.sample


GRID = pd.DataFrame([[float(a), float(b)] for a in range(4) for b in range(5)], columns=["a", "b"])


def test_the_bounds_are_above_the_exact_chance_for_pairs():
    """Of J pairs of equal records each lies within the window with q^2, or across with 2 q (1 - q), independently."""
    copies, q = np.array([2] * 30 + [1] * 340), 0.125
    for count in (3, 6, 12):
        exact = stats.binom.sf(count - 1, 30, q**2)
        assert exact <= repeated_p(copies, count, q) <= 40 * exact
    exact = stats.binom.sf(20 - 1, 30, 2 * q * (1 - q))
    assert exact <= familiar_p(copies, 20, q) <= 40 * exact


def test_as_many_as_expected_is_no_sign():
    copies = np.array([50] * 8)
    assert repeated_p(copies, 50 - 8, 0.125) == pytest.approx(1.0, abs=0.2)
    assert familiar_p(copies, 50, 0.125) == pytest.approx(1.0, abs=0.2)


def test_fewer_than_expected_have_a_bound_of_one():
    """Of 8 codes with 50 records each an eighth of 400 is expected in the window: 42 repetitions, all of them known."""
    copies = np.array([50] * 8)
    assert (repeated_p(copies, 10, 0.125), familiar_p(copies, 10, 0.125)) == (1.0, 1.0)


def test_a_table_of_codes_repeats_itself():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sides = [pd.DataFrame({"a": rng.integers(0, 4, n), "b": rng.integers(0, 3, n)}) for n in (300, 100)]
        assert [sign.p < 0.01 for sign in repetitions(*sides)] in ([], [False], [False, False])


def test_a_batch_delivered_twice():
    window = measured(50, 1)
    (sign,) = repetitions(measured(350, 0), pd.concat([window, window]))
    assert sign.text == "50% of the records are repetitions of others in the window: delivered twice?"
    assert sign.p < 1e-12
    assert "repeats_allowed = true" in sign.sentence


def test_a_tenth_of_repetitions_is_asked_for():
    window = measured(90, 1)
    for again, found in ((9, 0), (10, 1)):
        both = pd.concat([window, window.head(again)])
        assert (again / len(both) >= REPEATED) is bool(found)
        assert len(repetitions(measured(350, 0), both)) == found


def test_half_of_the_window_from_the_baseline_is_asked_for():
    baseline = measured(350, 0)
    for familiar, found in ((24, 0), (25, 1)):
        window = pd.concat([baseline.head(familiar), measured(50 - familiar, 1)])
        assert (familiar / 50 >= FAMILIAR) is bool(found)
        assert len(repetitions(baseline, window)) == found
    (sign,) = repetitions(baseline, baseline)
    assert sign.text.startswith("100% of the window are the baseline itself")


def test_one_kind_of_rounded_records_agrees_by_coincidence():
    """100 records of one of three kinds, three rounded columns: a tenth agree, and none was delivered twice."""
    for seed in range(30):
        rng = np.random.default_rng(seed)

        def kind(rows, middle, rng=rng):
            return pd.DataFrame(
                {n: rng.normal(middle, s, rows).round(1) for n, s in (("a", 0.4), ("b", 0.3), ("c", 0.12))}
            )

        baseline, window = pd.concat([kind(200, middle) for middle in (5.0, 6.0, 7.0)]), kind(100, 5.0)
        assert [sign.p < 1e-3 for sign in repetitions(baseline, window, "a", "b", "c")] in ([], [False])
        twice = repetitions(baseline, pd.concat([window, window.head(60)]), "a", "b", "c")
        assert twice[0].p < 1e-6


def test_coincidence_is_poissons_tail_of_what_the_other_columns_leave():
    """A grid of 4 x 5, each cell once: 30 pairs agree in all but a, where two records agree with 4/19: 30 x 4/15 = 8.

    Of b it is 40 pairs and 3/19, so 7.5: less.
    """
    assert coincidence_p(9, sample_of(GRID)) == pytest.approx(stats.poisson.sf(8, 8.0))


def test_copies_of_measurements_are_no_coincidence():
    assert coincidence_p(30, sample_of(pd.concat([measured(30, 1)] * 2))) == 0.0


def test_columns_that_are_all_but_constant_say_nothing():
    schema = Schema((Column("a"), Column("b")))
    rows = pd.DataFrame({"a": [0.0] * 19 + [1.0], "b": [0.0] + [1.0] * 19})
    assert coincidence_p(5, Window.build(rows, schema).profile.sample) == 1.0


@pytest.mark.parametrize(("baseline", "window", "found"), [(350, 4, 0), (350, 5, 1), (4, 5, 0), (5, 5, 1)])
def test_five_records_of_each_side_are_asked_for(baseline, window, found):
    """All of the window but its first record repeat that one."""
    assert len(repetitions(measured(baseline, 0), pd.concat([measured(1, 1)] * window))) == found


def test_a_large_baseline_sent_again_is_found_although_both_samples_leave_rows_out():
    baseline = measured(20_000, 0)
    assert not Baseline.build(baseline, Schema((Column("a"), Column("b")))).profile.sample.complete
    (sign,) = repetitions(baseline, baseline)
    assert "the baseline itself" in sign.text
    assert repetitions(baseline, measured(20_000, 1)) == []


def test_copies_with_other_ids_are_no_pairs_that_agree_by_coincidence():
    """Twice the grid of 4 x 5: the 8 pairs of 20 x 19 are those of 40 x 39."""
    twice = pd.concat([GRID, GRID]).assign(visit=range(40))
    assert coincidence_p(9, sample_of(twice, visit="id")) == pytest.approx(stats.poisson.sf(8, 8 * 40 * 39 / 380))


def test_a_column_in_which_most_records_agree_does_not_tell_how_often_they_do():
    """Of b two records agree in 58 of 90 pairs; 29 pairs agree in b, and of a two agree in 4 of 90: 29 x 4/86."""
    rows = pd.DataFrame([[float(a), 0.0] for a in range(8)] + [[0.0, 1.0], [1.0, 1.0]], columns=["a", "b"])
    assert coincidence_p(3, sample_of(rows)) == pytest.approx(stats.poisson.sf(2, 29 * 4 / 86))


def test_five_distinct_records_tell_how_often_two_agree_and_four_do_not():
    """One pair agrees in b, and in a two records agree in 2 of 20: 1 x 2/18."""
    rows = pd.DataFrame([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], columns=["a", "b"])
    assert coincidence_p(1, sample_of(rows)) == pytest.approx(stats.poisson.sf(0, 1 / 9))
    assert coincidence_p(1, sample_of(rows.head(4))) == 1.0


def test_where_most_records_agree_in_every_column_nothing_tells_how_often_they_do():
    """Five records, each with one column of its own: of every column two agree in 12 of 20 pairs."""
    assert coincidence_p(1, sample_of(pd.DataFrame(np.eye(5), columns=list("abcde")))) == 1.0


def visits(patients, **columns):
    """A patient measures the same at each visit."""
    value = np.random.default_rng(2).normal(size=1_000)
    return pd.DataFrame({"value": value[patients], "patient": [f"P{patient}" for patient in patients], **columns})


def of_visits(baseline, window, *roles):
    """Signs of tables whose records depend on each other within patients."""
    kinds = {"id": "categorical", "timestamp": "datetime"}
    columns = [Column("value"), Column("patient", "categorical", role="cluster")]
    columns += [Column(role, kinds[role], role=role) for role in roles]
    schema = Schema(tuple(columns))
    return list(find_repeated_records(Baseline.build(baseline, schema), Window.build(window, schema)))


@pytest.mark.parametrize("role", ["id", "timestamp"])
def test_of_patients_a_visit_is_repeated_only_with_its_id_or_time(role):
    def named(first, patients):
        numbers = range(first, first + len(patients))
        days = pd.Timestamp("2026-01-01") + pd.to_timedelta(list(numbers), unit="D")
        return visits(patients, **{role: [f"V{each}" for each in numbers] if role == "id" else days})

    baseline, window = named(0, np.arange(200)), named(500, np.arange(300, 330))
    assert of_visits(baseline, named(500, np.tile(np.arange(300, 330), 2)), role) == []
    (sign,) = of_visits(baseline, pd.concat([window, window]), role)
    # 200 records once, 30 twice, and of all 260 the window has 60. No coincidence is held against an id or a time.
    assert sign.p == same_p(repeated_p(np.repeat([1, 2], [200, 30]), 30, 60 / 260))


def test_of_patients_without_id_and_time_no_visit_is_called_repeated():
    assert of_visits(visits(np.arange(200)), visits(np.tile(np.arange(300, 330), 2))) == []


def test_the_ps_are_the_bounds_of_how_often_each_record_comes():
    baseline = measured(100, 0)
    (sign,) = repetitions(baseline, pd.concat([baseline.head(30), measured(10, 1)]))
    assert sign.p == same_p(familiar_p(np.repeat([1, 2], [80, 30]), 30, 40 / 140))
    (sign,) = repetitions(baseline, pd.concat([measured(30, 1)] * 2))
    assert sign.p == same_p(repeated_p(np.repeat([1, 2], [100, 30]), 30, 60 / 160))


def test_of_a_large_baseline_codes_that_come_again_with_other_ids_are_not_its_records():
    """The window fits its sample and the baseline does not: there only rows that are the same in all say anything."""
    schema = Schema((Column("code"), Column("visit", "categorical", role="id")))
    sides = [
        pd.DataFrame({"code": np.arange(rows) % 50, "visit": [f"V{first + each}" for each in range(rows)]})
        for rows, first in ((6_000, 0), (50, 6_000))
    ]
    baseline, window = Baseline.build(sides[0], schema), Window.build(sides[1], schema)
    assert (baseline.profile.sample.complete, window.profile.sample.complete) == (False, True)
    assert list(find_repeated_records(baseline, window)) == []


@pytest.mark.parametrize(("values", "pairs"), [((0, 1, 2), 18), ((0, 2, 5), 6), ((0, 20, 49), 18), ((0, 20, 51), 6)])
def test_of_a_single_column_records_on_neighbouring_steps_tell_how_often_two_agree(values, pairs):
    """2, 3 and 4 records: 2 x 3 pairs and 3 x 4 where both gaps are below one and a half steps; half as many agree."""
    rows = pd.DataFrame({"a": np.repeat(np.asarray(values, float), [2, 3, 4])})
    assert coincidence_p(6, sample_of(rows)) == pytest.approx(stats.poisson.sf(5, pairs / 2))
