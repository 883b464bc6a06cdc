"""How many labelled records of a new regime are worth waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np

from driftloop.setup.choice import Choice

HELD_OUT = 0.4
"""Share of the incoming labels that judge: the default of `[split] holdout`."""
AMOUNTS = 150
"""60 of them judge: they find a bias of a standard deviation of the errors in four of five runs (docs/training.md)."""
PLANNED = (
    *((0.5, 340), (0.4, 330), (0.3, 360), (0.25, 390), (0.2, 450), (0.15, 570)),
    *((0.1, 830), (0.05, 1_600), (0.03, 2_610), (0.02, 4_310)),
)
"""Labels after which a clearly better classifier passes the gate in 80 % of runs, by the share of the rarer class.
Clearly better is an area under the ROC curve of 0.86 against 0.71. The numbers come from `training.tasks.planning`.
Between them never fewer than that plans, and at most 5 % more; a test compares them.
"""
MOST = 5_000
"""A rarer class is not waited for: how many labels it is worth is for its owner to say."""


def labels_required(classes: Mapping[str, int]) -> Choice:
    """The labels to wait for: of amounts (no classes) a fixed number, of classes by the share of the rarest.

    Examples
    --------
    >>> labels_required({}).value, labels_required({"no": 900, "yes": 100}).value
    ('150', '830')
    """
    if not classes:
        return Choice(str(AMOUNTS), f"{HELD_OUT:.0%} of them judge the challenger: {AMOUNTS * HELD_OUT:.0f}")
    rarest = min(classes.values()) / sum(classes.values())
    ground = f"with {rarest:.1%} of the rarest class, a clearly better challenger then passes in 80 %"
    if rarest < PLANNED[-1][0]:
        return Choice(str(MOST), f"the rarest class has {rarest:.1%}: a better challenger may be missed all the same")
    # Needed labels grow about as a power of the share, so that they lie on lines between logarithms.
    shares, labels = np.log(np.array(PLANNED[::-1], dtype=np.float64)).T
    needed = float(np.exp(np.interp(np.log(rarest), shares, labels)))
    return Choice(str(10 * ceil(round(needed / 10, 6))), ground)  # a logarithm and back misses by 1e-13
