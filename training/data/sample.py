"""Which records are learnt from where there are more than an estimator should hold: a sample, drawn by a hash.

Below `max_rows` records nothing is sampled. Above it

- the newest `LONGEST` labelled records stay whole: they show where the newest regime begins;
- held-out records are never sampled: the newest ones judge, as they would without a sample;
- of the older records those with the smallest hash of their id are kept. Records since the drift began come first, up
  to half of the places where older ones need the other half. Each class has its share of the places, and at least
  `FEWEST_OF_CLASS`. This is proportional allocation (Cochran 1977, "Sampling Techniques", section 5.5).

A record's hash is always the same. So a run that is repeated draws the same sample, and the next one draws most of it
again.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from training.data import records, split
from training.data.change_point import LONGEST
from training.data.collect import HOLDOUT, INCOMING, SAMPLE, Collected, in_order
from training.data.first_rows import FirstRows, Ordering
from training.data.records import Roles
from training.settings import Settings

FEWEST_OF_CLASS = 10  # six are needed to learn a class; a few more are no matter among ten thousand
Mask = NDArray[np.bool_]
Stratum = tuple[bool, Any]  # whether it is since the drift began, and its class


@dataclass(frozen=True)
class Chosen:
    """What the steps behind look at, each in order of time. They are the `labelled` records to learn from and to judge
    by, and the `newest` records, labelled or not. `sampled` says whether there are more; `learnable` and `whole` count
    as in `Drawn`.
    """

    labelled: pa.Table
    newest: pa.Table
    sampled: bool
    first: bool
    learnable: int = 0
    whole: int = 0


@dataclass(frozen=True)
class _Design:
    """What records are distinguished by: `since` is when the drift began."""

    roles: Roles
    how: Settings
    since: datetime | None

    @property
    def newest_first(self) -> Ordering:
        return [(self.roles.time, "descending"), (self.roles.id, "descending")]


@dataclass(frozen=True)
class _Mark:
    """A record's place in the order of time."""

    at: datetime
    id: str

    def older(self, table: pa.Table, roles: Roles) -> Mask:
        """Which rows lie before it."""
        time, key = table[roles.time], table[roles.id]
        at = pa.scalar(self.at, records.TIME)
        return _mask(pc.or_(pc.less(time, at), pc.and_(pc.equal(time, at), pc.less(key, self.id))))


@dataclass
class _Newest:
    """What one look at all records finds: the newest of them, and how many could be learnt from in each stratum."""

    every: FirstRows
    labelled: FirstRows
    counts: Counter[Stratum]
    incoming: bool = False


def held_out(table: pa.Table, roles: Roles, how: Settings) -> Mask:
    """Held out by hash; a smaller share of the historic records, which nested limits keep the same for every model.

    Where the schema names a cluster, one share serves all records. Of a cluster that goes on delivering, the historic
    records would be learnt from and the new ones judge.
    """
    hashed, new = table[HOLDOUT].to_numpy(), table[INCOMING].to_numpy()
    if roles.cluster:
        return split.held_out(hashed, how.split.holdout)
    return np.where(new, split.held_out(hashed, how.split.holdout), split.held_out(hashed, how.split.historic))


def choose(collected: Collected, roles: Roles, how: Settings, since: datetime | None) -> Chosen:
    """The records that are learnt from: all of them, or a sample where they are more than `max_rows`."""
    if collected.rows <= how.data.max_rows:
        every = collected.every
        labelled = every.filter(pc.is_valid(every[roles.target])).combine_chunks()
        return Chosen(labelled, every, sampled=False, first=not labelled[INCOMING].to_numpy().any())
    design = _Design(roles, how, since)
    found = _look(collected, design)
    newest = in_order(found.labelled.table(), roles)
    mark = None if not len(newest) else _Mark(newest[roles.time][0].as_py(), newest[roles.id][0].as_py())
    learnable = newest.filter(~held_out(newest, roles, how))
    places = _places(found.counts - _strata(learnable, design), how.data.max_rows - len(learnable))
    older = [] if mark is None else _draw(collected, design, mark, places)
    labelled = in_order(pa.concat_tables([newest, *older]), roles)
    return Chosen(
        labelled,
        in_order(found.every.table(), roles),
        sampled=True,
        first=not found.incoming,
        learnable=found.counts.total(),
        whole=len(learnable),
    )


def regime_since(collected: Collected, roles: Roles, most: int, since: datetime | None) -> tuple[pa.Table, int, int]:
    """The records since a moment, in order of time, or all where there is none or it leaves no record. Where they are
    more than `most`, those with the smallest hashes are taken. It also gives how many there are, and how many are
    older.
    """
    start = None if since is None else pa.scalar(since, records.TIME)
    if start is not None and not any(pc.any(pc.greater_equal(t[roles.time], start)).as_py() for t in collected.tables):
        start = None
    kept, count = FirstRows(most, [(SAMPLE, "ascending"), (roles.id, "ascending")]), 0
    for table in collected.tables:
        rows = table if start is None else table.filter(pc.greater_equal(table[roles.time], start))
        count += len(rows)
        kept.add(rows)
    return in_order(kept.table(), roles), count, collected.rows - count


def _look(collected: Collected, design: _Design) -> _Newest:
    roles, how = design.roles, design.how
    every, with_label = (FirstRows(max(LONGEST, how.split.window), design.newest_first) for _ in range(2))
    found = _Newest(every, with_label, Counter())
    for table in collected.tables:
        labelled = table.filter(pc.is_valid(table[roles.target]))
        found.every.add(table)
        found.labelled.add(labelled)
        found.incoming |= bool(labelled[INCOMING].to_numpy().any())
        found.counts += _strata(labelled.filter(~held_out(labelled, roles, how)), design)
    return found


def _strata(table: pa.Table, design: _Design) -> Counter[Stratum]:
    """How many rows are in each stratum."""
    return Counter({name: int(rows.sum()) for name, rows in _rows(table, design).items()})


def _rows(table: pa.Table, design: _Design) -> dict[Stratum, Mask]:
    """The rows of each stratum."""
    roles = design.roles
    late = np.zeros(len(table), dtype=bool)
    if design.since is not None:
        late = _mask(pc.greater_equal(table[roles.time], pa.scalar(design.since, records.TIME)))
    if design.how.task == "regression":
        classes = {None: np.ones(len(table), dtype=bool)}
    else:
        target = table[roles.target]
        classes = {name: _mask(pc.equal(target, name)) for name in pc.unique(target).to_pylist()}
    return {(side, name): rows & (late == side) for name, rows in classes.items() for side in (True, False)}


def _places(counts: Counter[Stratum], places: int) -> dict[Stratum, int]:
    """How many records of each stratum are kept, at most `places` and the floors of rare classes together.

    Those since the drift began may take what the older ones leave of `places`, and half of them at least.
    """
    late = sum(count for (side, _), count in counts.items() if side)
    before = counts.total() - late
    for_late = min(late, max(places - before, places // 2))
    shares = {True: (for_late, late), False: (min(before, places - for_late), before)}
    found = {}
    for (side, name), count in counts.items():
        room, of = shares[side]
        found[side, name] = min(count, max(room * count // max(of, 1), FEWEST_OF_CLASS))
    return found


def _draw(collected: Collected, design: _Design, mark: _Mark, places: dict[Stratum, int]) -> list[pa.Table]:
    """Of the labelled records before `mark`: the sample, and the newest that are held out, before it and before the
    drift began.
    """
    roles, how, since = design.roles, design.how, design.since
    kept = {name: FirstRows(room, [(SAMPLE, "ascending"), (roles.id, "ascending")]) for name, room in places.items()}
    since_scalar = pa.scalar(since, records.TIME)
    judging, before = (FirstRows(how.split.largest_holdout, design.newest_first) for _ in range(2))
    for table in collected.tables:
        labelled = table.filter(pc.is_valid(table[roles.target]))
        labelled = labelled.filter(mark.older(labelled, roles))
        apart = held_out(labelled, roles, how)
        held = labelled.filter(apart)
        judging.add(held)
        before.add(held.slice(0, 0) if since is None else held.filter(pc.less(held[roles.time], since_scalar)))
        learnable = labelled.filter(~apart)
        for name, rows in _rows(learnable, design).items():
            if name in kept:
                kept[name].add(learnable.filter(rows))
    newest = judging.table()
    earlier = before.table()
    earlier = earlier.filter(pc.invert(pc.is_in(earlier[roles.id], newest[roles.id].combine_chunks())))
    return [newest, earlier, *(each.table() for each in kept.values())]


def _mask(values: Any) -> Mask:
    return np.asarray(values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy())
