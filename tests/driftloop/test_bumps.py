"""A group between the middle and the tail of a column: found, said in words, in any language."""

import numpy as np
import pandas as pd
import pytest

from driftloop import check
from driftloop.report.words.language import Words


def records(rows: int, odds: float, seed: int) -> pd.DataFrame:
    """Normal numbers, of which those around either quartile are `odds` times as likely; and two other columns."""
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 10, 20 * rows)
    chosen = rng.random(len(values)) < np.where(np.abs(np.abs(values - 50) - 6.745) < 4, odds, 1.0) / max(odds, 1.0)
    return pd.DataFrame(
        {"pressure": values[chosen][:rows], "age": rng.normal(size=rows), "rate": rng.exponential(size=rows)}
    )


def test_groups_beside_the_middle_are_found_and_named() -> None:
    row = check(records(600, 1.0, 1), records(400, 3.5, 2))["pressure"]
    assert (row.drift, row.aspect) == (True, "bump")
    assert any(f"more values around the {one} quartile" in row.sentence for one in ("lower", "upper"))
    back = check(records(400, 3.5, 2), records(600, 1.0, 1))["pressure"]
    assert any(f"fewer values around the {one} quartile" in back.sentence for one in ("lower", "upper"))


@pytest.mark.parametrize("words", ["more values around the lower", "fewer values around the upper"])
def test_the_sentence_is_known_in_japanese(words: str) -> None:
    sentence = f"mean +1.2 mmHg (50.1 to 51.3), {words} quartile"
    assert Words("ja").sentence(sentence).language == "ja"
