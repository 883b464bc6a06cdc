"""What a column of texts is: dates, numbers in text, codes, ids, prose, categories."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np
import pyarrow as pa

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import Texts, category_names, texts
from driftloop.data.columns.times import iso_seconds
from driftloop.data.formats.date_formats import DateEvidence, are_ordinal_dates, moment, time_of_day
from driftloop.data.formats.durations import duration
from driftloop.data.formats.number_formats import NumberEvidence, are_simple_numbers, number
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.formats.unit_symbols import symbol_of, unit_word_of, without_symbol, without_unit
from driftloop.data.inference.calendar_columns import is_day_flag
from driftloop.data.inference.calendar_texts import are_calendar_texts
from driftloop.data.inference.digit_dates import DATE_WORDS
from driftloop.data.inference.finding import (
    FEW_ROWS,
    ID_NAMES,
    MANY_LEVELS,
    MOSTLY,
    InferredColumn,
    Role,
    name_parts,
    without_values,
)
from driftloop.data.inference.number_columns import of_numbers
from driftloop.data.reading import DateOrder
from driftloop.data.schema import MISSING_TEXTS
from driftloop.times import SECONDS_A_DAY

WORDS = 3
"""Words in a text, on average, from which on different texts are prose."""
_GENERATED = re.compile(
    r"\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?|(0x)?[0-9a-fA-F]{16,128}|[0-9A-HJKMNP-TV-Z]{26}"
)
"""UUIDs, hashes in hexadecimal, ULIDs."""


def of_texts(name: str, array: pa.DictionaryArray) -> InferredColumn:
    """What a column of texts is."""
    if are_simple_numbers(array.dictionary, MISSING_TEXTS):
        return of_numbers(name, numbers(array, MISSING_TEXTS).values)
    return _of_any_texts(name, array)


def _of_any_texts(name: str, array: pa.DictionaryArray) -> InferredColumn:
    """Asks about each distinct text. They may be very many, so each question ends with the first clear answer."""
    levels = [level for level in category_names(array.dictionary) if level not in MISSING_TEXTS]
    if not levels:
        return without_values(name)
    if words := true_false_format(levels):
        role: Role = "time" if is_day_flag(name_parts(name)) else "feature"
        return InferredColumn(name, "categorical", role, "two values that mean true and false", words)
    names = [stripped for level in levels if (stripped := level.strip()) not in MISSING_TEXTS]
    if (found_numbers := _of_number_texts(name, array, names)) is not None:
        return found_numbers
    if iso_seconds(array.dictionary, MISSING_TEXTS) is not None:
        return InferredColumn(name, "datetime", "timestamp", "dates or times")
    if (found_times := _of_times(name, names)) is not None:
        return found_times
    return _of_categories(name, texts(array, MISSING_TEXTS))


def _are_mostly(names: Sequence[str], parse: Callable[[str], float | None]) -> bool:
    """Whether nearly all texts can be parsed; asked no longer than until too many cannot."""
    slips = 0
    for name in names:
        slips += parse(name) is None
        if slips > (1 - MOSTLY) * len(names):
            return False
    return bool(names)


def _of_times(name: str, names: list[str]) -> InferredColumn | None:
    """What a column of dates, times of day or durations is; None where it is none of them."""
    if _are_mostly(names, _date):
        return _of_dates(name, names)
    if not _are_mostly(names, duration):
        return None
    if any(duration(text) not in (None, SECONDS_A_DAY) and time_of_day(text) is None for text in names):
        return InferredColumn(name, "numeric", "feature", "durations in text, read in seconds", "duration", unit="s")
    return InferredColumn(name, "datetime", "feature", "texts that are times of day")


def _of_dates(name: str, names: list[str]) -> InferredColumn:
    if are_ordinal_dates(names) and not DATE_WORDS & set(name_parts(name)):
        return InferredColumn(name, "categorical", "time", "texts that may be dates: year and day of the year")
    order = DateEvidence.of(names).order or ""
    return InferredColumn(name, "datetime", "timestamp", "dates or times", order)


def _date(text: str) -> float | None:
    orders: tuple[DateOrder, ...] = get_args(DateOrder)
    return next((value for order in orders if (value := moment(text, order)) is not None), None)


def _of_number_texts(name: str, array: pa.Array, names: list[str]) -> InferredColumn | None:
    """What a column is whose texts write numbers; None where more of them than slips do not."""
    symbol = symbol_of(names)
    word = "" if symbol else unit_word_of(names)
    if symbol or word:
        names = [without_symbol(text, symbol) if symbol else without_unit(text, word) for text in names]
    slips = (1 - MOSTLY) * len(names)
    written = NumberEvidence.of(names, slips)
    if written.other > slips:
        return None
    if unit := symbol or word:
        form, ground = _decimal_format(written), f"numbers written with {unit}"
        return InferredColumn(name, "numeric", "feature", ground, form, unit=unit, unit_in_text=bool(word))
    if written.plain and not (written.point or written.comma) and any(_is_padded(text) for text in names):
        found = texts(array, MISSING_TEXTS)
        known = int(np.count_nonzero(found.codes >= 0))
        if len(found.levels) == known > FEW_ROWS:
            return InferredColumn(
                name, "categorical", "id", "digits with leading zeros, each once", unique=known == len(array)
            )
        return InferredColumn(name, "categorical", "feature", "digits with leading zeros: codes")
    if written.is_plain:
        return of_numbers(name, numbers(array, MISSING_TEXTS).values)
    return _of_grouped(name, names, written)


def _of_grouped(name: str, names: list[str], written: NumberEvidence) -> InferredColumn:
    if any("_" in text for text in names):  # 12_001 may be a site and its patient, so the rules for ids are asked
        values = [number(text, written.decimal or ".") for text in names]
        found = of_numbers(name, np.array([np.nan if value is None else value for value in values]))
        if found.role == "id":
            return InferredColumn(name, "categorical", "id", found.ground)
    return InferredColumn(name, "numeric", "feature", "numbers in text", _decimal_format(written))


def _decimal_format(written: NumberEvidence) -> str:
    mark = written.decimal
    if mark is None or written.is_plain:
        return ""
    return "decimal-comma" if mark == "," else "decimal-point"


def _is_padded(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def _of_categories(name: str, found: Texts) -> InferredColumn:
    levels, rows = found.levels, len(found.codes)
    counts = np.bincount(found.codes[found.codes >= 0], minlength=len(levels))
    known = int(counts.sum())
    unique = known == rows == len(levels)
    if are_calendar_texts(levels, name_parts(name)):
        return InferredColumn(name, "categorical", "time", "names of weekdays, months or periods")
    generated = sum(int(count) for level, count in zip(levels, counts, strict=True) if _GENERATED.fullmatch(level))
    if generated >= MOSTLY * known and len(levels) > min(MANY_LEVELS, known / 2):
        return InferredColumn(name, "categorical", "id", "generated ids (UUIDs or hashes)", unique=unique)
    if known > FEW_ROWS and len(levels) >= MOSTLY * known:
        if sum(level.count(" ") + 1 for level in levels) >= WORDS * len(levels):
            return InferredColumn(name, "categorical", "ignore", "prose: texts of several words, nearly all different")
        return InferredColumn(name, "categorical", "id", "texts, nearly all different", unique=unique)
    if ID_NAMES & set(name_parts(name)) and len(levels) > MANY_LEVELS:
        return InferredColumn(name, "categorical", "id", "many texts in a column that is named as an id", repeats=True)
    return InferredColumn(name, "categorical", "feature", "texts")
