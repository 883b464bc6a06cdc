"""Six-field cron (second minute hour day month weekday, UTC), as Azure Functions' timers take it: which tick is due?

The host reads schedules with NCrontab. Whatever is taken here is taken there with the same ticks. Three things that it
takes are refused here, with the reason, because they do not do what they seem to. They are reversed ranges, steps of 0,
and names of one or two letters.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from driftloop.errors import ConfigError

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# 29 February falls on a given weekday at least every 40 years (28, and 12 more around a century without a leap day).
_HORIZON_DAYS = 366 * 40


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()
    hint: str = ""


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS, ", or a name: jan, January"),
    _Field("weekday", 0, 6, _WEEKDAYS, ", Sunday is 0, or a name: mon, Monday"),
)


@dataclass(frozen=True)
class Cron:
    """The allowed values of each field; a day must fit both day and weekday, as in NCrontab.

    Examples
    --------
    >>> Cron.parse("0 0 6 * * mon-fri").previous(datetime(2026, 11, 22, 12, tzinfo=UTC))  # a Sunday
    datetime.datetime(2026, 11, 20, 6, 0, tzinfo=datetime.timezone.utc)
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str, where: str = "schedule") -> "Cron":
        """Read a schedule; `where` begins the message of an error.

        Raises
        ------
        ConfigError
            With the field that is wrong and what would be right.
        """
        # Spaces alone, as in the host; `split()` without an argument also takes tabs and the spaces of other scripts.
        parts = [part for part in text.split(" ") if part]
        if len(parts) != len(_FIELDS):
            raise ConfigError(
                f"{where}: schedule {text!r} has {len(parts)} fields: write six, 'second minute hour day month "
                "weekday', e.g. '0 0 6 * * *'"
            )
        values = [
            _values(part, field, f"{where}: schedule {text!r}") for part, field in zip(parts, _FIELDS, strict=True)
        ]
        seconds, minutes, hours = (tuple(sorted(field)) for field in values[:3])
        return cls(seconds, minutes, hours, frozenset(values[3]), frozenset(values[4]), frozenset(values[5]))

    @property
    def ticks_a_day(self) -> float:
        """On average over a year, as if weekdays and days of the month were independent."""
        days = len(self.days) / 31 * len(self.months) / 12 * len(self.weekdays) / 7
        return len(self.seconds) * len(self.minutes) * len(self.hours) * days

    def previous(self, moment: datetime) -> datetime | None:
        """Return the newest tick at or before `moment`; None when no such day exists (31 February)."""
        moment = moment.astimezone(UTC).replace(microsecond=0)
        for back in range(_HORIZON_DAYS):
            day = (moment - timedelta(days=back)).date()
            if day.day not in self.days or day.month not in self.months or day.isoweekday() % 7 not in self.weekdays:
                continue
            limit = (moment.hour, moment.minute, moment.second) if back == 0 else (23, 59, 59)
            for hour in reversed(self.hours):
                for minute in reversed(self.minutes):
                    for second in reversed(self.seconds):
                        if (hour, minute, second) <= limit:
                            return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
        return None


def _values(part: str, field: _Field, where: str) -> set[int]:
    found: set[int] = set()
    for item in part.split(","):
        span, slash, step_text = item.partition("/")
        step = _digits(step_text) if slash else 1
        if span == "*":
            first, last = field.low, field.high
        else:
            ends = [_number(end, field, where) for end in span.split("-", 1)]
            first, last = ends[0], field.high if slash and len(ends) == 1 else ends[-1]
        if step is None or not (field.low <= first <= field.high and field.low <= last <= field.high):
            raise ConfigError(
                f"{where}: {part!r} is not a {field.name} (from {field.low} to {field.high}{field.hint}; "
                "lists, ranges and steps: 1,5 1-5 */5)"
            )
        if step == 0:
            raise ConfigError(f"{where}: {item!r} has a step of 0, which the Functions host reads as 1: leave it out")
        if first > last:
            raise ConfigError(
                f"{where}: {item!r} runs backwards, and the Functions host swaps its ends instead of running over the "
                f"field's end: write the smaller {field.name} first, or two ranges as a list"
            )
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, field: _Field, where: str) -> int:
    """Of digits or a name; -1, which fits no field, for anything else."""
    number = _digits(text)
    if number is not None:
        return number
    found = [i for i, word in enumerate(field.words, field.low) if text and word.startswith(text.lower())]
    if found and len(text) < 3:
        raise ConfigError(
            f"{where}: {text!r} is too short for a {field.name}: the Functions host takes the first name that begins "
            "so; write three letters or the whole name"
        )
    return found[0] if found else -1


def _digits(text: str) -> int | None:
    """None for what is no number in ASCII digits; nine of them are more than any field allows."""
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text.lstrip("0")[:9] or 0)
