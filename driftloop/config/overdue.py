"""Is a check of a model overdue? A model is checked at each tick of its schedule."""

from datetime import datetime, timedelta
from functools import lru_cache

from driftloop.config.cron import Cron

GRACE = timedelta(minutes=30)  # for the queue, and for a check of a large window: functionTimeout of host.json
DEFAULT_SCHEDULE = "0 0 6 * * *"


def overdue_since(
    schedule: str | None, last_checked_at: datetime | None, watched_since: datetime | None, now: datetime
) -> datetime | None:
    """The tick of a schedule, GRACE ago or longer, that no check has followed; None where all is well.

    Parameters
    ----------
    schedule : six-field cron, in UTC; DEFAULT_SCHEDULE where it is None.
    last_checked_at : end of the last check.
    watched_since : where there was no check: a model is not overdue before it is watched. None: not known, not overdue.
    now : the present.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    >>> overdue_since(None, now - timedelta(days=1), None, now)
    datetime.datetime(2026, 11, 23, 6, 0, tzinfo=datetime.timezone.utc)
    >>> overdue_since(None, now - timedelta(hours=1), None, now) is None
    True
    """
    since = last_checked_at or watched_since
    if since is None:
        return None
    tick = _last_tick(schedule or DEFAULT_SCHEDULE, now - GRACE)
    return tick if tick is not None and since < tick else None


@lru_cache(maxsize=64)  # a fleet of a thousand models has a few schedules, and is asked about at one moment
def _last_tick(schedule: str, moment: datetime) -> datetime | None:
    return Cron.parse(schedule).previous(moment)
