"""Columns of very many distinct texts: Arrow counts the simple ones, and a question ends with a clear answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.times import iso_seconds, times
from driftloop.data.formats.number_formats import MANY, NumberEvidence, are_simple_numbers
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.formats.unit_symbols import symbol_of, unit_word_of
from driftloop.data.inference.column_inference import find_column

SPECIMENS = (
    "7", "-7", "+7", "07", "1.5", "1.", ".5", "1.234", "0.234", "1234.567", "-1.234", "1,5", "1,234", "1,234.5",
    "1.234,5", "1 234", "1 234.5", "1'234", "12,34,567", "1e5", "1.5e-3", "inf", "Infinity", "nan", "(12.5)", "12.5-",
    "\u22121.5", "\u0661\u0662", "a", "1a", "1.2.3", "", "-", "1_234", "1.5\n",
)  # fmt: skip
"""Texts of every way of writing, and such as only look like one."""


@given(st.lists(st.sampled_from(SPECIMENS), min_size=1, max_size=40))
def test_arrow_counts_as_a_loop_does(texts: list[str]) -> None:
    times_over = -(-MANY // len(texts))
    one_by_one = NumberEvidence()
    for text in texts:
        one_by_one += NumberEvidence.of([text])
    expected = NumberEvidence()
    for _ in range(times_over):
        expected += one_by_one
    assert NumberEvidence.of(texts * times_over) == expected


@pytest.mark.parametrize("others", [5, 6])
def test_counting_ends_once_too_many_texts_are_no_numbers(others: int) -> None:
    texts = ["x"] * others + ["1,5"] * 95
    found = NumberEvidence.of(texts, most_other=5)
    assert (found.other, found.comma) == ((5, 95) if others == 5 else (6, 0))


@pytest.mark.parametrize(
    ("odd", "simple"),
    [
        ("NA", True),
        ("-0.5", True),
        ("+7", True),
        (None, True),
        ("07", False),
        (" 7", False),
        ("1e5", False),
        ("x", False),
    ],
)
def test_very_many_texts_are_simple_numbers_or_one_is_not(odd: str | None, simple: bool) -> None:
    texts = [f"{number}.{number % 10}" for number in range(MANY - 1)]
    assert are_simple_numbers(pa.array([*texts, odd]), ["NA"]) is simple
    assert not are_simple_numbers(pa.array(texts), ["NA"])


def test_padded_codes_stay_codes_however_many_they_are() -> None:
    codes = pa.array([f"{number % 2000:05}" for number in range(6000)])
    assert find_column("site", codes).ground == "digits with leading zeros: codes"


@pytest.mark.parametrize(("without", "symbol", "word"), [(5, "%", "kg"), (6, "", "")])
def test_a_unit_may_lack_in_one_of_twenty_wherever_those_stand(without: int, symbol: str, word: str) -> None:
    bare = [f"{number}.5" for number in range(without)]
    with_sign = [f"{number}.5 %" for number in range(100 - without)]
    with_word = [f"{number}.5 kg" for number in range(100 - without)]
    assert symbol_of([*bare, *with_sign]) == symbol_of([*with_sign, *bare]) == symbol
    assert unit_word_of([*bare, *with_word]) == unit_word_of([*with_word, *bare]) == word


def test_one_other_word_makes_no_truth_values() -> None:
    assert true_false_format(["true", "false", "1", "no"]) == "false/true"
    assert true_false_format(["true", "false", "1", "no", "maybe"]) == ""


def test_of_two_spellings_of_a_word_the_first_by_letter_is_kept() -> None:
    assert true_false_format(["yes", "No", "Yes"]) == true_false_format(["Yes", "yes", "No"]) == "No/Yes"


@pytest.mark.parametrize(
    "texts",
    [
        ["1.5", "NA", None, "-2e3"],
        ["1.5", "n.a.", " 7 ", "+3"],
        ["true", "0.5"],
        ["NA", None],
        [],
    ],
)
def test_texts_by_code_are_the_numbers_that_plain_texts_are(texts: list[str | None]) -> None:
    plain = pa.array(texts, pa.string())
    repeated = pa.concat_arrays([plain, plain])
    by_code, one_by_one = numbers(repeated.dictionary_encode(), ("NA",)), numbers(repeated, ("NA",))
    np.testing.assert_array_equal(by_code.values, one_by_one.values)
    assert by_code.malformed == one_by_one.malformed


def test_times_by_code_are_the_times_that_plain_texts_are() -> None:
    plain = pa.array(["2026-01-02", "2026-01-02 03:04:05.25", None, "2026-01-02"])
    np.testing.assert_array_equal(times(plain.dictionary_encode(), ()).values, times(plain, ()).values)


@pytest.mark.parametrize("odd", ["02/01/2026", "2026-02-30", "soon"])
def test_one_text_of_another_form_is_left_to_a_closer_look(odd: str) -> None:
    assert iso_seconds(pa.array(["2026-01-02", "NA"]), ("NA",)) is not None
    assert iso_seconds(pa.array(["2026-01-02", odd]), ("NA",)) is None


def _column(slips: list[str], texts: list[str]) -> pa.Array:
    return pa.array([*texts[: len(texts) // 2], *slips, *texts[len(texts) // 2 :]])


MINUTES = np.datetime64("2024-01-01T00:00") + 500 * np.arange(1900).astype("timedelta64[m]")
MANY_TEXTS = {
    "numeric": [f"{number / 7:.6f}" for number in range(1900)],
    "iso": [str(minute).replace("T", " ") for minute in MINUTES],
    "day first": [f"{1 + day % 28:02}/{1 + day // 28 % 12:02}/{1990 + day // 336}" for day in range(1900)],
    "clock": [f"{hour % 24}:{hour // 24 % 60:02}:{hour // 1440:02}" for hour in range(1900)],
}


@pytest.mark.parametrize("form", MANY_TEXTS)
def test_what_a_column_of_many_texts_is_bears_one_slip_in_twenty(form: str) -> None:
    distinct, kind = list(dict.fromkeys(MANY_TEXTS[form])), "numeric" if form == "numeric" else "datetime"
    allowed = len(distinct) // 19
    slips = [f"no {'abc'[number % 3]}{number}" for number in range(allowed + 1)]
    assert find_column("x", _column(slips[:-1], distinct)).kind == kind
    assert find_column("x", _column([*slips, "one more"], distinct)).kind == "categorical"
