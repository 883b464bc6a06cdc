"""Single values that no number stands for: the check goes on without them and says so, whatever the file's format."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import driftloop
from driftloop import Verdict

LONG = "9" * 400
"""More digits than a float64 has room for: Python and Arrow read it as infinite, or not at all."""
ROWS = 100
TOLD = "x: 1 of 100 values are no numbers that can be used and count as missing; in the baseline none"


def values(rows: int, seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(50, 5, rows).round(3).tolist()


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    pd.DataFrame({"x": values(400, 1), "y": values(400, 2)}).to_csv(tmp_path / "reference.csv", index=False)
    return tmp_path / "reference.csv"


def written(path: Path, odd: str) -> Path:
    """100 rows, one of which has `odd` in place of a number."""
    x, y = [str(value) for value in values(ROWS, 3)], values(ROWS, 4)
    x[7] = odd
    if path.suffix == ".csv":
        path.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    elif path.suffix == ".jsonl":
        path.write_text("".join(f'{{"x": {a}, "y": {b}}}\n' for a, b in zip(x, y, strict=True)))
    elif path.suffix == ".json":
        path.write_text("[" + ",".join(f'{{"x": {a}, "y": {b}}}' for a, b in zip(x, y, strict=True)) + "]")
    else:
        pq.write_table(pa.table({"x": x, "y": y}), path)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("odd", [LONG, f"-{LONG}", "1e400", f"{LONG}.5"])
def test_a_number_that_no_float_holds_is_one_unusable_value(tmp_path, reference, ending, odd):
    result = driftloop.check(reference, written(tmp_path / f"window.{ending}", odd))
    assert result.verdict is Verdict.STABLE
    assert TOLD in result.notes
    assert abs(result["x"].effect) < 3  # of numbers around 50: the value is in no mean
    assert result["x"].kind == "numeric"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_reference_with_such_a_value_is_read_as_numbers_too(tmp_path, ending):
    pd.DataFrame({"x": values(60, 5), "y": values(60, 6)}).to_csv(tmp_path / "window.csv", index=False)
    result = driftloop.check(written(tmp_path / f"reference.{ending}", LONG), tmp_path / "window.csv")
    assert result["x"].kind == "numeric"
    assert result.verdict is Verdict.STABLE


def test_a_decimal_of_many_digits_is_the_nearest_float(tmp_path, reference):
    x = [Decimal(str(value)) for value in values(ROWS, 3)]
    x[7] = Decimal("9" * 70)
    table = pa.table({"x": pa.array(x, pa.decimal256(76, 3)), "y": values(ROWS, 4)})
    pq.write_table(table, tmp_path / "window.parquet")
    result = driftloop.check(reference, tmp_path / "window.parquet")
    assert "x: 1 of 100 values far beyond all of the baseline" in result.notes
    assert result["x"].statistic < 3  # ranks do not mind how far it lies


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("digits", [4_301, 100_000])
def test_python_s_own_limit_of_digits_changes_nothing(tmp_path, reference, ending, digits):
    """From 4,301 digits on Python refuses to make a whole number of a text."""
    assert TOLD in driftloop.check(reference, written(tmp_path / f"window.{ending}", "9" * digits)).notes
