"""Made tables with seasons and groups: windows lie where they say, and each part runs to its end."""

import numpy as np
import pytest

from benchmarks import cluster_feeds, clustered_seasons, clustered_years, clusters, season_coverage, seasons
from driftloop.profile.sampling.season_codes import season_codes


@pytest.mark.parametrize("pattern", seasons.PATTERNS, ids=lambda pattern: pattern.season)
def test_a_window_lies_in_one_season_and_the_baseline_covers_all(pattern: seasons.Pattern) -> None:
    rng = np.random.default_rng(1)
    codes = season_codes(seasons.START + pattern.baseline(rng), pattern.season)
    assert set(codes) == set(range(len(pattern.effects)))
    for number in range(12):
        window = set(season_codes(seasons.START + pattern.window(rng, number), pattern.season))
        assert window == {number} if pattern.season == "month" else window <= {22, 23, 0, 1, 2, 3, 4, 5}


def test_checks_and_series_of_every_season_run() -> None:
    results = seasons.seasonal(0.001)
    assert [result.with_season.tries > 0 for result in results] == [True] * 4
    assert len(season_coverage.coverage(0.001)) == len(season_coverage.DESIGNS)
    assert len(clustered_seasons.clustered_seasons(0.001)) == len(clustered_seasons.DESIGNS)


def test_checks_and_years_of_every_kind_of_group_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustered_years, "WEEKS", 2)
    monkeypatch.setattr(clustered_years, "FOUND_WITHIN", 2)
    cells = 2 * len(cluster_feeds.FEEDS)
    assert len(clusters.clustered(0.001)) == len(clustered_years.clustered_years(0.001)) == cells
    assert len(clustered_years.checked_years(0.001)) == 2 * len(clustered_years.ON_BOTH_SIDES)


def test_the_week_of_a_ward_and_an_unknown_ward_are_made_as_they_say() -> None:
    """Without a lasting part the same ward of two weeks has nothing in common; a third of the records have no name."""
    feeds = {feed.name: feed for feed in cluster_feeds.FEEDS}
    made = cluster_feeds.Population(1.0, np.random.default_rng(1))
    fresh = feeds["three of 20 wards, their whole effect of the week"]
    groups = np.arange(1_000)
    first, second = (made.table(groups, feed=fresh)["y"].to_numpy() for _ in range(2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.13  # four standard deviations of 1,000 records
    lasting = [made.table(groups)["x"].to_pylist() for _ in range(2)]
    assert lasting[0] == lasting[1]
    unnamed = made.baseline(feeds["10 wards, of a third of the records unknown which"])["group"].null_count
    assert 80 <= unnamed <= 155  # binomial(350, 1/3), four standard deviations
    by_week = feeds["the same, each week of a ward named as a group of its own"]
    baseline, window = (set(side["group"].to_pylist()) for side in (made.baseline(by_week), made.window(by_week, 0)))
    assert len(window) == 3
    assert len(baseline) > 100  # of 140 weeks of wards with 2.5 records each
    assert not baseline & window
