"""Small tables for the rules: a column on both sides, as profiles see it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.column_pair import ColumnPair, pair_columns
from driftloop.data_quality.duplicates import find_repeated_records
from driftloop.data_quality.sign import Sign


def pair(baseline: Any, window: Any, kind: str = "numeric", **column: Any) -> ColumnPair:
    """One column `x` with these values on both sides."""
    schema = Schema((Column("x", kind, **column),))
    sides = [pd.DataFrame({"x": values}) for values in (baseline, window)]
    return pair_columns(Baseline.build(sides[0], schema), Window.build(sides[1], schema))[0]


def measured(rows: int, seed: int) -> pd.DataFrame:
    """Two columns of normal numbers: no record comes again by chance."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})


def repetitions(baseline: Any, window: Any, *names: str) -> list[Sign]:
    """What is said of records that come again, compared by the columns with these names."""
    schema = Schema(tuple(Column(name) for name in names or ("a", "b")))
    return list(find_repeated_records(Baseline.build(baseline, schema), Window.build(window, schema)))


def same_p(expected: float) -> Any:
    """A p to compare with, however small: the usual tolerance of 1e-12 would take any tiny p for any other."""
    return pytest.approx(expected, rel=1e-6, abs=0.0)
