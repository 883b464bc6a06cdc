"""How many labelled records of a new regime are worth waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from driftloop.setup.choice import Choice

HELD_OUT = 0.4
"""Share of the incoming labels that judge: the default of `[split] holdout`."""
AMOUNTS = 150
"""60 of them judge: they find a bias of a standard deviation of the errors in four of five runs (docs/training.md)."""
RARE = 30
"""Held-out records of the rarest class: fewer say next to nothing about it."""
MOST = 5_000
"""A class rarer than 1.5 % is not waited for: how many labels it is worth is for its owner to say."""


def labels_required(classes: Mapping[str, int]) -> Choice:
    """The labels to wait for: of amounts (no classes) a fixed number, of classes by the share of the rarest.

    Examples
    --------
    >>> labels_required({}).value, labels_required({"no": 900, "yes": 100}).value
    ('150', '750')
    """
    if not classes:
        return Choice(str(AMOUNTS), f"{HELD_OUT:.0%} of them judge the challenger: {AMOUNTS * HELD_OUT:.0f}")
    rarest = min(classes.values()) / sum(classes.values())
    needed = max(AMOUNTS, ceil(RARE / (HELD_OUT * rarest)))
    ground = f"{HELD_OUT:.0%} of them judge, and {RARE} of those should be of the rarest class ({rarest:.1%})"
    if needed > MOST:
        return Choice(str(MOST), f"{ground}, which would take {needed:,}: cut to {MOST:,}")
    return Choice(str(needed), ground)
