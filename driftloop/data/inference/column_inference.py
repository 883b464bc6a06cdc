"""What one column is, from its values and its name: kind, role and the ground on which they were taken."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import codes as dictionary_codes
from driftloop.data.columns import (
    MISSING_TEXTS,
    Texts,
    as_dictionary,
    category_names,
    numbers,
    text_list,
    texts,
    times,
)
from driftloop.data.formats.date_formats import DateEvidence, moment, time_of_day
from driftloop.data.formats.epoch_times import are_compact_dates, seconds, time_unit
from driftloop.data.formats.number_formats import NumberEvidence, plain_number
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.formats.unit_symbols import symbol_of, unit_word_of, without_symbol, without_unit
from driftloop.data.inference.calendar_columns import calendar_part, is_day_flag
from driftloop.data.inference.calendar_texts import are_calendar_texts
from driftloop.data.inference.digit_dates import digit_dates
from driftloop.data.plain_types import ENCODED, NESTED, is_text, not_comparable, plain
from driftloop.data.reading import DateOrder

Floats = npt.NDArray[np.float64]
Kind = Literal["numeric", "categorical", "datetime"]
Role = Literal["feature", "id", "timestamp", "time", "ignore"]

FEW_CODES, REPEATS = 6, 5
"""Whole numbers with at most so many distinct values, each found so often on average, are codes, not amounts."""
MOSTLY = 0.95
"""Part of a column's values that decide what it is: the others are slips."""
FEW_ROWS = 20
"""Up to so many rows, values that are all different say little: amounts are too."""
MANY_LEVELS = 50
"""Distinct values from which on a column that is named, or looks, like an id is one, and no code."""
CHANCE = 1e-6
"""Amounts whose values would all differ with a smaller chance than this are taken for ids instead."""
LARGE = 1e15
"""Whole numbers from here on, each different, are generated ids: beyond what is counted or measured."""
WORDS = 3
"""Words in a text, on average, from which on different texts are prose."""
ID_NAMES = frozenset({"id", "ids", "uuid", "guid", "identifier", "rowid", "mrn"})
CODE_NAMES = frozenset({"code", "codes", "zip", "zipcode", "postcode", "postal", "plz", "icd", "naics", "fips"})
EPOCH_NAMES = frozenset("at date time datetime timestamp ts created recorded logged received when".split())  # noqa: SIM905
"""Words of a name under which numbers with fractions in `EPOCH_SPAN` are times; else they must never fall."""
EPOCH_SPAN = (946_684_800.0, 2_208_988_800.0)
"""Seconds of the years 2000 to 2039: whole numbers that all lie there (or in a finer unit) are times."""
_GENERATED = re.compile(
    r"\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?|(0x)?[0-9a-fA-F]{16,128}|[0-9A-HJKMNP-TV-Z]{26}"
)
"""UUIDs, hashes in hexadecimal, ULIDs."""
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Finding(NamedTuple):
    """One column as it was recognised."""

    name: str
    kind: Kind
    role: Role
    ground: str
    """Why, as a short text for people."""
    format: str = ""
    """How its texts are written, where another file may leave it open."""
    unique: bool = False
    """Whether every row has a value of its own (ids)."""
    unit: str = ""
    """The sign or the word that its numbers are written with, such as `%` or `kg`."""
    unit_in_text: bool = False
    """Whether that is a word."""
    repeats: bool = False
    """Of an id: whether its values come again, as a patient's do who is seen twice."""


def find_column(name: str, array: pa.Array, field: pa.Field | None = None) -> Finding:
    """What a column is, from the rows that are looked at (docs/data.md states the rules).

    Raises
    ------
    InputError
        Never for values: what cannot be compared has the role ignore, and a ground that says why.
    """
    marks = (field.metadata or {}) if field is not None else {}
    reason = marks[NESTED].decode() if NESTED in marks else not_comparable(array.type)
    if reason is not None:
        return Finding(name, "categorical", "ignore", reason)
    declared = array.type
    is_coded = pa.types.is_dictionary(declared) and ENCODED not in marks
    if pa.types.is_dictionary(declared):
        declared = declared.value_type
    if is_coded and (pa.types.is_integer(declared) or is_text(declared)):
        found = texts(array, MISSING_TEXTS)
        if found.levels:
            return Finding(name, "categorical", "feature", "a category type", true_false_format(found.levels))
    if is_text(array.type):
        return _of_texts(name, as_dictionary(array))
    return _of_plain(name, plain(array))


def _of_plain(name: str, array: pa.Array) -> Finding:
    kind = array.type
    if array.null_count == len(array):
        return _empty(name)
    if pa.types.is_boolean(kind):
        role: Role = "time" if is_day_flag(name_parts(name)) else "feature"
        return Finding(name, "categorical", role, "true or false", "false/true")
    if pa.types.is_time(kind):
        return Finding(name, "datetime", "feature", "times of day")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Finding(name, "datetime", "timestamp", "dates or times")
    if pa.types.is_string(kind):
        return _of_texts(name, as_dictionary(array))
    return of_numbers(name, numbers(array, ()).values)


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a column's name, in lower case.

    Examples
    --------
    >>> name_parts("patientID"), name_parts("created_at")
    (('patient', 'id'), ('created', 'at'))
    """
    return tuple(part.lower() for part in _PART.findall(name))


def of_numbers(name: str, values: Floats) -> Finding:
    """What a column of numbers is; NaN where a value is missing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return _empty(name) if not np.isinf(values).any() else Finding(name, "numeric", "feature", "numbers")
    if are_compact_dates(known) and len(known) > 1:
        return Finding(name, "datetime", "timestamp", "whole numbers that are dates as year, month and day")
    found = _of_the_calendar(name, known)
    if found is not None:
        return found
    if np.all(known == np.floor(known)):
        return _of_whole_numbers(name, known, complete=len(known) == len(values))
    are_times = bool(EPOCH_NAMES & set(name_parts(name)) or np.all(np.diff(known) >= 0))
    if are_times and (unit := _epoch(known, np.unique(known))) is not None:
        return Finding(name, "datetime", "timestamp", f"numbers that are times, in {unit} since 1970")
    return Finding(name, "numeric", "feature", "numbers with fractions")


def _of_the_calendar(name: str, known: Floats) -> Finding | None:
    words = name_parts(name)
    if (written := digit_dates(words, known)) is not None:
        return Finding(name, "numeric", "time", f"numbers that are dates: {written}")
    if (part := calendar_part(words, known)) is not None:
        return Finding(name, "numeric", "time", f"numbers of the calendar: {part}")
    if is_day_flag(words) and set(np.unique(known)) <= {0.0, 1.0}:
        return Finding(name, "categorical", "time", "says which kind of day it is")
    return None


def _of_whole_numbers(name: str, known: Floats, *, complete: bool) -> Finding:
    levels, words = np.unique(known), set(name_parts(name))
    kind: Kind = "categorical"
    if len(levels) <= FEW_CODES and len(known) >= REPEATS * len(levels):
        names = [str(int(level)) for level in levels] if abs(levels).max() < 2**53 else []
        return Finding(name, kind, "feature", "few whole numbers: codes", true_false_format(names))
    if CODE_NAMES & words:
        return Finding(name, kind, "feature", "whole numbers in a column that is named as a code")
    if (unit := _epoch(known, levels)) is not None:
        return Finding(name, "datetime", "timestamp", f"whole numbers that are times, in {unit} since 1970")
    if (ground := _counts(known, levels, complete=complete)) is not None:
        return Finding(name, kind, "id", ground, unique=complete)
    if ID_NAMES & words and len(levels) > MANY_LEVELS:
        ground = "many whole numbers in a column that is named as an id"
        return Finding(name, kind, "id", ground, repeats=len(levels) < MOSTLY * len(known))
    return Finding(name, "numeric", "feature", "whole numbers")


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


def _of_texts(name: str, array: pa.Array) -> Finding:
    found = texts(array, MISSING_TEXTS)
    known = int(np.count_nonzero(found.codes >= 0))
    if not known:
        return _empty(name)
    if words := true_false_format(found.levels):
        role: Role = "time" if is_day_flag(name_parts(name)) else "feature"
        return Finding(name, "categorical", role, "two values that mean true and false", words)
    counts = np.bincount(found.codes[found.codes >= 0], minlength=len(found.levels))
    names = [level.strip() for level in category_names(array.dictionary) if level.strip() not in MISSING_TEXTS]
    if (found_numbers := _of_number_texts(name, array, names)) is not None:
        return found_numbers
    dates, clocks = (np.array([parse(text) is not None for text in names]) for parse in (_date, time_of_day))
    if dates.mean() >= MOSTLY:
        order = DateEvidence.of(names).order or ""
        return Finding(name, "datetime", "timestamp", "texts that are dates or times", order)
    if clocks.mean() >= MOSTLY:
        return Finding(name, "datetime", "feature", "texts that are times of day")
    return _of_categories(name, found, counts, known, len(array))


def _date(text: str) -> float | None:
    return moment(text, "day-first") if moment(text, "month-first") is None else 0.0


def _of_number_texts(name: str, array: pa.Array, names: list[str]) -> Finding | None:
    """What a column is whose texts write numbers; None where more of them than slips do not."""
    symbol = symbol_of(names)
    word = "" if symbol else unit_word_of(names)
    bare = [without_symbol(text, symbol) if symbol else without_unit(text, word) for text in names]
    written = NumberEvidence.of(bare if symbol or word else names)
    if written.other > (1 - MOSTLY) * len(names):
        return None
    if unit := symbol or word:
        form, ground = _decimal_format(written), f"numbers written with {unit}"
        return Finding(name, "numeric", "feature", ground, form, unit=unit, unit_in_text=bool(word))
    if written.plain and not (written.point or written.comma) and any(_is_padded(text) for text in names):
        found = texts(array, MISSING_TEXTS)
        known = int(np.count_nonzero(found.codes >= 0))
        if len(found.levels) == known > FEW_ROWS:
            return Finding(
                name, "categorical", "id", "digits with leading zeros, each once", unique=known == len(array)
            )
        return Finding(name, "categorical", "feature", "digits with leading zeros: codes")
    if written.is_plain:
        return of_numbers(name, numbers(array, MISSING_TEXTS).values)
    return Finding(name, "numeric", "feature", "numbers in text", _decimal_format(written))


def _decimal_format(written: NumberEvidence) -> str:
    mark = written.decimal
    if mark is None or written.is_plain:
        return ""
    return "decimal-comma" if mark == "," else "decimal-point"


def _is_padded(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def _of_categories(name: str, found: Texts, counts: npt.NDArray[np.int64], known: int, rows: int) -> Finding:
    levels = found.levels
    unique = known == rows == len(levels)
    if are_calendar_texts(levels, name_parts(name)):
        return Finding(name, "categorical", "time", "names of weekdays, months or periods")
    generated = sum(int(count) for level, count in zip(levels, counts, strict=True) if _GENERATED.fullmatch(level))
    if generated >= MOSTLY * known and len(levels) > min(MANY_LEVELS, known / 2):
        return Finding(name, "categorical", "id", "generated ids (UUIDs or hashes)", unique=unique)
    if known > FEW_ROWS and len(levels) >= MOSTLY * known:
        if sum(level.count(" ") + 1 for level in levels) >= WORDS * len(levels):
            return Finding(name, "categorical", "ignore", "prose: texts of several words, nearly all different")
        return Finding(name, "categorical", "id", "texts, nearly all different", unique=unique)
    if ID_NAMES & set(name_parts(name)) and len(levels) > MANY_LEVELS:
        return Finding(name, "categorical", "id", "many texts in a column that is named as an id", repeats=True)
    return Finding(name, "categorical", "feature", "texts")


def _empty(name: str) -> Finding:
    return Finding(name, "categorical", "feature", "no value in the rows that were looked at")


def seconds_of(array: pa.Array, written: str = "") -> Floats:
    """A datetime column's known values as seconds since 1970, in the order of the rows, as far as they can be told.

    `written` is the order of day and month where it was recognised.
    """
    if is_text(array.type):
        encoded = as_dictionary(array)
        order: DateOrder | None = "day-first" if written == "day-first" else "month-first" if written else None
        counts = [plain_number((text or "").strip()) for text in text_list(encoded.dictionary)]
        parsed = [moment((text or "").strip(), order) for text in text_list(encoded.dictionary)]
        known = np.array([np.nan if value is None else value for value in parsed] + [np.nan])
        numbers_only = np.array([np.nan if value is None else value for value in counts] + [np.nan])
        if np.isnan(known).all() and not np.isnan(numbers_only).all():
            known = seconds(numbers_only, time_unit(numbers_only[np.isfinite(numbers_only)]))
        values: Floats = known[dictionary_codes(encoded.indices)]
    else:
        array = plain(array)
        values = times(array, MISSING_TEXTS).values
        if not pa.types.is_temporal(array.type) and np.isfinite(values).any():
            values = seconds(values, time_unit(values[np.isfinite(values)]))
    return values[np.isfinite(values)]
