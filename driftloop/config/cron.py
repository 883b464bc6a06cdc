"""Six-field cron (second minute hour day month weekday, UTC), as Azure Functions' timers take it: which tick is due?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from driftloop.errors import ConfigError

_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_WEEKDAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_HORIZON_DAYS = 366 * 8  # 29 February comes back within eight years


@dataclass(frozen=True)
class Cron:
    """The allowed values of each field. A day must fit both its fields, as in NCrontab, which the Functions host "
    "uses."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str, where: str = "schedule") -> "Cron":
        """Raises ConfigError with the field that is wrong."""
        parts = text.split()
        if len(parts) != len(_FIELDS):
            raise ConfigError(
                f"{where}: schedule {text!r} has {len(parts)} fields: write six, 'second minute hour day month "
                "weekday', e.g. '0 0 6 * * *'"
            )
        values = [
            _values(part, *field, f"{where}: schedule {text!r}") for part, field in zip(parts, _FIELDS, strict=True)
        ]
        seconds, minutes, hours = (tuple(sorted(field)) for field in values[:3])
        weekdays = frozenset(number % 7 for number in values[5])
        return cls(seconds, minutes, hours, frozenset(values[3]), frozenset(values[4]), weekdays)

    def previous(self, moment: datetime) -> datetime | None:
        """The newest tick at or before `moment`; None when there is none within eight years (31 February)."""
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


def _values(part: str, name: str, low: int, high: int, where: str) -> set[int]:
    wrong = ConfigError(
        f"{where}: {part!r} is not a {name} (from {low} to {high}; lists, ranges and steps: 1,5 1-5 */5)"
    )
    found: set[int] = set()
    for item in part.split(","):
        span, _, step_text = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            ends = span.split("-")
            if len(ends) > 2:
                raise wrong
            numbers = [_number(end, name) for end in ends]
            if any(number is None for number in numbers):
                raise wrong
            first = numbers[0] or 0
            last = (numbers[1] or 0) if len(numbers) == 2 else (high if step_text else first)
        step = int(step_text) if step_text.isdecimal() else 1
        if not (low <= first <= last <= high) or step < 1 or ("/" in item and not step_text.isdecimal()):
            raise wrong
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, name: str) -> int | None:
    if text.isdecimal():
        return int(text)
    words = _MONTHS if name == "month" else _WEEKDAYS if name == "weekday" else {}
    return words.get(text.casefold()[:3])
