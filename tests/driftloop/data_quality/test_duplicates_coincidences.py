"""Copies, steps and fine columns: what `coincidence_p` and the bounds rest on, at each limit."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.duplicates import coincidence_p, familiar_p, find_repeated_records, repeated_p
from tests.driftloop.data_quality.feeds import measured, repetitions, same_p


def sample_of(rows):
    return Window.build(rows, Schema(tuple(Column(name) for name in rows.columns))).profile.sample


TWO = pd.DataFrame({"a": [0.5, 1.5] * 5, "b": [2.5, 3.5] * 5})
"""Two records, five times each: 8 of them repeat another one."""


def in_both(values):
    """A baseline whose two columns hold these values."""
    return sample_of(pd.DataFrame({"a": np.asarray(values, float), "b": np.asarray(values, float)}))


@pytest.mark.parametrize(
    ("values", "p"),
    [
        (np.repeat(np.arange(27), 3), 0.0),  # 162 of 81 x 80 pairs agree: one in 40
        (np.append(np.repeat(np.arange(27), 3), 0), 1.0),  # 168 of 82 x 81
        ([1, 2], 0.0),
        ([1, np.nan], 1.0),
        ([np.nan, np.nan], 1.0),
        ([1, 1], 1.0),
    ],
)
def test_few_records_are_copies_where_one_pair_in_forty_of_the_baseline_agrees_in_each_column(values, p):
    assert coincidence_p(8, sample_of(TWO), in_both(values)) == p


def test_a_fine_column_counts_where_the_window_varies_in_it():
    """The window varies in a and b. Of the baseline a and c are fine, which are one too few."""
    fine, coarse = np.arange(40.0), np.repeat([0.0, 1.0], 20)
    window = sample_of(TWO.assign(c=7.0))
    assert coincidence_p(8, window, sample_of(pd.DataFrame({"a": fine, "b": coarse, "c": fine}))) == 1.0
    assert coincidence_p(8, window, sample_of(pd.DataFrame({"a": fine, "b": fine, "c": coarse}))) == 0.0


@pytest.mark.parametrize(("values", "pairs"), [((0, 20, 50), 6), ((0, 20, 49.9), 18), ((0, 1), 6), ((0, 1, np.nan), 6)])
def test_steps_are_neighbours_below_one_and_a_half_times_the_smallest(values, pairs):
    """2, 3 and 4 records. What has no value lies beside nothing."""
    rows = pd.DataFrame({"a": np.repeat(np.asarray(values, float), [2, 3, 4][: len(values)])})
    assert coincidence_p(4, sample_of(rows)) == pytest.approx(stats.poisson.sf(3, pairs / 2))


def test_a_column_of_one_value_beside_blanks_does_not_vary():
    """Then b alone tells: 2 x 3 pairs lie on neighbouring steps."""
    rows = pd.DataFrame({"a": [1.0, np.nan] * 2 + [1.0], "b": [0.0, 0.0, 1.0, 1.0, 1.0]})
    assert coincidence_p(3, sample_of(rows)) == pytest.approx(stats.poisson.sf(2, 6 / 2))


def test_of_one_record_a_thousand_copies_are_looked_at():
    rows = pd.DataFrame({"a": np.repeat([0.0, 1.0], [1_500, 2])})
    assert coincidence_p(990, sample_of(rows)) == pytest.approx(stats.poisson.sf(989, 1_000 * 2 / 2))
    grid = pd.DataFrame([[float(a), float(b)] for a in range(4) for b in range(5)], columns=["a", "b"])
    many = pd.concat([grid, *[grid.head(1)] * 1_500])
    expected = 8 * 1_019 * 1_018 / 380
    assert coincidence_p(21_900, sample_of(many)) == pytest.approx(stats.poisson.sf(21_899, expected))


def test_a_record_of_more_than_a_thousand_copies_counts_as_a_thousand_repetitions():
    window = pd.concat([measured(8, 1).head(1)] * 1_500 + [measured(100, 2)])
    (sign,) = repetitions(measured(350, 0), window)
    assert sign.text.startswith(f"{999 / 1_100:.0%} of the records are repetitions")


@pytest.mark.parametrize(("rows", "says"), [(40, "records of the baseline"), (60, "the baseline itself")])
def test_a_window_is_the_baseline_itself_where_all_of_it_comes(rows, says):
    baseline = measured(60, 0)
    (sign,) = repetitions(baseline, baseline.head(rows))
    assert sign.text == f"100% of the window are {says}, sent again"


def test_more_than_the_baseline_is_not_the_baseline_itself():
    baseline = measured(60, 0)
    (sign,) = repetitions(baseline, pd.concat([baseline, measured(3, 5)]))
    assert sign.text == "95% of the window are records of the baseline, sent again"


@pytest.mark.parametrize(("known", "found"), [(10, 1), (9, 0)])
def test_half_of_a_window_must_be_in_the_sample_of_a_large_baseline(known, found):
    schema = Schema((Column("a"), Column("b")))
    baseline = Baseline.build(measured(20_000, 0), schema)
    assert not baseline.profile.sample.complete
    each = (measured(20_000, 0)[row : row + 1] for row in range(20_000))
    is_kept = (one for one in each if sample_of(one).keys[0] in baseline.profile.sample.keys)
    kept = pd.concat(islice(is_kept, known))
    window = Window.build(pd.concat([kept, measured(20 - known, 9)]), schema)
    assert len(list(find_repeated_records(baseline, window))) == found


def least(count, moment):
    """The smallest bound over any t in the range that is looked at."""
    found = optimize.minimize_scalar(lambda t: moment(t) - t * count, bounds=(0.02, 8.0), method="bounded")
    return np.exp(min(found.fun, moment(0.02) - 0.02 * count, moment(8.0) - 8.0 * count, 0.0))


@pytest.mark.parametrize("q", [0.1, 0.4])
@pytest.mark.parametrize("count", [6, 12, 25, 30])
def test_the_bounds_are_the_smallest_over_all_tilts(q, count):
    """Of 30 pairs: with t up to 8, and within 30 % of the smallest between its points."""
    copies = np.full(30, 2)
    within = least(count, lambda t: 30 * np.log(2 * q * (1 - q) + (1 - q) ** 2 + q**2 * np.exp(t)))
    assert within * 0.9999 <= repeated_p(copies, count, q) <= 1.3 * within
    across = least(count, lambda t: 30 * np.log(q**2 + (1 - q) ** 2 + 2 * q * (1 - q) * np.exp(t)))
    assert across * 0.9999 <= familiar_p(copies, count, q) <= 1.3 * across


def test_the_largest_tilt_is_eight():
    """30 of 30 pairs: the bound falls with t all the way."""
    moment = 30 * np.log(1 - 0.01 + 0.01 * np.exp(8.0)) - 8.0 * 30
    assert repeated_p(np.full(30, 2), 30, 0.1) == same_p(np.exp(moment))


def test_the_smallest_tilt_is_a_fiftieth():
    """Hardly more than expected of very many pairs: the bound falls from 1 by t near zero alone."""
    copies, q = np.full(10_000, 2), 0.5
    moment = 10_000 * np.log(1 + 0.25 * np.expm1(0.02)) - 0.02 * 2_530
    assert repeated_p(copies, 2_530, q) == pytest.approx(np.exp(moment), rel=1e-6)
