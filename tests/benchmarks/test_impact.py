"""The measurement of estimated errors runs, on a made table."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.impact.__main__ import estimates, line
from benchmarks.impact.windows import make_windows


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 3])
def test_a_row_of_the_table_is_made(tmp_path: Path, classes: int) -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=(5000, 2)), rng.integers(0, 3, 5000)])
    y = x[:, 0] + rng.normal(size=5000) if classes == 0 else np.digitize(x[:, 0] + rng.normal(size=5000), [-0.5, 0.5])
    np.savez(tmp_path / "made.npz", X=x, y=y, cat=np.array([2]), classes=classes)
    for name in ("shifted", "still"):
        make_windows(tmp_path / "made.npz", tmp_path / f"{name}.npz", 3, shifted=name == "shifted")
    found, held, seen, population = estimates(tmp_path / "shifted.npz")
    assert (len(found), held.shape, seen.shape, population.shape) == (3, (3,), (3,), (3,))
    row = line("made", tmp_path / "shifted.npz", tmp_path / "still.npz", None)
    assert row.startswith("| made | ")
    assert row.count("|") == 9
