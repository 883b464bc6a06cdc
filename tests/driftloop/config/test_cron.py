"""Six-field cron, as the Functions host reads it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from driftloop.config.cron import _HORIZON_DAYS, Cron
from driftloop.errors import ConfigError

NOW = datetime(2026, 11, 23, 6, 30, 15, 99, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 6 * * *", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("0 0 7 * * *", datetime(2026, 11, 22, 7, tzinfo=UTC)),
        ("*/5 * * * * *", datetime(2026, 11, 23, 6, 30, 15, tzinfo=UTC)),
        ("0 */20 * * * *", datetime(2026, 11, 23, 6, 20, tzinfo=UTC)),
        ("0 0 6 * * sun", datetime(2026, 11, 22, 6, tzinfo=UTC)),
        ("0 0 6 * * 0", datetime(2026, 11, 22, 6, tzinfo=UTC)),
        ("0 0 6 * * 5/1", datetime(2026, 11, 21, 6, tzinfo=UTC)),  # Friday and Saturday: Sunday is 0
        ("0 0 6 * * Thursday", datetime(2026, 11, 19, 6, tzinfo=UTC)),
        ("0 0 6 1 sept *", datetime(2026, 9, 1, 6, tzinfo=UTC)),
        ("0 0 6 1 * *", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("0 0 6 1 jan *", datetime(2026, 1, 1, 6, tzinfo=UTC)),
        ("0 0 6 29 2 *", datetime(2024, 2, 29, 6, tzinfo=UTC)),
        ("0 15,45 1-3 * * mon-fri", datetime(2026, 11, 23, 3, 45, tzinfo=UTC)),
        ("0 0 8/4 * * *", datetime(2026, 11, 22, 20, tzinfo=UTC)),
        ("0 0 6 13 * fri", datetime(2026, 11, 13, 6, tzinfo=UTC)),
    ],
)
def test_the_newest_tick_is_found(text: str, expected: datetime) -> None:
    assert Cron.parse(text).previous(NOW) == expected


def test_a_day_that_never_comes_has_no_tick() -> None:
    assert Cron.parse("0 0 6 31 2 *").previous(NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * 13 *",
        "* * * * * 7",
        "* * * * * 5-7",
        "\N{ARABIC-INDIC DIGIT THREE} * * * * *",
        "\N{SUPERSCRIPT TWO} * * * * *",
        "9" * 5000 + " * * * * *",
        "* * * * * mondax",
        "* * * * * \N{LATIN SMALL LETTER LONG S}un",
        "0\t0 6 * * * *",
        "+5 * * * * *",
        "*-5 * * * * *",
        "a * * * * *",
        "1-2-3 * * * * *",
        "*/ * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Cron.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0 6 * * fri-mon", "'fri-mon' runs backwards"),
        ("5-1 * * * * *", "'5-1' runs backwards"),
        ("*/0 * * * * *", "'*/0' has a step of 0"),
        ("0 0 6 * * t", "'t' is too short for a weekday"),
        ("0 0 6 1 ju-dec *", "'ju' is too short for a month"),
    ],
)
def test_what_the_host_takes_and_we_do_not_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Cron.parse(text)


def test_the_rarest_day_is_found_across_a_century_without_a_leap_day() -> None:
    """29 February on a Monday: 2072, then 2112."""
    rarest = Cron.parse("0 0 0 29 2 mon")
    assert rarest.previous(datetime(2112, 2, 28, tzinfo=UTC)) == datetime(2072, 2, 29, tzinfo=UTC)


def test_every_day_that_exists_is_found_within_the_horizon() -> None:
    """The calendar repeats after 400 years, so all gaps between equal days on one weekday are in them."""
    last: dict[tuple[int, int, int], date] = {}
    gaps = {}
    day = date(1600, 1, 1)
    for _ in range(146_097 + _HORIZON_DAYS):
        key = (day.month, day.day, day.weekday())
        gaps[key] = max(gaps.get(key, 0), (day - last[key]).days if key in last else 0)
        last[key] = day
        day += timedelta(days=1)
    assert len(gaps) == 366 * 7
    assert max(gaps.values()) < _HORIZON_DAYS
