"""The measurement of estimated errors runs, on a made table."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.impact.__main__ import estimates, lines
from benchmarks.impact.windows import inclusion, make_windows


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 3])
def test_a_row_of_the_table_is_made(tmp_path: Path, classes: int) -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=(5000, 2)), rng.integers(0, 3, 5000)])
    y = x[:, 0] + rng.normal(size=5000) if classes == 0 else np.digitize(x[:, 0] + rng.normal(size=5000), [-0.5, 0.5])
    np.savez(tmp_path / "made.npz", X=x, y=y, cat=np.array([2]), classes=classes)
    for name in ("shifted", "still"):
        make_windows(tmp_path / "made.npz", tmp_path / f"{name}.npz", range(3), shifted=name == "shifted")
    found = estimates(tmp_path / "shifted.npz")
    assert (len(found.found), found.held.shape, found.realised.shape) == (3, (3,), (3,))
    assert found.expected.shape == (3,)
    assert len(found.found[0].residuals) == 1500, "500 held out, and 1,000 that were learnt from"
    rows = lines("made", tmp_path / "shifted.npz", tmp_path / "still.npz", None)
    assert [row.split(" | ")[2] for row in rows] == ["realised", "expected"]
    assert {row.count("|") for row in rows} == {12}


def test_the_probability_to_be_drawn_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(2)
    odds = np.exp(rng.normal(size=200))
    expected = inclusion(odds, 40)
    assert expected.sum() == pytest.approx(40)
    seen = np.zeros(200)
    for _ in range(4000):
        seen[np.argsort(-(np.log(odds) + rng.gumbel(size=200)))[:40]] += 1 / 4000
    assert np.abs(seen - expected).max() < 5 * (0.25 / 4000) ** 0.5, "five standard errors of a share of 4,000"
