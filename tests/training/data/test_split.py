from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from training.data.split import hashes, held_out


def in_holdout(names: Iterable[object], share: float) -> NDArray[np.bool_]:
    return held_out(hashes(names).holdout, share)


def test_an_id_always_falls_on_the_same_side() -> None:
    names = [f"R{number}" for number in range(1000)]
    together = in_holdout(names, 0.4)
    alone = np.array([in_holdout([name], 0.4)[0] for name in names])
    assert (together == alone).all()


def test_the_share_is_held_out() -> None:
    """Binomial(10 000, 0.4) stays within 5 standard deviations (49 each) of 4000."""
    assert abs(in_holdout(range(10_000), 0.4).sum() - 4000) < 245


def test_a_smaller_share_is_a_part_of_a_larger_one() -> None:
    names = range(5_000)
    small, large = in_holdout(names, 0.2), in_holdout(names, 0.4)
    assert (large | ~small).all()
