"""The measurement of estimated errors runs, on a made table."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.impact.__main__ import HEAD, estimates, lines, read_pieces
from benchmarks.impact.windows import inclusion, make_windows


@pytest.mark.slow
@pytest.mark.parametrize("classes", [0, 3])
def test_a_row_of_the_table_is_made(tmp_path: Path, classes: int) -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=(5000, 2)), rng.integers(0, 3, 5000)])
    y = x[:, 0] + rng.normal(size=5000) if classes == 0 else np.digitize(x[:, 0] + rng.normal(size=5000), [-0.5, 0.5])
    np.savez(tmp_path / "made.npz", X=x, y=y, cat=np.array([2]), classes=classes)
    pieces = [tmp_path / f"windows-{start}.npz" for start in (0, 2)]
    make_windows(tmp_path / "made.npz", pieces[0], range(2))
    make_windows(tmp_path / "made.npz", pieces[1], range(2, 3))
    runs = read_pieces(pieces)
    found = estimates(runs)
    assert (len(found.found), found.held.shape, found.realised.shape) == (3, (3,), (3,))
    assert found.expected.shape == (3,)
    assert len(found.found[0].residuals) == 1500, "500 held out, and 1,000 that were learnt from"
    without = estimates(runs, "s")
    assert without.held.tolist() == found.held.tolist(), "both windows share a split"
    assert without.realised.tolist() != found.realised.tolist()
    rows = lines("made", runs, {"dle": found.held})
    assert [row.split(" | ")[2] for row in rows] == ["realised", "expected"]
    assert {row.count("|") for row in (*rows, HEAD)} == {15}


def test_pieces_are_the_windows_of_one_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    np.savez(tmp_path / "made.npz", X=rng.normal(size=(5000, 2)), y=rng.normal(size=5000), cat=np.array([]), classes=0)
    for name, runs in (("whole", range(2)), ("first", range(1)), ("second", range(1, 2))):
        make_windows(tmp_path / "made.npz", tmp_path / f"{name}.npz", runs)
    whole, parts = (
        read_pieces([tmp_path / f"{name}.npz" for name in names]) for names in (["whole"], ["first", "second"])
    )
    assert whole.keys() == parts.keys()
    for name, values in whole.items():
        assert values.tolist() == parts[name].tolist(), name


def test_the_probability_to_be_drawn_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(2)
    odds = np.exp(rng.normal(size=200))
    expected = inclusion(odds, 40)
    assert expected.sum() == pytest.approx(40)
    seen = np.zeros(200)
    for _ in range(4000):
        seen[np.argsort(-(np.log(odds) + rng.gumbel(size=200)))[:40]] += 1 / 4000
    assert np.abs(seen - expected).max() < 5 * (0.25 / 4000) ** 0.5, "five standard errors of a share of 4,000"
