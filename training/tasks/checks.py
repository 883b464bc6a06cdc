"""What must hold before anything is fitted: settings fit the schema, and the labels the task. One line each."""

import math
from collections import Counter
from collections.abc import Sequence

from driftloop.data.redaction import COMMON, may_name
from driftloop.data.schema import Column, Schema
from driftloop.errors import ConfigError, InputError
from driftloop.validation import nearest
from driftloop.wording.counts import count_of
from training.settings import Settings
from training.tasks.answer import Answer

# Of a class, to learn from: each of the five folds of cross-validation then has one, and its name is nobody's own.
SMALLEST_CLASS = COMMON
LARGEST = 1e70  # of an outcome: sums of its fourth power over many records must stay finite, which ends at 1e308


def check_settings(schema: Schema, how: Settings) -> None:
    """Raises ConfigError where `model.toml` does not fit `schema.toml`: the kind of the target, the positive class, the
    columns and bands of subgroups.
    """
    target = _target(schema)
    wanted = "numeric" if how.task == "regression" else "categorical"
    if target.kind != wanted:
        raise ConfigError(
            f"schema.toml: the target {target.name!r} is {target.kind}, but model.toml has task = {how.task!r}: give "
            f'the target kind = "{wanted}", or name another task'
        )
    if target.categories and how.positive and how.positive not in target.categories:
        raise ConfigError(f"model.toml: positive = {how.positive!r}{nearest(how.positive, target.categories)}")
    if target.categories and (len(target.categories) < 2 or (how.task == "binary" and len(target.categories) != 2)):
        raise ConfigError(
            f"schema.toml: the target {target.name!r} has {len(target.categories)} categories, but a {how.task} task "
            f"has {'two classes' if how.task == 'binary' else 'at least two'}"
        )
    features = {column.name: column for column in schema.columns if column.role == "feature"}
    for name, limits in how.subgroups.items():
        if name not in features:
            raise ConfigError(
                f"model.toml [subgroups] names a column {name!r} that is no feature{nearest(name, features)}"
            )
        if (features[name].kind == "categorical") == bool(limits):
            needed = "no limits: each category is one" if limits else "the limits of its bands"
            raise ConfigError(f"model.toml [subgroups] {name}: a {features[name].kind} column needs {needed}")
        if not all(map(math.isfinite, limits)):
            raise ConfigError(f"model.toml [subgroups] {name}: a limit of its bands is no finite number")


def answer_for(schema: Schema, how: Settings, learnt: Sequence[str | float], judged: Sequence[str | float]) -> Answer:
    """Decide what the model is to answer, given the outcomes that it learns from and those that judge it.

    Parameters
    ----------
    schema : Schema
        With the target's kind and categories.
    how : Settings
        model.toml.
    learnt, judged : sequence of str or float
        Outcomes of the records to learn from, and of the holdout.

    Raises
    ------
    InputError
        Where the outcomes are one number, or too large to be squared. Also where a classifier's have one class, too
        many, or too few records of one to learn from.
    ConfigError
        Where none is the positive class.
    """
    target = _target(schema)
    if how.task == "regression":
        _check_numbers(target, [float(value) for value in (*learnt, *judged)])
        return Answer("regression", how.loss or "squared", target.name, coverage=how.coverage)
    counts = Counter(map(str, learnt))
    classes = target.categories or tuple(sorted({*counts, *map(str, judged)}))
    if len(set(counts) | set(map(str, judged))) < 2:
        raise InputError(
            f"every label of {target.name!r} is of one class: there is nothing to tell apart; wait for others"
        )
    if how.task == "binary" and len(classes) != 2:
        raise InputError(
            f"column {target.name!r} holds {len(classes)} classes, a binary task has two: list the two in the target's "
            'categories in schema.toml, or set task = "multiclass"'
        )
    few = sorted(name for name in classes if counts[name] < SMALLEST_CLASS)
    if few:
        raise InputError(
            f"column {target.name!r}: of its {len(classes)} classes {_rare(few[0], target, counts[few[0]])} has "
            f"{count_of(counts[few[0]], 'record')} to learn from, {SMALLEST_CLASS} are needed: wait for more labels, "
            "or list the target's other categories in schema.toml"
        )
    positive = how.positive or (classes[-1] if how.task == "binary" else "")
    if positive and positive not in classes:
        raise ConfigError(f"model.toml: positive = {positive!r}{nearest(positive, classes)}")
    return Answer(how.task, how.loss or "log", target.name, classes, positive, how.threshold, how.coverage)


def _check_numbers(target: Column, outcomes: Sequence[float]) -> None:
    if min(outcomes) == max(outcomes):
        raise InputError(
            f"every label of {target.name!r} is the same number: there is nothing to predict; wait for others, or "
            "correct the target in schema.toml"
        )
    if max(map(abs, outcomes)) > LARGEST:
        raise InputError(
            f"column {target.name!r} holds numbers beyond {LARGEST:g}, whose errors cannot be computed: give it a "
            "range in schema.toml, which leaves such records out, or another unit"
        )


def _rare(name: str, target: Column, records: int) -> str:
    """A class in quotes, or what stands for it where its name may be a single record's."""
    return repr(name) if may_name(name, target, records) else "one"


def check_against_champion(schema: Schema, champion: Answer, answer: Answer) -> None:
    """Raises InputError where the champion was made for another task. Raises it where the labels hold a class that it
    never saw and that the schema does not list.
    """
    if champion.task != answer.task:
        raise InputError(
            f"the champion was made for a {champion.task} task and this model for a {answer.task} one: they cannot be "
            "compared; give the new model a name of its own"
        )
    if answer.task == "binary" and set(champion.classes) != set(answer.classes):
        raise InputError(
            f"column {answer.target!r}: the champion tells {' and '.join(champion.classes)} apart, this model "
            f"{' and '.join(answer.classes)}: quarantine labels that are written otherwise, or give the new model a "
            "name of its own"
        )
    declared = set(_target(schema).categories)
    unseen = [name for name in answer.classes if name not in champion.classes and name not in declared]
    if unseen:
        raise InputError(
            f"column {answer.target!r} holds a class that the champion never saw, {unseen[0]!r}: list it in the "
            "target's categories in schema.toml if it is a new one, or quarantine the labels with it"
        )


def _target(schema: Schema) -> Column:
    target = schema.role("target")
    if target is None:
        raise ConfigError('the schema names no column with role = "target", which training needs: add it')
    return target
