"""Error rates where records depend on each other or follow the week, with binomial bounds: quick, and long for CI."""

import numpy as np
import pytest

from benchmarks.cluster_feeds import FEEDS, SCHEMA, WITHOUT, Population
from benchmarks.seasons import SCHEMA as ALL_DAYS
from benchmarks.seasons import WEEKS, WINDOW, WITH, Week, baseline_days
from driftloop import Baseline, Verdict, Window, check
from tests.driftloop.test_calibration import at_most


def alarms(tries, seed, schema, sides):
    """Windows that are no `stable`, of two tables that `sides` makes."""
    rng = np.random.default_rng(seed)
    found = 0
    for number in range(tries):
        baseline, window = sides(rng, number)
        result = check(Baseline.build(baseline, schema), Window.build(window, schema))
        found += result.verdict is not Verdict.STABLE
    return found


TOO_COARSE = next(feed for feed in FEEDS if feed.name == "three of 20 wards, their whole effect of the week")


def visits(feed, correlation):
    def sides(rng, _):
        made = Population(correlation, rng)
        return made.baseline(feed), made.window(feed, 0)

    return sides


def days(rng, number):
    made = Week(rng)
    return made.table(baseline_days()), made.table(np.full(WINDOW, 7 * WEEKS + number % 7))


def test_patients_who_come_five_times_raise_no_more_alarms_than_stated():
    assert alarms(60, [1, 5], SCHEMA, visits(FEEDS[0], 0.3)) <= at_most(60)


def test_single_days_of_a_week_raise_no_more_alarms_than_stated():
    assert alarms(40, [2, 5], WITH, days) <= at_most(40)


@pytest.mark.slow
@pytest.mark.parametrize("feed", [feed for feed in FEEDS if feed != TOO_COARSE], ids=lambda feed: feed.name)
@pytest.mark.parametrize("correlation", [0.1, 0.3])
def test_groups_of_every_kind_keep_the_rate(feed, correlation):
    assert alarms(150, [3, FEEDS.index(feed)], SCHEMA, visits(feed, correlation)) <= at_most(150)


@pytest.mark.slow
def test_a_group_that_is_coarser_than_what_is_alike_raises_many():
    """Wards that are alike within a week only: docs/statistics.md says to name ward and week."""
    assert alarms(60, [6], SCHEMA, visits(TOO_COARSE, 0.3)) > at_most(60)


@pytest.mark.slow
def test_without_the_role_and_the_season_the_same_tables_raise_many():
    assert alarms(60, [4], WITHOUT, visits(FEEDS[0], 0.3)) > at_most(60)
    assert alarms(40, [5], ALL_DAYS, days) > at_most(40)
