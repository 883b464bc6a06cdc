"""Files that became visible after so many newer ones were read that they count as read: they are named.

Files that are remembered no more are kept as a count and a sum of their keys for each day of their last-modified times.
That takes 30 bytes a day, however many files it has. Where a day has more files than were counted, some were never
read; where it is one, the sum tells which. A day that has lost files is counted again, so one that loses as many as
come to it between two checks hides them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from driftloop.ledger.model_state import Forgotten
from driftloop.wording.counts import count_of
from function_app.incoming.sources import File

_NAMED = 3  # files in a sentence
_KEYS = 1 << 64  # keys are 16 hexadecimal digits; sums are kept modulo their range


def forgotten(files: Iterable[File]) -> dict[str, Forgotten]:
    """Counts and sums of these files, by day.

    Parameters
    ----------
    files : Iterable[File]
        All that are there and as old as the floor, or older.

    Returns
    -------
    dict[str, Forgotten]
        By day (`2026-11-23`, UTC).
    """
    return with_more({}, ((file.key, file.modified) for file in files))


def with_more(before: Mapping[str, Forgotten], more: Iterable[tuple[str, datetime]]) -> dict[str, Forgotten]:
    """The same, and files besides, given as key and last-modified time."""
    found = dict(before)
    for key, modified in more:
        day = _day(modified)
        known = found.get(day, Forgotten())
        found[day] = Forgotten(known.files + 1, f"{(int(known.keys, 16) + int(key, 16)) % _KEYS:016x}")
    return found


def stragglers(before: Mapping[str, Forgotten], files: Iterable[File]) -> tuple[str, ...]:
    """A sentence for each day of which more files are there than were read.

    Parameters
    ----------
    before : Mapping[str, Forgotten]
        What was counted when they were forgotten.
    files : Iterable[File]
        All that are there and as old as the floor, or older.
    """
    by_day: dict[str, list[File]] = defaultdict(list)
    for file in files:
        by_day[_day(file.modified)].append(file)
    return tuple(
        f"{_which(day, there, before.get(day, Forgotten()))}: became visible after thousands of newer files were read, "
        "so it is not read: write it again"
        for day, there in sorted(by_day.items())
        if len(there) > before.get(day, Forgotten()).files
    )


def _which(day: str, there: list[File], known: Forgotten) -> str:
    strange = len(there) - known.files
    difference = (sum(int(file.key, 16) for file in there) - int(known.keys, 16)) % _KEYS
    one = [file for file in there if strange == 1 and int(file.key, 16) == difference]
    named = there if known.files == 0 else one
    if named:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        return ", ".join(file.path for file in named[:_NAMED]) + more
    return (
        f"{strange:,} of the {count_of(len(there), 'file')} of {there[0].container!r} that were last written on {day}"
    )


def _day(modified: datetime) -> str:
    return modified.astimezone(UTC).date().isoformat()
