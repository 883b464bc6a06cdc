"""Whether what a table calls predictions can be ones: probabilities between 0 and 1, and classes that there are.

Percentages, misspelt classes and probabilities of other classes give errors like any other numbers. The estimate from
them would be wrong without a sign, so they are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftloop.data.columns.numbers import numbers
from driftloop.errors import InputError
from driftloop.sequential.prediction_error import PROBABILITY, class_of
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop.data.schema import Column

Values = list[Any]
"""Of a column: texts of classes, or numbers; None where there is no value."""

ROUNDING = 1e-6
"""Of a probability: single precision is off by a tenth of that."""
ROUNDED = 0.005
"""Of each in a sum: files may write two decimals."""
PROMISED = 20.0
"""Records of a class that probabilities promise. Where they are right, a chance of e^-20 that none comes."""


def hold_as_predictions(
    rows: pa.Table, said: tuple[Column, Values], target: tuple[Column, Values], missing: tuple[str, ...], where: str
) -> None:
    """Raises InputError for predictions that cannot be ones of the outcomes beside them.

    Parameters
    ----------
    rows : the table, for the probabilities of the other classes.
    said, target : the column of predictions and that of outcomes, with their values (n,).
    missing : texts that mean that a value is missing.
    where : how messages name the table.
    """
    column, predicted = said
    outcomes = {value for value in target[1] if value is not None}
    known = set(target[0].categories or ()) | outcomes
    named = class_of(column)
    if named is not None:
        values = np.array([value for value in predicted if value is not None], float)
        _hold_as_probabilities(values, column.name, where)
        if named not in known and (target[0].categories or values.sum() > PROMISED):
            raise InputError(
                f"{where}: column {column.name!r} is of a class that no outcome has ({target[0].name!r}): call it "
                f"{PROBABILITY}<class>, with the class as the outcomes spell it"
            )
        _hold_sums(rows, missing, where)
    elif target[0].kind == "categorical" and len(outcomes) > 1:
        answered = {value for value in predicted if value is not None}
        if answered and answered.isdisjoint(known):
            raise InputError(
                f"{where}: no prediction ({column.name!r}) is a class that the outcomes ({target[0].name!r}) have: "
                f"spell both alike, or call a class's probability {PROBABILITY}<class>"
            )


def _hold_as_probabilities(values: Any, name: str, where: str) -> None:
    beyond = int(((values < -ROUNDING) | (values > 1 + ROUNDING)).sum())
    if beyond:
        raise InputError(
            f"{where}: column {name!r}: {count_of(beyond, 'value')} outside of 0 to 1: give probabilities, not "
            "percentages or scores"
        )


def _hold_sums(rows: pa.Table, missing: tuple[str, ...], where: str) -> None:
    """Probabilities of several classes of one record add up to 1 at most."""
    names = [name for name in rows.column_names if name.startswith(PROBABILITY)]
    if len(names) < 2:
        return
    each = [numbers(rows[name].combine_chunks(), missing).values for name in names]
    beyond = int((np.nansum(each, axis=0) > 1 + ROUNDED * len(names)).sum())
    if beyond:
        raise InputError(
            f"{where}: the probabilities of {count_of(beyond, 'record')} add up to more than 1: give those of one "
            f"outcome's classes as {PROBABILITY}<class>, and call others differently"
        )
