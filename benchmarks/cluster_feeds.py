"""Made tables whose records depend on each other within groups: who is in the baseline and in a week's window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop import Column, Schema

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MADE = (Column("x"), Column("y"), Column("z"), Column("c", "categorical"))
"""The columns that `made_columns` fills."""
SCHEMA = Schema(
    (
        *MADE,
        Column("group", "categorical", role="cluster"),
        Column("record", "categorical", role="id"),
    )
)
WITHOUT = SCHEMA.with_roles(id="record", ignore=["group"])
"""The same table without the role: records count as independent."""
BASELINE_WEEKS = 7
"""Weeks that a baseline's records are spread over, where a group's effect is partly of the week."""


@dataclass(frozen=True)
class Feed:
    """Groups of the baseline's records, and of the window that comes in a week (0, 1, ...)."""

    name: str
    baseline: Callable[[np.random.Generator], Integers]
    window: Callable[[np.random.Generator, int], Integers]
    of_week: float = 0.0
    """The part of a group's variance that is drawn again each week."""
    by_week: bool = False
    """Whether a group is named with its week, so that each week of it is a group of its own."""
    unnamed: float = 0.0
    """The share of records whose group is missing."""


def _new_patients(_: np.random.Generator, week: int) -> Integers:
    return np.repeat(np.arange(10) + 1_000 + 10 * week, 5)


def _short_stays(rng: np.random.Generator, week: int) -> Integers:
    return np.repeat(np.arange(40) + 1_000 + 40 * week, rng.integers(1, 3, 40))


def _half_new(rng: np.random.Generator, week: int) -> Integers:
    return np.repeat(np.concatenate([rng.choice(70, 12, replace=False), np.arange(13) + 1_000 + 13 * week]), 2)


def _wards_change(_: np.random.Generator, week: int) -> Integers:
    del week
    return np.concatenate([np.repeat(np.arange(12), 3), np.repeat(np.arange(1_000, 1_004), 4)])


def _unequal(records: int) -> Integers:
    """Of twelve wards whose sizes are as 1, 1/2, 1/3, ...: half of all records are of three."""
    shares = 1 / np.arange(1, 13)
    return np.repeat(np.arange(12), np.maximum(1, np.round(records * shares / shares.sum())).astype(int))


def _of_three_wards(rng: np.random.Generator, _: int) -> Integers:
    return rng.choice(20, 3, replace=False)[rng.integers(0, 3, 50)]


def _ten_wards(_: np.random.Generator, __: int) -> Integers:
    return np.repeat(np.arange(10), 5)


FEEDS = (
    Feed("new patients, 5 visits each", lambda _: np.repeat(np.arange(70), 5), _new_patients),
    Feed("patients with 1 to 8 visits, new ones with 1 or 2",
         lambda rng: np.repeat(np.arange(80), rng.integers(1, 9, 80)), _short_stays),
    Feed("200 patients who return", lambda rng: rng.integers(0, 200, 350), lambda rng, _: rng.integers(0, 200, 50)),
    Feed("10 wards, all of them in each window", lambda _: np.repeat(np.arange(10), 35), _ten_wards),
    Feed("20 wards, three of them in each window", lambda rng: rng.integers(0, 20, 350), _of_three_wards),
    Feed("12 patients of 70 return, 13 are new", lambda _: np.repeat(np.arange(70), 5), _half_new),
    Feed("12 wards stay, eight close, four open", lambda _: np.repeat(np.arange(20), 17), _wards_change),
    Feed("12 wards with 2 to 28 % of the records", lambda _: _unequal(350), lambda _, __: _unequal(50)),
    Feed("one ward has half of the records, each other patient one",
         lambda _: np.concatenate([np.zeros(175, int), np.arange(1, 176)]),
         lambda _, week: np.concatenate([np.zeros(25, int), np.arange(25) + 1_000 + 25 * week])),
    Feed("every record a group of its own", lambda _: np.arange(350),
         lambda _, week: np.arange(50) + 1_000 + 50 * week),
    Feed("10 wards, of a third of the records unknown which", lambda _: np.repeat(np.arange(10), 35), _ten_wards,
         unnamed=1 / 3),
    Feed("10 wards, half of their effect of the week", lambda _: np.repeat(np.arange(10), 35), _ten_wards, of_week=0.5),
    Feed("16 wards, all of them in each window", lambda _: np.repeat(np.arange(16), 22),
         lambda _, __: np.repeat(np.arange(16), 3)),
    Feed("3,500 visits of 2,000 patients, 600 visits of 300 others", lambda rng: rng.integers(0, 2_000, 3_500),
         lambda rng, week: rng.integers(0, 300, 600) + 2_000 + 300 * (week % 26)),
    Feed("three of 20 wards, their whole effect of the week", lambda rng: rng.integers(0, 20, 350), _of_three_wards,
         of_week=1.0),
    Feed("the same, each week of a ward named as a group of its own", lambda rng: rng.integers(0, 20, 350),
         _of_three_wards, of_week=1.0, by_week=True),
)  # fmt: skip
"""Groups on one side only, with equal and unequal sizes; groups that come again; groups on both sides; some of each.
The last but one breaks what is promised: a ward's records of one week are more alike than its records of seven."""
GROUPS = 10_000
"""Groups that have an effect: more than come in a year."""


def made_columns(x: Floats, y: Floats, z: Floats, c: Floats) -> dict[str, npt.NDArray[Any]]:
    """Two plain columns, a skewed one and a category, from normal values."""
    levels = np.array(["a", "b", "c"])[np.searchsorted([-0.5, 0.7], c)]
    return {"x": x.round(2), "y": y.round(2), "z": np.exp(z).round(2), "c": levels}


class Population:
    """Makes records: each value is root(r) times its group's effect plus root(1 - r) times its own."""

    def __init__(self, correlation: float, rng: np.random.Generator) -> None:
        self._correlation, self._rng, self._made = correlation, rng, 0
        self._effects = rng.normal(size=(GROUPS, 4))

    def baseline(self, feed: Feed) -> pa.Table:
        """A baseline of the feed."""
        groups = feed.baseline(self._rng)
        weeks = self._rng.integers(0, BASELINE_WEEKS, len(groups)) if feed.of_week else None
        return self.table(groups, feed=feed, weeks=weeks)

    def window(self, feed: Feed, week: int, shift: float = 0.0) -> pa.Table:
        """The window of a week; the first column shifted."""
        groups = feed.window(self._rng, week)
        return self.table(groups, shift, feed, np.full(len(groups), BASELINE_WEEKS + week))

    def table(
        self, groups: Integers, shift: float = 0.0, feed: Feed | None = None, weeks: Integers | None = None
    ) -> pa.Table:
        """Records of these groups, all in one week if not said otherwise; the first column shifted."""
        own = self._rng.normal(size=(len(groups), 4))
        x = np.sqrt(self._correlation) * self._effect(groups, 0.0 if feed is None else feed.of_week, weeks)
        x += np.sqrt(1 - self._correlation) * own
        names = np.array([f"group {group}" for group in groups], object)
        if feed is not None and feed.by_week and weeks is not None:
            names = np.array([f"{name}, week {week}" for name, week in zip(names, weeks, strict=True)], object)
        if feed is not None and feed.unnamed:
            names[self._rng.random(len(names)) < feed.unnamed] = None
        first = self._made
        self._made += len(groups)
        return pa.table(
            {
                **made_columns(x[:, 0] + shift, x[:, 1] + 0.6 * x[:, 0], x[:, 2], x[:, 3]),
                "group": pa.array(names, pa.string()),
                "record": [f"record {number}" for number in range(first, self._made)],
            }
        )

    def _effect(self, groups: Integers, of_week: float, weeks: Integers | None) -> Floats:
        lasting = self._effects[groups]
        if not of_week:
            return lasting
        parts = np.column_stack([groups, np.zeros_like(groups) if weeks is None else weeks])
        of_part = np.unique(parts, axis=0, return_inverse=True)[1].reshape(-1)
        fresh = self._rng.normal(size=(int(of_part.max()) + 1, 4))[of_part]
        return np.asarray(np.sqrt(1 - of_week) * lasting + np.sqrt(of_week) * fresh)
