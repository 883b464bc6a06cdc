"""What does not fit is said before anything is fitted, in one line that names it."""

from typing import Any

import pytest

from driftloop.data.schema import Schema
from driftloop.errors import ConfigError, DriftloopError, InputError
from training.settings import Settings
from training.tasks.answer import Answer
from training.tasks.checks import answer_for, check_against_champion, check_settings


def schema(kind: str = "categorical", categories: tuple[str, ...] = ()) -> Schema:
    columns: list[dict[str, Any]] = [
        {"name": "age"},
        {"name": "ward", "kind": "categorical"},
        {"name": "id", "kind": "categorical", "role": "id"},
        {"name": "left", "kind": kind, "categories": list(categories), "role": "target"},
    ]
    return Schema.from_object({"columns": columns})


def refused(error: type[DriftloopError], said: str, *arguments: Any, by: Any = check_settings) -> None:
    with pytest.raises(error) as caught:
        by(*arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "how", "said"),
    [
        ("numeric", Settings("binary"), "target 'left' is numeric, but model.toml has task = 'binary'"),
        ("categorical", Settings("regression"), 'give the target kind = "numeric"'),
        (
            "categorical",
            Settings("binary", subgroups={"wards": []}),
            "'wards' that is no feature: did you mean 'ward'?",
        ),
        ("categorical", Settings("binary", subgroups={"id": []}), "'id' that is no feature"),
        (
            "categorical",
            Settings("binary", subgroups={"age": []}),
            "age: a numeric column needs the limits of its bands",
        ),
        ("categorical", Settings("binary", subgroups={"ward": [1.0]}), "ward: a categorical column needs no limits"),
    ],
)
def test_settings_that_do_not_fit_the_schema_are_refused(kind: str, how: Settings, said: str) -> None:
    refused(ConfigError, said, schema(kind), how)


@pytest.mark.parametrize(
    ("categories", "how", "said"),
    [
        (("no", "yes"), Settings("binary", positive="yess"), "positive = 'yess': did you mean 'yes'?"),
        (("no", "yes", "maybe"), Settings("binary"), "has 3 categories, but a binary task has two classes"),
        (("no",), Settings("multiclass"), "has 1 categories, but a multiclass task has at least two"),
    ],
)
def test_declared_classes_that_do_not_fit_the_task_are_refused(
    categories: tuple[str, ...], how: Settings, said: str
) -> None:
    refused(ConfigError, said, schema(categories=categories), how)


def test_what_fits_passes() -> None:
    check_settings(schema("numeric"), Settings("regression", subgroups={"age": [40.0], "ward": []}))
    check_settings(schema(categories=("no", "yes")), Settings("binary", positive="yes"))


@pytest.mark.parametrize("limit", [float("nan"), float("inf")])
def test_a_band_without_an_end_is_refused(limit: float) -> None:
    how = Settings("regression", subgroups={"age": [40.0, limit]})
    refused(ConfigError, "model.toml [subgroups] age: a limit of its bands is no finite number", schema("numeric"), how)


@pytest.mark.parametrize(
    ("learnt", "judged", "said"),
    [
        ([5.0, 5.0], [5.0], "every label of 'left' is the same number"),
        ([5.0, 2e70], [5.0], "column 'left' holds numbers beyond 1e+70"),
        ([5.0, 6.0], [-2e70], "column 'left' holds numbers beyond 1e+70"),
    ],
)
def test_numbers_that_cannot_be_learnt_are_refused(learnt: list[float], judged: list[float], said: str) -> None:
    refused(InputError, said, schema("numeric"), Settings("regression"), learnt, judged, by=answer_for)
    edge = answer_for(schema("numeric"), Settings("regression"), [5.0, 1e70], [5.0])
    assert edge.task == "regression"


BOTH = ["no"] * 8 + ["yes"] * 8


@pytest.mark.parametrize(
    ("how", "learnt", "said"),
    [
        (Settings("binary"), ["no"] * 9, "every label of 'left' is of one class"),
        (Settings("binary"), [*BOTH, *["perhaps"] * 9], "holds 3 classes, a binary task has two"),
        (
            Settings("binary"),
            [*["no"] * 8, *["yes"] * 5],
            "of its 2 classes 'yes' has 5 records to learn from, 6 are needed",
        ),
        (Settings("multiclass"), [*BOTH, "Smith"], "of its 3 classes one has 1 record to learn from, 6 are needed"),
        (Settings("binary", positive="ja"), BOTH, "positive = 'ja'"),
    ],
)
def test_labels_that_do_not_fit_the_task_are_refused(how: Settings, learnt: list[str], said: str) -> None:
    target = schema(categories=("no", "yes")) if "'yes'" in said else schema()
    refused(DriftloopError, said, target, how, learnt, [], by=answer_for)


def test_the_classes_are_the_declared_ones_in_their_order_or_those_that_occur() -> None:
    assert answer_for(schema(), Settings("binary"), BOTH, ["no"]).classes == ("no", "yes")
    declared = answer_for(schema(categories=("yes", "no")), Settings("binary"), BOTH, [])
    assert (declared.classes, declared.positive) == (("yes", "no"), "no")
    assert answer_for(schema(), Settings("binary", positive="no"), BOTH, []).positive == "no"
    number = answer_for(schema("numeric"), Settings("regression", loss="absolute"), [1.0], [2.0])
    assert (number.classes, number.loss, number.target) == ((), "absolute", "left")


def test_a_champion_of_another_task_or_of_other_classes_is_refused() -> None:
    three = Answer("multiclass", "log", "left", ("a", "b", "c"))
    two = Answer("multiclass", "log", "left", ("a", "b"))
    refused(DriftloopError, "made for a regression task", schema(), Answer(), three, by=check_against_champion)
    refused(DriftloopError, "a class that the champion never saw, 'c'", schema(), two, three, by=check_against_champion)
    check_against_champion(schema(categories=("a", "b", "c")), two, three)
    check_against_champion(schema(), three, two)
    yes, one = (Answer("binary", "log", "left", names, names[1]) for names in (("no", "yes"), ("0", "1")))
    refused(DriftloopError, "the champion tells no and yes apart", schema(), yes, one, by=check_against_champion)
