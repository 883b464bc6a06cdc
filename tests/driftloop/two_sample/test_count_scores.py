"""Score means from per-column counts are those of the records."""

import numpy as np
import pandas as pd
import pytest

from driftloop import Column, Profile, Schema
from driftloop.profile.counting.category_counts import MAX_NAMES, CategoryCounts
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.histogram import Histogram
from driftloop.stats.fisher import share_z
from driftloop.two_sample.column_scores import BUMP, CENTRE, LOCATION, MISSING, RANGE, SHARE, SIDE, Score
from driftloop.two_sample.count_scores import OTHER, count_score_means
from driftloop.two_sample.score_matrix import pool_samples, score_records

NUMERIC, CATEGORICAL = Column("x"), Column("g", "categorical")


def numbers(*values, missing=0, infinite=(0, 0)):
    histogram = Histogram.of(np.array(values, float))
    rows = len(values) + missing + sum(infinite)
    return ColumnProfile(
        rows, missing, negative_infinite=infinite[0], positive_infinite=infinite[1], histogram=histogram
    )


def categories(counts, missing=0):
    counted = CategoryCounts({}).add(counts.items())
    return ColumnProfile(counted.total + missing, missing, categories=counted)


def test_means_from_counts_are_those_of_the_records():
    rng = np.random.default_rng(6)
    schema = Schema((Column("x"), Column("g", "categorical")))

    def frame(rows, shift):
        x = np.round(rng.normal(shift, 1, rows), 2)
        x[rng.random(rows) < 0.05] = np.nan
        return pd.DataFrame({"x": x, "g": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.35, 0.05])})

    before, after = (Profile.build(frame(rows, shift), schema) for rows, shift in ((700, 0.0), (300, 0.2)))
    pooled = pool_samples(before.sample, after.sample)
    records = score_records(pooled, schema.features, [0, 1])
    for column_index, column in enumerate(schema.features):
        means = dict(count_score_means(column, column_index, before.columns[column.name], after.columns[column.name]))
        for name, mean in means.items():
            j = records.names.index(name)
            score = records.matrix[:, j] + records.means[j]
            assert mean.window_mean - mean.baseline_mean == pytest.approx(
                score[pooled.window].mean() - score[~pooled.window].mean(), abs=0.02
            ), name
        assert {name.kind for name in means} >= ({LOCATION, SIDE, MISSING} if column_index == 0 else {SHARE})


@pytest.mark.parametrize(
    ("kind", "level"), [(LOCATION, ""), (CENTRE, ""), (SIDE, "high"), (SIDE, "low"), (BUMP, "upper")]
)
def test_scores_of_many_values_are_standardised_over_all_rows(kind, level):
    baseline, window = numbers(1, 2, 3, 4, 4), numbers(3, 5, 6)
    name = Score(kind, (0,), level)
    mean = dict(count_score_means(NUMERIC, 0, baseline, window))[name]
    schema = Schema((NUMERIC,))
    frames = [pd.DataFrame({"x": values}) for values in ([1.0, 2, 3, 4, 4], [3.0, 5, 6])]
    pooled = pool_samples(*(Profile.build(frame, schema).sample for frame in frames))
    records = score_records(pooled, schema.features, [0])
    index = records.names.index(name)
    z = records.matrix[:, index]
    variance = (z**2).sum() / 8
    assert mean.deviation == pytest.approx(np.sqrt(variance))
    assert mean.baseline_mean == pytest.approx(records.means[index] + z[~pooled.window].mean())
    assert mean.window_mean == pytest.approx(records.means[index] + z[pooled.window].mean())
    difference = z[pooled.window].mean() - z[~pooled.window].mean()
    assert mean.z == pytest.approx(difference / np.sqrt(variance * 8 / 7 * (1 / 5 + 1 / 3)))


def test_shares_are_compared_by_fishers_test():
    baseline, window = categories({"a": 30, "b": 10}), categories({"a": 5, "b": 7})
    mean = dict(count_score_means(CATEGORICAL, 2, baseline, window))[Score(SHARE, (2,), "b")]
    assert mean.z == share_z(7, 12, 10, 40)
    assert (mean.baseline_mean, mean.window_mean) == (10 / 40, 7 / 12)
    share = 17 / 52
    assert mean.deviation == pytest.approx(np.sqrt(share * (1 - share)))


def test_missing_values_are_a_share_of_all_rows_and_no_part_of_other_scores():
    baseline, window = numbers(1, 2, 3, missing=1), numbers(1, 2, missing=6)
    means = dict(count_score_means(NUMERIC, 0, baseline, window))
    assert means[Score(MISSING, (0,))].z == share_z(6, 8, 1, 4)
    assert means[Score(MISSING, (0,))].window_mean == 6 / 8
    without = dict(count_score_means(NUMERIC, 0, numbers(1, 2, 3), numbers(1, 2)))
    assert means[Score(LOCATION, (0,))] == without[Score(LOCATION, (0,))]
    assert Score(MISSING, (0,)) not in without


def test_infinite_values_are_ranked_at_both_ends():
    baseline, window = numbers(*range(1, 101)), numbers(*range(1, 101), infinite=(3, 5))
    means = dict(count_score_means(NUMERIC, 0, baseline, window))
    assert means[Score(RANGE, (0,), "above")].window_mean == pytest.approx(5 / 108)
    assert means[Score(RANGE, (0,), "below")].window_mean == pytest.approx(3 / 108)
    assert means[Score(SIDE, (0,), "high")].z > 0


def test_a_score_that_does_not_vary_or_that_one_side_lacks_is_left_out():
    assert dict(count_score_means(NUMERIC, 0, numbers(5, 5), numbers(5))) == {}
    only_missing = numbers(missing=4)
    assert list(dict(count_score_means(NUMERIC, 0, numbers(1, 2), only_missing))) == [Score(MISSING, (0,))]
    assert dict(count_score_means(CATEGORICAL, 0, categories({}), categories({}))) == {}
    assert dict(count_score_means(CATEGORICAL, 0, categories({"a": 3}), categories({"a": 4}))) == {}
    only = dict(count_score_means(CATEGORICAL, 0, categories({"a": 3, "b": 4}), categories({}, missing=2)))
    assert list(only) == [Score(MISSING, (0,))]


def test_few_whole_values_are_compared_by_shares_too():
    baseline, window = numbers(*[1] * 50, *[2] * 30, *[3] * 20), numbers(*[1] * 20, *[2] * 30, *[3] * 50)
    mean = dict(count_score_means(NUMERIC, 0, baseline, window))[Score(SHARE, (0,), "3")]
    assert (mean.baseline_mean, mean.window_mean) == (0.2, 0.5)
    assert mean.z == share_z(50, 100, 20, 100)


def test_categories_beyond_a_full_dictionary_are_one():
    many = {f"c{number}": 2 for number in range(MAX_NAMES + 100)}
    baseline, window = categories(many), categories({"c0": 40, "new": 60})
    means = dict(count_score_means(CATEGORICAL, 0, baseline, window))
    named = [score for score in means if score.level == OTHER]
    assert len(named) <= 1
    both = CategoryCounts({}).add(many.items()).merge(CategoryCounts({}).add([("c0", 40), ("new", 60)]))
    for score, mean in means.items():
        if score.level in both.names:
            assert mean.window_mean == {"c0": 0.4, "new": 0.6}.get(score.level, 0.0)


def test_categories_come_by_how_many_rows_of_both_sides_have_them():
    means = count_score_means(CATEGORICAL, 0, categories({"a": 30, "b": 50, "c": 1}), categories({"a": 30, "c": 2}))
    assert [score.level for score, _ in means] == ["a", "b", "c"]


def test_names_that_one_full_dictionary_left_out_are_a_share_of_their_side():
    """1,124 names on one side, of which 1,024 stay by name; the other side has none beyond them."""
    many = {f"c{number}": 2 for number in range(MAX_NAMES + 100)}
    kept = next(iter(CategoryCounts({}).add(many.items()).names))
    means = dict(count_score_means(CATEGORICAL, 0, categories(many), categories({kept: 60})))
    (other,) = [mean for score, mean in means.items() if score.level == OTHER]
    assert (other.baseline_mean, other.window_mean) == (pytest.approx(100 / (MAX_NAMES + 100)), 0.0)


def test_centres_are_scored_where_asked_for():
    sides = numbers(1, 2, 3, 4, 4), numbers(3, 5, 6)
    assert Score(CENTRE, (0,)) in dict(count_score_means(NUMERIC, 0, *sides))
    assert Score(CENTRE, (0,)) not in dict(count_score_means(NUMERIC, 0, *sides, shapes=False))
