"""Which column is the target, and which task its values set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import pyarrow as pa

from driftloop.data.columns.texts import category_names
from driftloop.data.formats.number_formats import plain_number
from driftloop.data.formats.true_false import true_false_format
from driftloop.data.inference.finding import InferredColumn, name_parts
from driftloop.data.redaction import may_name
from driftloop.data.schema import Column
from driftloop.errors import InputError
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.setup.choice import Choice
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import format_share

NAMES = ("target", "label", "labels", "y", "outcome", "class", "response", "dependent")
"""Whole names, the surest first."""
WORDS = frozenset({"target", "label", "outcome"})
"""Words within a longer name."""
NEVER = frozenset({"ignore", "timestamp", "time"})
MOST_CLASSES = 20
"""Different whole numbers that may be classes: ten digits, twenty groups. Amounts have more."""
MOST_TEXTS = 100
"""The same for texts, which cannot be amounts."""
RECORDS_A_CLASS = 20
"""Records that each whole number has on average where they are classes: counts have a long tail of rare ones."""
RECORDS_A_TEXT = 5
TASKS = ("regression", "binary", "multiclass")


@dataclass(frozen=True)
class Task:
    """What is to be predicted. `classes` holds each class and its records, the most frequent first."""

    choice: Choice
    classes: dict[str, int]
    positive: Choice | None = None


def suggested_target(findings: Mapping[str, InferredColumn]) -> Choice | None:
    """The target by the names of the columns, or the last one that can be it; None where none can."""
    able = {name: found for name, found in findings.items() if found.role not in NEVER}
    folded = {name.casefold().strip(): name for name in reversed(able)}
    for known in NAMES:
        if known in folded:
            return Choice(folded[known], f"a column of this name is the target ({', '.join(NAMES)})")
    for name in able:
        if WORDS & set(name_parts(name)):
            return Choice(name, f"its name holds one of the words {', '.join(sorted(WORDS))}")
    last = [name for name, found in able.items() if found.role == "feature"]
    return Choice(last[-1], "no column is named as a target, so the last one is taken") if last else None


def suggested_task(name: str, found: InferredColumn, counted: ColumnProfile) -> Choice:
    """The task that a target's values set: two values, few classes, or amounts.

    Raises
    ------
    InputError
        For a target without a value, with one value alone, and for texts that are no classes.
    """
    known = counted.rows - counted.missing - counted.infinite
    if known <= 0:
        raise InputError(f"target {name!r}: no record has a value: choose another column by --target")
    classes = class_counts(counted)
    if classes is not None and len(classes) == 1:
        alike = f"all {count_of(known, 'record has', 'records have')} the same value"
        raise InputError(f"target {name!r}: {alike}: choose another column by --target")
    if classes is not None and len(classes) == 2:
        return Choice("binary", "it has two values")
    if counted.histogram is None:
        if classes is None or len(classes) > MOST_TEXTS or known < RECORDS_A_TEXT * len(classes):
            many = "more than 1,000" if classes is None else str(len(classes))
            raise InputError(
                f"target {name!r}: {many} different texts in {count_of(known, 'record')} are no classes: choose "
                "another column by --target"
            )
        return Choice("multiclass", f"it has {len(classes)} different values ({found.ground})")
    if classes is not None and len(classes) <= MOST_CLASSES and known >= RECORDS_A_CLASS * len(classes):
        few = f"it has {len(classes)} different whole numbers, each in {RECORDS_A_CLASS} records or more on average"
        return Choice("multiclass", few)
    return Choice("regression", "it has many different numbers")


def class_counts(counted: ColumnProfile) -> dict[str, int] | None:
    """The values that could be classes and how many records have each. None where they are too many to be kept, or more
    than two of them are no whole numbers.
    """
    if counted.histogram is None:
        found = None if counted.other else dict(counted.counts)
    else:
        values, counts = counted.bins
        whole = bool(np.all(values == np.floor(values)))
        if not counted.histogram.is_exact or not (whole or len(values) <= 2):
            return None
        found = dict(zip(category_names(pa.array(values)), counts.tolist(), strict=True))
    return None if found is None else dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def are_amounts(counted: ColumnProfile) -> bool:
    """Whether the values of a target can be read as numbers."""
    return counted.histogram is not None or (not counted.other and all(map(_is_number, counted.counts)))


def as_amounts(counted: ColumnProfile) -> ColumnProfile:
    """Codes that are meant as amounts: the same with the least and the largest of them."""
    if counted.histogram is not None:
        return counted
    values = [value for name in counted.counts if (value := plain_number(name)) is not None]
    return replace(counted, minimum=min(values), maximum=max(values))


def _is_number(text: str) -> bool:
    value = plain_number(text)
    return value is not None and isfinite(value)


def suggested_positive(column: Column, classes: Mapping[str, int]) -> Choice:
    """The class of a binary target that people speak of; empty where it may not be named."""
    words = true_false_format(classes)
    if words:
        name = words.split("/")[1]
        return Choice(next(each for each in classes if each.casefold() == name.casefold()), "it means true")
    name = list(classes)[-1]
    if not may_name(name, column, classes[name]):
        return Choice("", "the rarer class, which too few records have to be named here")
    return Choice(name, "the rarer of the two classes")


def balance(column: Column, classes: Mapping[str, int]) -> str:
    """How the records are divided, naming the classes that may be named.

    Examples
    --------
    >>> balance(Column("paid", kind="categorical"), {"no": 90, "yes": 10})
    'no 90%, yes 10%'
    """
    total = sum(classes.values())
    shares = [
        f"{name if may_name(name, column, records) else 'a rare class'} {format_share(records / total)}"
        for name, records in list(classes.items())[:MOST_CLASSES]
    ]
    more = len(classes) - len(shares)
    return ", ".join(shares) + (f" and {more} more" if more else "")
