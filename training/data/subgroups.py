"""The subgroups that judge a model: each category of a column, or bands of a number, as the settings name them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def masks(table: pa.Table, bands: Mapping[str, Sequence[float]]) -> dict[str, NDArray[np.bool_]]:
    """A mask over the table's rows for each subgroup, by a name that a person reads: `sex 1`, `age < 40`, `bmi 25 to
    30`. `training.tasks.checks` has refused a column that is none.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    for column, limits in bands.items():
        values = table[column].to_pylist()
        if not limits:
            categories = sorted({value for value in values if value is not None})
            found |= {f"{column} {c}": np.array([value == c for value in values], dtype=bool) for c in categories}
            continue
        numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        edges = sorted(limits)
        found[f"{column} < {edges[0]:g}"] = numbers < edges[0]
        for low, high in pairwise(edges):
            found[f"{column} {low:g} to {high:g}"] = (numbers >= low) & (numbers < high)
        found[f"{column} >= {edges[-1]:g}"] = numbers >= edges[-1]
    return found
