"""Small tables for the rules: a column on both sides, as profiles see it."""

from typing import Any

import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.column_pair import ColumnPair, column_pairs


def pair(baseline: Any, window: Any, kind: str = "numeric", **column: Any) -> ColumnPair:
    """One column `x` with these values on both sides."""
    schema = Schema((Column("x", kind, **column),))
    sides = [pd.DataFrame({"x": values}) for values in (baseline, window)]
    return column_pairs(Baseline.build(sides[0], schema), Window.build(sides[1], schema))[0]


def same_p(expected: float) -> Any:
    """A p to compare with, however small: the usual tolerance of 1e-12 would take any tiny p for any other."""
    return pytest.approx(expected, rel=1e-6, abs=0.0)
