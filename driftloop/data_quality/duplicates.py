"""Records that come again: a batch delivered twice, or the baseline's own records sent as new ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from driftloop.profile.sample import Sample
from driftloop.profile.window import Baseline, Window
from driftloop.stats.unique import among, distinct

Keys = npt.NDArray[np.uint64]

REPEATED, FAMILIAR = 0.1, 0.5
"""Part of the records that must come again, within the window or from the baseline."""
MORE = 5.0
LEAST = 5


def repeated_records(baseline: Baseline, window: Window) -> Iterator[str]:
    """A sentence when far more records are the same than the columns' values make likely.

    How often two different records agree by chance is taken from the baseline: a table of a few codes repeats itself
    all the time, measurements hardly ever do.
    """
    before, after = _contents(baseline.profile.sample), _contents(window.profile.sample)
    if len(after) < LEAST or len(before) < LEAST:
        return
    alike = _pairs(before) / (len(before) * (len(before) - 1) / 2)
    pairs, expected = _pairs(after), alike * len(after) * (len(after) - 1) / 2
    again = 1 - len(distinct(after)) / len(after)
    if again >= REPEATED and pairs >= MORE * expected + LEAST:
        yield f"{again:.0%} of the records are repetitions of others in the window: delivered twice?"
    familiar = float(among(after, before).mean())
    by_chance = min(1.0, alike * len(before))
    both_whole = baseline.profile.sample.complete and window.profile.sample.complete
    if familiar >= FAMILIAR + by_chance and (both_whole or _chosen_alike(baseline, window)):
        what = "the baseline itself" if familiar == 1 and len(before) == len(after) else "records of the baseline"
        yield f"{familiar:.0%} of the window are {what}, sent again"


def _contents(sample: Sample) -> Keys:
    """A key of each record's compared values alone: an id or a time makes no new record."""
    keys = np.zeros(len(sample.values), np.uint64)
    for column in range(sample.values.shape[1]):
        values = sample.values[:, column]
        names = sample.levels[column]
        if names:
            table = np.array([_text_key(name) for name in names] + [0], np.uint64)
            bits = table[np.where(np.isnan(values), -1, values).astype(np.int64)]
        else:
            bits = np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)
        keys ^= bits + np.uint64(column)
        keys *= np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return np.repeat(keys, np.minimum(sample.weights, MOST_COPIES))


MOST_COPIES = 1_000


def _text_key(name: str) -> int:
    from driftloop.profile.category_counts import name_hash

    return name_hash(name)


def _pairs(keys: Keys) -> float:
    counts = np.unique(keys, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1) / 2).sum())


def _chosen_alike(baseline: Baseline, window: Window) -> bool:
    """Whether samples that left rows out still share their rows: the same row has the same key on both sides."""
    return bool(among(window.profile.sample.keys, baseline.profile.sample.keys).mean() >= FAMILIAR)
