"""When many drifts at once have a common cause: the arithmetic of the bound, counting, and what is said."""

import math
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import pytest

from driftloop.common_cause.causes import cause_at, common_columns, members_of, open_cause, sentence
from driftloop.common_cause.rule import DAY, LEVEL, OWN_DRIFTS, Found, at_once, bound_of, expected_drifts
from driftloop.config.models import Model, parse
from driftloop.config.policy import Policy
from driftloop.errors import ConfigError

AT = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
DAILY, WEEKLY = "0 0 6 * * *", "0 0 6 * * mon"


def found(number: int, minutes: float = 0.0, columns: tuple[str, ...] = (), drift: int = 0) -> Found:
    return Found(f"m{number:03}", f"drift-{number}-{drift}", AT + timedelta(minutes=minutes), columns)


def tail(k: int, mean: float) -> float:
    """P(X >= k) of a Poisson variable, summed term by term."""
    return 1 - sum(math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) for i in range(k))


@pytest.mark.parametrize("mean", [0.01, 0.77, 3.0, 6.4, 12.8, 128.0])
def test_the_bound_is_the_first_count_that_chance_reaches_on_one_day_in_a_thousand(mean: float) -> None:
    bound = bound_of(mean, least=1)

    assert tail(bound, mean) <= LEVEL
    assert tail(bound - 1, mean) > LEVEL or bound == 1


def test_fewer_than_the_least_are_never_taken_together() -> None:
    assert tail(2, 0.01) < LEVEL
    assert bound_of(0.01, least=5) == 5
    assert bound_of(12.8, least=5) == bound_of(12.8, least=2) == 26


def test_a_model_is_expected_to_drift_by_its_budget_and_once_a_season() -> None:
    each = 0.95 / 520 + 4 / 365

    assert expected_drifts([Model(name="a")], DAILY) == pytest.approx(each)
    assert expected_drifts([Model(name=f"m{n}") for n in range(60)], DAILY) == pytest.approx(60 * each)
    assert expected_drifts([Model(name="a")], None) == pytest.approx(each), "as if it were checked once a day"
    careless = Model(name="b", policy=Policy(budget=19))
    assert expected_drifts([careless], DAILY) == pytest.approx(0.05 + OWN_DRIFTS)


def test_checks_that_come_more_often_find_more_and_rare_ones_find_a_week_at_once() -> None:
    hourly = Model(name="h", schedule="0 0 * * * *")
    assert expected_drifts([hourly], DAILY) == pytest.approx(24 * 0.95 / 520 + OWN_DRIFTS)
    weekly = Model(name="w", schedule=WEEKLY)
    assert expected_drifts([weekly], DAILY) == pytest.approx(0.95 / 520 + 7 * OWN_DRIFTS)


def test_drifts_of_one_day_are_counted_and_a_model_once() -> None:
    day = [found(1), found(2, 10), found(3, 20), found(3, 30, drift=1)]

    assert [each.model for each in at_once(day, AT)] == ["m001", "m002", "m003"]


def test_only_a_day_that_holds_the_drift_counts() -> None:
    hours = [found(number, 60 * 5 * number) for number in range(10)]  # five hours apart, 45 in all

    assert [each.model for each in at_once(hours, hours[0].at)] == ["m000", "m001", "m002", "m003", "m004"]
    assert len(at_once(hours, hours[5].at)) == 5
    assert at_once([found(1, -24 * 60), found(2)], AT)[0].model == "m002", "a day before is another day"


def test_a_drift_that_is_counted_late_sees_those_that_were_found_after_it() -> None:
    later = [found(number, number) for number in range(1, 6)]

    assert len(at_once([found(0), *later], AT)) == 6


def test_a_cause_takes_what_is_found_a_day_before_its_newest_drift_and_half_a_day_after_it() -> None:
    cause = open_cause([found(1), found(2, 30)], 3, AT + timedelta(hours=1), watched=60, expected=0.8, bound=2)

    assert cause.covers(AT + timedelta(minutes=30) - DAY), "a check that began earlier may be counted later"
    assert not cause.covers(AT + timedelta(minutes=29) - DAY)
    assert cause.covers(AT + timedelta(hours=12, minutes=30))
    assert not cause.covers(AT + timedelta(hours=12, minutes=31))
    assert not cause.covers(AT + DAY), "the next day's round is counted by itself"


def test_a_drift_belongs_to_the_earliest_cause_and_a_model_counts_once() -> None:
    day = [found(1), found(2, 10), found(2, 20, drift=1)]
    evening = [found(3, 20 * 60), found(4, 20 * 60)]
    first, second = (
        open_cause(each, number, AT, watched=60, expected=0.8, bound=2) for number, each in enumerate((day, evening), 1)
    )

    assert second.covers(AT)
    assert cause_at([second, first], AT) == first
    assert cause_at([second, first], AT + timedelta(hours=20)) == second
    assert cause_at([first], AT - DAY) is None
    every = [*reversed(evening), *day]
    assert members_of(first, [first, second], every) == (day[0], day[1])
    assert members_of(second, [first, second], every) == tuple(evening)


def test_its_id_is_that_of_its_number_and_first_drift() -> None:
    def made(number: int, first: Found) -> str:
        return open_cause([first], number, AT, watched=1, expected=0.1, bound=1).cause_id

    assert made(1, found(1)) == made(1, found(1)) == "cause-" + sha256(b"1\0drift-1-0").hexdigest()[:12]
    assert len({made(1, found(1)), made(2, found(1)), made(1, found(2))}) == 3


def test_columns_are_common_where_half_of_the_models_share_them() -> None:
    drifts = [found(1, columns=("bmi", "age")), found(2, columns=("bmi",)), found(3, columns=("age", "sex")), found(4)]

    assert common_columns(drifts) == (("age", 2), ("bmi", 2))
    assert common_columns(drifts[:1]) == (), "one model shares nothing"


def test_the_sentence_names_three_columns_and_says_where_there_is_none() -> None:
    drifts = [found(number, columns=("d", "c", "b", "a")) for number in range(6)]
    cause = open_cause(drifts, 1, AT, watched=60, expected=0.77, bound=6)

    assert sentence(cause, drifts) == (
        "6 of 60 models drift since 2026-11-27 06:00 UTC, 0.8 are expected on a day; common: column a (6 models), "
        "column b (6 models), column c (6 models)"
    )
    assert sentence(cause, [found(1), found(2)]).endswith("common: no column")


def test_the_settings_are_read_and_held_to_what_github_takes() -> None:
    document = {"model": [{"name": "m"}], "common_cause": {"action": "pace", "retrains_per_hour": 60}}
    read = parse(document).common_cause

    assert (read.action, read.retrains_per_hour, read.least) == ("pace", 60, 5)
    assert parse({"model": [{"name": "m"}]}).common_cause.action == "hold"
    for wrong, said in (
        ({"action": "held"}, "did you mean 'hold'"),
        ({"retrains_per_hour": 0}, "must be above 0 and at most 500"),
        ({"retrains_per_hour": 501}, "must be above 0 and at most 500"),
        ({"least": 1}, "must be at least 2"),
        ({"actions": "hold"}, "did you mean 'action'"),
    ):
        with pytest.raises(ConfigError, match=said):
            parse({"model": [{"name": "m"}], "common_cause": wrong})


def test_a_row_is_read_again_as_it_was_written() -> None:
    cause = open_cause([found(1)], 1, AT, watched=60, expected=0.77, bound=6)

    assert msgspec.json.decode(msgspec.json.encode(cause), type=type(cause)) == cause
