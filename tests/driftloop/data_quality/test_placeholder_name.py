"""A word for "not known" that the baseline never has is a default that somebody filled in."""

import pytest

from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.placeholder_name import find_placeholder_name
from tests.driftloop.data_quality.feeds import pair, same_p

BASELINE = ["cardiology", "oncology"] * 100


def found(window, baseline=BASELINE, **column):
    return find_placeholder_name(pair(baseline, window, "categorical", **column))


@pytest.mark.parametrize("word", ["unknown", "Unknown", "not available", "#N/A", "-", "?", "unbekannt"])
def test_a_default_in_many_rows(word):
    sign = found([word] * 20 + BASELINE[:20])
    assert sign.text == f"{word.lower()!r} in 50% of rows, never in the baseline: a placeholder?"
    assert sign.p == same_p(more_often_p(20, 0, 40, 200))  # 10 of each ward and 20 of it: one could be it
    assert f"add {word!r} to `missing`" in sign.if_normal


def test_its_p_counts_the_words_that_could_have_been_it():
    sign = found(["unknown"] * 6 + ["cardiology"] * 14)
    assert sign.p == same_p(2 * more_often_p(6, 0, 20, 200))


def test_two_rows_or_fewer_than_a_twentieth_are_not_enough():
    assert found(["unknown"] * 2 + ["cardiology"] * 8) is None
    assert found(["unknown"] * 3 + ["cardiology"] * 57) is not None
    assert found(["unknown"] * 3 + ["cardiology"] * 58) is None


def test_what_the_baseline_or_the_schema_knows_is_a_category():
    assert found(["unknown"] * 20, [*BASELINE, "unknown"]) is None
    assert found(["unknown"] * 20, categories=("cardiology", "oncology", "unknown")) is None
    assert found(["other"] * 20) is None


def test_of_two_such_words_the_more_frequent_is_told_as_a_note_also_where_chance_may_bring_it():
    sign = found(["n/a"] * 4 + ["unknown"] * 6 + ["cardiology"] * 30)
    assert sign.text.startswith("'unknown' in 15% of rows")
    assert sign.is_noted
