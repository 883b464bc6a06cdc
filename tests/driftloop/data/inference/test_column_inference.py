"""Each rule of docs/data.md by itself: what it recognises, and what lies just beside it and is something else."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftloop.data.inference.column_inference import find_column
from driftloop.data.inference.finding import FEW_ROWS, MANY_LEVELS, InferredColumn, name_parts
from driftloop.data.inference.number_columns import FEW_CODES, LARGE, REPEATS

ROWS = 400


def rng() -> np.random.Generator:
    return np.random.default_rng(17)


def found(values: Sequence[Any] | np.ndarray[Any, Any] | pa.Array, name: str = "v") -> InferredColumn:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return find_column(name, array, pa.field(name, array.type))


def is_id(values: Any, name: str = "v") -> bool:
    return found(values, name).role == "id"


def read_as(values: Any, name: str = "v") -> tuple[str, str]:
    finding = found(values, name)
    return finding.kind, finding.role


NUMBER, CODE, TIME, ID = ("numeric", "feature"), ("categorical", "feature"), ("datetime", "timestamp"), "id"


# Ids and counters.


@pytest.mark.parametrize("start", [0, 1, 10_000, -5])
@pytest.mark.parametrize("step", [1, 10])
def test_a_counter_is_an_id_however_few_rows_there_are(start, step):
    for rows in (3, 20, ROWS):
        assert is_id(start + step * np.arange(rows))
        assert is_id(start - step * np.arange(rows))


def test_a_counter_with_gaps_is_an_id_from_enough_rows_on():
    def gapped(rows: int) -> np.ndarray[Any, Any]:
        return 5_000 + np.cumsum(rng().integers(1, 40, rows))

    assert is_id(gapped(FEW_ROWS + 1))
    assert read_as(gapped(FEW_ROWS)) == NUMBER  # a few amounts may well be in order


def test_a_shuffled_counter_with_gaps_is_an_id():
    assert is_id(rng().permutation(10_000 + np.arange(ROWS)))
    assert is_id(rng().permutation(np.arange(0, 3 * ROWS))[:ROWS])
    assert is_id(rng().permutation(ROWS).astype(float))


def test_ids_as_texts_of_digits_are_ids_too():
    assert is_id([str(value) for value in rng().permutation(10_000 + np.arange(ROWS))])


def test_whole_amounts_that_merely_differ_are_amounts():
    """Among 400 values of two million, two are equal by chance in 4 % of tables, so that all different says nothing."""
    assert read_as(rng().permutation(2_000_000)[:ROWS]) == NUMBER


def test_whole_amounts_with_repeats_or_gaps_in_their_rows_are_amounts():
    assert read_as(rng().poisson(300, ROWS)) == NUMBER
    shuffled = rng().permutation(10_000 + np.arange(ROWS))
    assert read_as(np.append(shuffled[:-1], shuffled[0])) == NUMBER


def test_a_counter_with_missing_rows_is_no_count_of_the_rows():
    finding = found(pa.array([1, 2, None, 4, 5]))
    assert (finding.kind, finding.role, finding.unique) == ("numeric", "feature", False)


def test_large_whole_numbers_are_ids_where_each_is_different():
    large = rng().integers(int(LARGE), 1 << 60, ROWS)
    assert is_id(large)
    assert read_as(np.append(large[:-1], large[0])) == NUMBER
    assert read_as(large // 10**9 * 1.5) == NUMBER


@pytest.mark.parametrize("name", ["customer_id", "patientID", "mrn", "order id"])
def test_a_name_makes_many_whole_numbers_ids_though_they_repeat(name):
    assert is_id(rng().integers(0, 3_000, ROWS), name)
    assert read_as(rng().integers(0, MANY_LEVELS, ROWS), name) == NUMBER
    assert read_as(rng().integers(0, 3_000, ROWS), "paid") == NUMBER  # "id" is no word of it


@pytest.mark.parametrize(
    "make",
    [
        lambda number: str(uuid.UUID(int=number)),
        lambda number: "{" + str(uuid.UUID(int=number)).upper() + "}",
        lambda number: hashlib.md5(b"%d" % number).hexdigest(),
        lambda number: hashlib.sha256(b"%d" % number).hexdigest(),
        lambda number: "0x" + hashlib.sha1(b"%d" % number).hexdigest()[:16],
        lambda number: f"01J{number:023d}",
    ],
)
def test_generated_ids_are_ids_though_they_repeat(make):
    numbers = rng().integers(0, 1 << 40, ROWS // 2)
    texts = [make(int(number)) for number in numbers]
    assert is_id(texts)
    assert is_id(rng().permutation(texts * 2).tolist())


def test_a_uuid_type_and_few_hashes_of_categories():
    extension = pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=n).bytes for n in range(ROWS)], pa.binary(16))
    )
    assert is_id(extension)
    few = [hashlib.md5(b"%d" % number).hexdigest() for number in range(5)]
    assert read_as(rng().choice(few, ROWS).tolist()) == CODE
    almost = [f"{number:015x}" for number in rng().integers(0, 1 << 20, ROWS)]  # one digit short of a hash
    assert found(almost).ground != "generated ids (UUIDs or hashes)"


def test_texts_that_nearly_all_differ_are_ids_and_sentences_are_prose():
    names = [f"R-{number}" for number in rng().permutation(ROWS)]
    assert is_id(names)
    assert read_as([f"the patient number {number} came" for number in range(ROWS)]) == ("categorical", "ignore")
    assert read_as(names[:FEW_ROWS]) == CODE
    assert read_as(names[: ROWS // 2] * 2) == CODE


# Codes.


def test_few_whole_numbers_that_repeat_are_codes():
    assert read_as(rng().integers(1, FEW_CODES + 1, ROWS)) == CODE
    assert read_as(list(range(FEW_CODES)) * REPEATS) == CODE


def test_the_near_misses_of_codes_are_numbers():
    assert read_as(list(range(FEW_CODES + 1)) * REPEATS) == NUMBER
    assert read_as([1, 2, 3] * (REPEATS - 1)) == NUMBER
    assert read_as(rng().integers(1, FEW_CODES + 1, ROWS) + 0.5) == NUMBER


def test_up_to_fifty_codes_are_compared_as_numbers_and_by_shares():
    """Inference calls them numbers; that their shares are looked at too is the comparison's part."""
    assert read_as(rng().integers(0, MANY_LEVELS, ROWS)) == NUMBER


@pytest.mark.parametrize("name", ["zip", "postcode", "icd_code", "PLZ", "naics code"])
def test_a_name_makes_whole_numbers_codes(name):
    assert read_as(rng().integers(10_000, 99_999, ROWS), name) == CODE
    assert read_as(rng().integers(10_000, 99_999, ROWS), "zipped") == NUMBER


def test_digits_with_leading_zeros_are_codes():
    texts = [f"{number:05d}" for number in rng().integers(0, 99_999, ROWS)]
    assert read_as(texts) == CODE
    assert read_as([str(number) for number in rng().integers(0, 99_999, ROWS)]) == NUMBER
    assert read_as([f"{number / 100:.2f}" for number in rng().integers(0, 99, ROWS)]) == NUMBER  # 0.05 is no code


# Times.


@pytest.mark.parametrize("scale", [1, 10**3, 10**6, 10**9])
def test_whole_numbers_since_1970_are_times(scale):
    moments = (1_700_000_000 + rng().integers(0, 10**7, ROWS)) * scale
    assert read_as(moments) == TIME
    assert read_as(np.sort(moments)) == TIME
    assert read_as([str(moment) for moment in moments]) == TIME


def test_whole_numbers_that_only_look_like_times():
    seconds = 1_700_000_000 + rng().integers(0, 10**7, ROWS)
    assert read_as(seconds + 0.5) == NUMBER
    assert read_as(np.append(seconds[1:], 12)) == NUMBER  # 1970 is no time of a feed of today
    assert read_as(np.append(seconds[1:], 2_300_000_000)) == NUMBER  # and 2042 is none yet
    assert read_as(rng().choice(seconds[:MANY_LEVELS], 3 * ROWS)) == NUMBER  # a few that come again and again: codes


def test_compact_dates_are_times_and_other_numbers_of_eight_digits_are_not():
    days = [20260000 + 100 * int(month) + int(day) for month, day in rng().integers(1, 13, (ROWS, 2))]
    assert read_as(days) == TIME
    assert read_as([str(day) for day in days]) == TIME
    assert read_as(rng().integers(20_000_000, 21_000_000, ROWS)) == NUMBER
    assert read_as([day + 1_300 for day in days if day % 10_000 >= 101]) == NUMBER  # months 14 to 25


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-{:02d}",
        "{:02d}.08.2026",
        "{:02d}/08/2026",
        "08/{:02d}/2026",
        "2026-08-{:02d}T10:00:00Z",
        "2026-08-{:02d} 10:00:00+02:00",
        "{:02d} Aug 2026",
        "August {:02d}, 2026",
        "{:02d}-AUG-26",
        "{:02d}AUG2026:10:00:00",
    ],
)
def test_dates_in_text_are_times(text):
    texts = [text.format(day) for day in rng().integers(1, 29, ROWS)]
    assert read_as(texts) == TIME
    slips = ["unknown"] * int(0.04 * 28)
    assert read_as([*texts, *slips]) == TIME


def test_texts_that_are_nearly_dates_are_not():
    assert read_as([f"2026-13-{day:02d}" for day in rng().integers(1, 29, ROWS)]) == CODE
    assert (
        read_as([f"{part}.{more}.{build}" for part, more, build in rng().integers(0, 9, (ROWS, 3))])[0] == "categorical"
    )
    assert read_as([f"week {week}" for week in rng().integers(1, 53, ROWS)]) == CODE
    half = [f"2026-08-{day:02d}" for day in range(1, 29)] + [f"later {day}" for day in range(28)]
    assert read_as(half * 5) == CODE


def test_times_of_day_are_features_that_are_read_as_times():
    clocks = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in rng().integers(0, 24 * 60, ROWS)]
    assert read_as(clocks) == ("datetime", "feature")
    assert read_as([f"{clock[:2]}:{int(clock[3:]) + 60}" for clock in clocks])[0] == "categorical"


# The rest.


def test_true_and_false_in_whatever_words():
    for pair in (("true", "false"), ("Yes", "No"), ("T", "F"), ("on", "off"), ("1", "0")):
        finding = found(rng().choice(pair, ROWS).tolist())
        assert (finding.kind, finding.role) == CODE
        assert finding.format.casefold() == f"{pair[1]}/{pair[0]}".casefold()
    assert found(rng().choice(["yes", "no", "perhaps"], ROWS).tolist()).format == ""
    assert found([1, 2] * ROWS).format == ""


def test_nothing_at_all_and_what_cannot_be_compared():
    assert read_as(pa.nulls(5)) == CODE
    assert read_as(["", "NA", None]) == CODE
    assert read_as(pa.array([[1], [2]])) == ("categorical", "ignore")
    assert found(pa.array([[1], [2]])).ground == "nested values (list<item: int64>)"


def test_numbers_in_text_are_numbers_up_to_a_few_slips():
    texts = [f"{value:.3f}" for value in rng().normal(size=ROWS)]
    assert read_as([*texts, "?", "n/k"]) == NUMBER
    assert read_as([*texts, *(f"q{index}" for index in range(ROWS // 5))])[0] == "categorical"
    comma = found([text.replace(".", ",") for text in texts])
    assert (comma.kind, comma.format) == ("numeric", "decimal-comma")


def test_words_of_a_name():
    assert name_parts("HTTPRequestID") == ("http", "request", "id")
    assert name_parts("zip2_code") == ("zip", "2", "code")
    assert name_parts("") == ()


# Durations, short years and days of the year.


@pytest.mark.parametrize(
    "texts",
    [
        [f"{hours}:15:00" for hours in range(1, 40)],
        [f"{days} days 02:03:04" for days in range(9)],
        [f"{days} days, 2:03:04" for days in range(2, 9)],
        [f"PT{hours}H" for hours in range(9)],
    ],
)
def test_durations_in_text_are_numbers_of_seconds(texts):
    finding = found(texts * 5)
    assert (finding.kind, finding.role, finding.format, finding.unit) == ("numeric", "feature", "duration", "s")


def test_clocks_within_a_day_and_its_end_are_times_of_day():
    assert read_as([f"{hour}:15" for hour in range(24)] * 5) == ("datetime", "feature")
    assert read_as([f"{hour}:00" for hour in range(25)] * 5) == ("datetime", "feature")


def test_durations_of_arrow_are_the_same_kind():
    assert found(pa.array(list(range(50)), pa.duration("s"))).format == "duration"


def test_a_few_durations_among_texts_are_texts():
    assert read_as(["36:15:00"] * 90 + ["long"] * 5 + ["short"] * 5) == CODE
    assert read_as(["long", "short", "36:15:00", "37:15:00"] * 30) == CODE


def test_short_years_first_are_times_and_those_beyond_31_tell_their_order():
    assert read_as([f"24-03-{day:02d}" for day in range(1, 29)] * 3) == TIME
    assert found([f"{year}-03-15" for year in range(40, 99)]).format == "year-first"


def test_ordinal_dates_are_times_under_a_name_that_says_so():
    texts = [f"2024-{day:03d}" for day in range(1, 300)]
    assert read_as(texts, "admission_date") == TIME
    assert read_as(texts, "case") == ("categorical", "time")


def test_underscored_numbers_are_amounts_and_ids_by_the_rules_for_numbers():
    amounts = rng().gamma(4, 9_000, ROWS).astype(int)
    assert read_as([f"{amount:_}" for amount in amounts]) == NUMBER
    assert is_id([f"{number:_}" for number in range(12_001, 12_401)])
