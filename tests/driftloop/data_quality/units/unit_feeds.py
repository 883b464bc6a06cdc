"""Columns whose unit may have changed, and what is said of them."""

import numpy as np

from driftloop.data_quality.units.unit_errors import find_unit_errors
from tests.driftloop.data_quality.feeds import pair

STEPS = np.arange(100.0, 200.0)
FAR_AWAY = "1000000 times"
"""No other conversion is near it."""


def lognormal(rows, seed, spread=0.3):
    return np.exp(np.random.default_rng(seed).normal(4.5, spread, rows)).round(2)


def found(baseline, window):
    return list(find_unit_errors(pair(baseline, window)))


def told(baseline, window):
    """What the values look like, without the words that all conversions share."""
    return [
        sign.text.split(" what they")[0].replace("of the values look like ", "") for sign in found(baseline, window)
    ]
