"""Six-field cron, as the Functions host reads it."""

from datetime import UTC, datetime

import pytest

from driftloop.config.cron import Cron
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
        ("0 0 6 * * 7", datetime(2026, 11, 22, 6, tzinfo=UTC)),
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
        "5-1 * * * * *",
        "*/0 * * * * *",
        "a * * * * *",
        "1-2-3 * * * * *",
        "*/ * * * * *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Cron.parse(text)
