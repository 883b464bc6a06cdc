"""What a check's row holds of a very wide table."""

import msgspec

from function_app.checks.fitting import (
    ALL_FEATURES,
    ALL_REASONS,
    FIRST_REASONS,
    SUREST_FEATURES,
    fitting_features,
    fitting_reasons,
)


def feature(number: int, p: float | None, *, drift: bool = False, size: int = 1_000) -> dict[str, object]:
    found: dict[str, object] = {"name": f"c{number:05}", "p_value": p, "drift": drift, "sentence": ""}
    found["sentence"] = "x" * (size - len(msgspec.json.encode(found)))
    return found


def test_what_fits_is_kept_whole() -> None:
    features = [feature(number, 0.5) for number in range(ALL_FEATURES // 1_000)]

    assert fitting_features(features) == features


def test_of_more_the_surest_are_kept_in_the_order_of_the_table() -> None:
    features = [feature(number, 1 / (number + 2), drift=number % 2 == 0) for number in range(ALL_FEATURES // 1_000 + 1)]

    kept = fitting_features(features)

    assert sum(len(msgspec.json.encode(each)) for each in kept) == SUREST_FEATURES
    drifting = [each for each in features if each["drift"]]
    assert kept == drifting[-64:], "their p is the smallest, and none that has not moved stands before them"


def test_a_column_without_a_p_comes_last() -> None:
    features = [feature(number, None) for number in range(640)] + [feature(700 + number, 0.9) for number in range(10)]

    kept = fitting_features(features)

    assert [each["name"] for each in kept[-10:]] == [f"c{700 + number:05}" for number in range(10)]
    assert len(kept) == 64


def test_a_single_name_that_fits_nowhere_leaves_nothing() -> None:
    assert fitting_features([feature(1, 0.5, size=ALL_FEATURES + 1)]) == []


def test_sentences_are_cut_by_their_bytes_and_counted() -> None:
    fits = ["ß" * 80] * (ALL_REASONS // 160)

    assert fitting_reasons(fits) == tuple(fits)
    cut = fitting_reasons([*fits, "one more"])
    assert cut == (*fits[: FIRST_REASONS // 160], "and 901 more sentences: the report holds them")
