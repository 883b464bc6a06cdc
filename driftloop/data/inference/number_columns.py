"""What a column of numbers is: amounts, codes, ids, counters, times, parts of the calendar."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from driftloop.data.formats.epoch_times import are_compact_dates
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.inference.calendar_columns import calendar_part, is_day_flag
from driftloop.data.inference.digit_dates import digit_dates
from driftloop.data.inference.finding import (
    FEW_ROWS,
    ID_NAMES,
    MANY_LEVELS,
    MOSTLY,
    InferredColumn,
    Kind,
    name_parts,
    without_values,
)
from driftloop.stats.sorting import distinct_values

Floats = npt.NDArray[np.float64]

FEW_CODES, REPEATS = 6, 5
"""Whole numbers with at most so many distinct values, each found so often on average, are codes, not amounts."""
CHANCE = 1e-6
"""Amounts whose values would all differ with a smaller chance than this are taken for ids instead."""
LARGE = 1e15
"""Whole numbers from here on, each different, are generated ids: beyond what is counted or measured."""
CODE_NAMES = frozenset({"code", "codes", "zip", "zipcode", "postcode", "postal", "plz", "icd", "naics", "fips"})
EPOCH_NAMES = frozenset("at date time datetime timestamp ts created recorded logged received when".split())  # noqa: SIM905
"""Words of a name under which numbers with fractions in `EPOCH_SPAN` are times; else they must never fall."""
EPOCH_SPAN = (946_684_800.0, 2_208_988_800.0)
"""Seconds of the years 2000 to 2039: whole numbers that all lie there (or in a finer unit) are times."""


def of_numbers(name: str, values: Floats) -> InferredColumn:
    """What a column of numbers is; NaN where a value is missing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return (
            without_values(name)
            if not np.isinf(values).any()
            else InferredColumn(name, "numeric", "feature", "numbers")
        )
    if are_compact_dates(known) and len(known) > 1:
        return InferredColumn(name, "datetime", "timestamp", "whole numbers that are dates as year, month and day")
    found = _of_the_calendar(name, known)
    if found is not None:
        return found
    if np.all(known == np.floor(known)):
        return _of_whole_numbers(name, known, complete=len(known) == len(values))
    are_times = bool(EPOCH_NAMES & set(name_parts(name)) or np.all(np.diff(known) >= 0))
    if are_times and (unit := _epoch(known, distinct_values(known))) is not None:
        return InferredColumn(name, "datetime", "timestamp", f"numbers that are times, in {unit} since 1970")
    return InferredColumn(name, "numeric", "feature", "numbers with fractions")


def _of_the_calendar(name: str, known: Floats) -> InferredColumn | None:
    words = name_parts(name)
    if (written := digit_dates(words, known)) is not None:
        return InferredColumn(name, "numeric", "time", f"numbers that are dates: {written}")
    if (part := calendar_part(words, known)) is not None:
        return InferredColumn(name, "numeric", "time", f"numbers of the calendar: {part}")
    if is_day_flag(words) and set(distinct_values(known)) <= {0.0, 1.0}:
        return InferredColumn(name, "categorical", "time", "says which kind of day it is")
    return None


def _of_whole_numbers(name: str, known: Floats, *, complete: bool) -> InferredColumn:
    levels, words = distinct_values(known), set(name_parts(name))
    kind: Kind = "categorical"
    if len(levels) <= FEW_CODES and len(known) >= REPEATS * len(levels):
        names = [str(int(level)) for level in levels] if abs(levels).max() < 2**53 else []
        return InferredColumn(name, kind, "feature", "few whole numbers: codes", true_false_format(names))
    if CODE_NAMES & words:
        return InferredColumn(name, kind, "feature", "whole numbers in a column that is named as a code")
    if (unit := _epoch(known, levels)) is not None:
        return InferredColumn(name, "datetime", "timestamp", f"whole numbers that are times, in {unit} since 1970")
    if (ground := _counts(known, levels, complete=complete)) is not None:
        return InferredColumn(name, kind, "id", ground, unique=complete)
    if ID_NAMES & words and len(levels) > MANY_LEVELS:
        ground = "many whole numbers in a column that is named as an id"
        return InferredColumn(name, kind, "id", ground, repeats=len(levels) < MOSTLY * len(known))
    return InferredColumn(name, "numeric", "feature", "whole numbers")


def _epoch(known: Floats, levels: Floats) -> str | None:
    if len(levels) < MOSTLY / 2 * len(known) and len(levels) <= MANY_LEVELS:
        return None
    low, high = levels[0], levels[-1]
    for unit, scale in (("seconds", 1.0), ("milliseconds", 1e3), ("microseconds", 1e6), ("nanoseconds", 1e9)):
        if EPOCH_SPAN[0] * scale <= low and high <= EPOCH_SPAN[1] * scale:
            return unit
    return None


def _counts(known: Floats, levels: Floats, *, complete: bool) -> str | None:
    """Why whole numbers are ids or counters; None where they may be amounts."""
    steps = np.diff(known)
    if complete and len(known) > 2 and steps[0] != 0 and np.all(steps == steps[0]):
        return "whole numbers that count the rows"
    if len(levels) < len(known) or len(known) <= FEW_ROWS:
        return None
    if np.all(steps > 0) or np.all(steps < 0):
        return f"whole numbers, each once, that only {'grow' if steps[0] > 0 else 'fall'}"
    if levels[0] >= LARGE:
        return "large whole numbers, each once"
    # Birthday problem: n values drawn from a range of R are all different with a chance of about exp(-n(n-1) / 2R).
    # Half of R, because that of numbers near the largest double would be infinite.
    half_range = levels[-1] / 2 - levels[0] / 2 + 0.5
    if len(known) * (len(known) - 1) / 4 / half_range > -np.log(CHANCE):
        return "whole numbers, each once, that fill their range"
    return None
