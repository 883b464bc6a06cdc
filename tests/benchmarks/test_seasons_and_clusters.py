"""Made tables with seasons and groups: windows lie where they say, and each part runs to its end."""

import numpy as np
import pytest

from benchmarks import clusters, seasons
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
    assert [result.with_season.tries > 0 for result in results] == [True] * 5


def test_checks_and_years_of_every_kind_of_group_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "WEEKS", 2)
    monkeypatch.setattr(clusters, "FOUND_WITHIN", 2)
    assert len(clusters.clustered(0.001)) == len(clusters.clustered_years(0.001)) == 2 * len(clusters.FEEDS)
