"""Small tables for the rules: a column on both sides, as profiles see it."""

from typing import Any

import pandas as pd

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.column_pair import ColumnPair, column_pairs


def pair(baseline: Any, window: Any, kind: str = "numeric", **column: Any) -> ColumnPair:
    """One column `x` with these values on both sides."""
    schema = Schema((Column("x", kind, **column),))
    sides = [pd.DataFrame({"x": values}) for values in (baseline, window)]
    return column_pairs(Baseline.build(sides[0], schema), Window.build(sides[1], schema))[0]
