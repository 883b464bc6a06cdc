"""Scores of single columns: functions of the distinct values and how often each occurs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftloop.two_sample.column_scores import (
    BUMP,
    CENTRE,
    FENCE,
    LOCATION,
    RANGE,
    REPEAT,
    SHARE,
    SIDE,
    Score,
    category_parts,
    has_shapes,
    normal_scores,
    numeric_parts,
)


def evenly(values):
    """So many distinct values, each once."""
    return np.arange(float(values)), np.ones(values, np.int64)


def levels(parts, kind):
    return [score.level for score, _ in parts if score.kind == kind]


@given(st.lists(st.integers(1, 40), min_size=2, max_size=30))
@settings(max_examples=40)
def test_normal_scores_are_those_of_mid_ranks(counts):
    values = np.repeat(np.arange(len(counts)), counts)
    expected = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    np.testing.assert_allclose(normal_scores(np.array(counts))[values], expected, atol=1e-8)


def test_a_numeric_column_is_scored_by_location_centre_sides_fences_and_repetition():
    values = np.concatenate([np.arange(100.0), [50.0] * 9, [1e6, np.inf, -1e5]])
    distinct, counts = np.unique(values, return_counts=True)
    parts = {(name.kind, name.level): score for name, score in numeric_parts(distinct, counts, 0)}
    assert list(parts) == [
        (LOCATION, ""), (CENTRE, ""), (SIDE, "high"), (SIDE, "low"), (BUMP, "lower"), (BUMP, "upper"),
        (RANGE, "above"), (RANGE, "below"), (REPEAT, "50"),
    ]  # fmt: skip
    assert (parts[RANGE, "above"] @ counts, parts[RANGE, "below"] @ counts) == (2, 1)
    assert parts[REPEAT, "50"] @ counts == 10
    assert (np.diff(parts[LOCATION, ""]) > 0).all()
    assert parts[SIDE, "high"].min() == pytest.approx(0.2)
    assert parts[SIDE, "high"].max() == pytest.approx(1.2)


def test_the_centre_is_the_normal_score_between_minus_and_plus_a_half():
    parts = {name.kind: score for name, score in numeric_parts(np.arange(1_000.0), np.ones(1_000, np.int64), 0)}
    z, centre = parts[LOCATION], parts[CENTRE]
    np.testing.assert_array_equal(centre, np.where(z > 0.5, 0.5, np.where(z < -0.5, -0.5, z)))
    # Normal quantiles of 30.9 and 69.1 %: that many values lie at each end.
    assert (np.count_nonzero(centre == -0.5), np.count_nonzero(centre == 0.5)) == (309, 309)


@pytest.mark.parametrize(("border", "least", "of_location"), [(0.4, 0.89, 0.79), (0.5, 0.93, 0.80)])
def test_the_centre_is_closer_to_a_step_in_the_middle_than_the_normal_score(border, least, of_location):
    parts = {name.kind: score for name, score in numeric_parts(np.arange(2_000.0), np.ones(2_000, np.int64), 0)}
    step = np.arange(2_000) >= border * 2_000
    assert np.corrcoef(step, parts[CENTRE])[0, 1] >= least
    assert np.corrcoef(step, parts[LOCATION])[0, 1] == pytest.approx(of_location, abs=0.005)


def test_a_bump_is_a_triangle_over_a_quartile():
    parts = {score.level: values for score, values in numeric_parts(*evenly(399), 0) if score.kind == BUMP}
    upper, lower = parts["upper"], parts["lower"]
    np.testing.assert_allclose(upper, lower[::-1], atol=1e-12)
    assert upper[199] == 0  # the middle
    assert upper[299] == pytest.approx(1, abs=0.003)  # the quartile
    assert upper[249] == pytest.approx(stats.norm.ppf(0.625) / 0.6745, abs=0.003)  # half way, in ranks
    assert upper[:199].max() == 0
    # It ends at twice the quartile's z: the 91 % quantile.
    assert stats.norm.cdf(2 * 0.6745) == pytest.approx(0.911, abs=0.001)
    assert upper[363] > 0
    assert upper[364] == 0


@pytest.mark.parametrize(("values", "bumps"), [(2, []), (3, ["lower", "upper"])])
def test_two_values_have_no_bump_between_them(values, bumps):
    assert levels(numeric_parts(*evenly(values), 0), BUMP) == bumps


def test_more_than_150_columns_have_no_centres_and_no_bumps():
    assert has_shapes(1)
    assert has_shapes(150)
    assert not has_shapes(151)
    kinds = [name.kind for name, _ in numeric_parts(np.arange(9.0), np.ones(9, np.int64), 0, shapes=False)]
    assert not {CENTRE, BUMP} & set(kinds)
    assert LOCATION in kinds


def test_a_column_without_values_has_no_scores():
    assert numeric_parts(np.empty(0), np.empty(0, np.int64), 0) == []
    assert category_parts([], np.empty(0, np.int64), 0) == []


def test_a_constant_column_says_nothing_about_location():
    parts = {name.kind: score for name, score in numeric_parts(np.array([5.0]), np.array([40]), 0)}
    assert parts[LOCATION].tolist() == [0.0]
    assert RANGE not in parts


def test_rare_categories_are_scored_by_how_rare_they_are():
    names = [f"c{number:03}" for number in range(100)]
    counts = np.array([50] * 30 + [20] * 10 + [3] * 30 + [1] * 30)
    parts = dict(category_parts(names, counts, 2))
    assert sum(name.level.startswith("c") for name in parts) == 30
    assert parts[Score(SHARE, (2,), "seen at most 1 times")].sum() == 30
    assert parts[Score(SHARE, (2,), "seen at most 3 times")].sum() == 60
    assert parts[Score(SHARE, (2,), "seen at most 30 times")].sum() == 70


def test_sides_are_the_normal_score_cut_at_a_fifth_and_at_six_fifths():
    counts = np.ones(199, np.int64)
    parts = {score.level: values for score, values in numeric_parts(np.arange(199.0), counts, 0) if score.kind == SIDE}
    z = stats.norm.ppf((np.arange(199) + 0.5) / 199)
    np.testing.assert_allclose(parts["high"], np.clip(z, 0.2, 1.2), atol=1e-9)
    np.testing.assert_allclose(parts["low"], np.clip(-z, 0.2, 1.2), atol=1e-9)


@pytest.mark.parametrize(("beyond", "marked"), [(-1e-9, 0), (0.0, 0), (1e-9, 1)])
def test_a_fence_lies_three_interquartile_ranges_beyond_the_quartiles(beyond, marked):
    # 25 % of the 100 values reach 25, 75 % reach 75: the fences are -125 and 225.
    inner = np.arange(2.0, 100.0)
    values = np.concatenate([[-125.0 - beyond], inner, [225.0 + beyond]])
    parts = dict(numeric_parts(values, np.ones(100, np.int64), 0))
    assert FENCE == 3.0
    assert parts[Score(RANGE, (0,), "above")].sum() == marked
    assert parts[Score(RANGE, (0,), "below")].sum() == marked


def test_there_are_no_fences_where_half_of_the_values_are_equal_or_infinite():
    assert levels(numeric_parts(np.array([0.0, 1.0, 9.0]), np.array([10, 80, 10]), 0), RANGE) == []
    assert levels(numeric_parts(np.array([0.0, 1.0, np.inf]), np.array([30, 30, 40]), 0), RANGE) == []


@pytest.mark.parametrize(
    ("times", "rows", "marked"),
    [(4, 50, False), (5, 50, True), (5, 250, True), (5, 251, False), (19, 1_000, False), (20, 1_000, True)],
)
def test_a_value_repeats_when_five_records_and_two_in_a_hundred_share_it(times, rows, marked):
    distinct = np.concatenate([[0.5], np.arange(1.0, rows - times + 1)])
    counts = np.concatenate([[times], np.ones(rows - times, np.int64)])
    assert (levels(numeric_parts(distinct, counts, 0), REPEAT) == ["0.5"]) is marked


@pytest.mark.parametrize(("values", "marked"), [(2, 0), (3, 3), (30, 30), (31, 30), (50, 30), (51, 0)])
def test_whole_numbers_of_3_to_50_values_have_marks_of_the_30_most_frequent(values, marked):
    counts = np.where(np.arange(values) < 35, 100, 5)
    assert len(levels(numeric_parts(np.arange(float(values)), counts, 0), SHARE)) == marked


def test_marks_of_values_need_what_a_repetition_needs_and_come_by_frequency():
    counts = np.array([500, 19, 20, 461])  # of 1,000 records, 20 are two in a hundred
    parts = numeric_parts(np.array([-1.0, 0.0, 7.0, 100.0]), counts, 3)
    assert levels(parts, SHARE) == ["-1", "100", "7"]
    marks = dict(parts)
    np.testing.assert_array_equal(marks[Score(SHARE, (3,), "7")], [0, 0, 1, 0])


def test_numbers_with_decimals_are_no_codes_and_infinities_do_not_make_them_so():
    assert levels(numeric_parts(np.array([0.5, 1.0, 2.0]), np.full(3, 50), 0), SHARE) == []
    assert levels(numeric_parts(np.array([-np.inf, 1.0, 2.0, 3.0, np.inf]), np.full(5, 50), 0), SHARE) == [
        "1",
        "2",
        "3",
    ]


def test_thirty_categories_have_a_mark_of_their_own_and_of_equal_ones_the_first():
    parts = category_parts([f"c{number:02}" for number in range(31)], np.full(31, 40), 0)
    assert levels(parts, SHARE) == [f"c{number:02}" for number in range(30)]


@pytest.mark.parametrize(("count", "most"), [(1, 1), (2, 3), (3, 3), (4, 10), (10, 10), (11, 30), (30, 30)])
def test_rare_categories_are_marked_from_their_own_rarity_on(count, most):
    counts = np.concatenate([np.full(30, 99), [count]])
    parts = category_parts([f"c{number:02}" for number in range(31)], counts, 0)
    assert levels(parts, SHARE)[30:] == [f"seen at most {limit} times" for limit in (1, 3, 10, 30) if limit >= most]


def test_a_category_is_marked_where_it_is_and_nowhere_else():
    marks = {score.level: values.tolist() for score, values in category_parts(["a", "b", "c"], np.array([2, 9, 5]), 0)}
    assert marks == {"b": [0, 1, 0], "c": [0, 0, 1], "a": [1, 0, 0]}
