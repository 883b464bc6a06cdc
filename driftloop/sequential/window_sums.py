"""Sums over stretches of windows, in a state whose size grows with the logarithm of time.

Blocks of 1, 2, 4, ... consecutive windows (an exponential histogram: Datar, Gionis, Indyk and Motwani, 2002). No record
is kept. The blocks give the sums of the last 1, 2, 4, ... windows together.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from driftloop.times import earliest, parse_time

Floats = npt.NDArray[np.float64]

BLOCKS_PER_SIZE = 2
"""A third block of a size joins the two oldest into one of twice the size. With one per size the newest window would
be joined to the one before at once, and could not be tested alone."""
LONGEST = 32
"""Windows in a block. At least 64 windows, more than a year of weeks, are then kept: older ones would only dilute a
change."""
STRETCH_GROWTH = 1.5
"""The next stretch tested is at least this much longer. Closer ones hold nearly the same records, but each costs its
part of the level (Bonferroni)."""
REMEMBERED = 64
"""Windows whose repetition is recognised: as many as the blocks hold at least."""
NO_ROWS = 1e-9
"""In place of 0 rows, so that nothing divides by 0; a difference without rows counts as none."""


@dataclass(frozen=True)
class Sums:
    """Over some records, for each feature: how many had a value, and the sum of those values; float64 (features,)."""

    rows: Floats
    totals: Floats


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sums of scores over some consecutive windows. `sums`: float32 rows then totals of each feature, compressed.

    `clusters`: the sketch of the records' dependent groups, in the same way; `seasons`: how many records are of each
    season. Both are empty where the schema asks for none.
    """

    windows: int
    since: str | None
    sums: bytes
    clusters: bytes = b""
    seasons: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        windows: int,
        since: str | None,
        sums: Sums,
        sketch: Floats | None = None,
        seasons: tuple[float, ...] = (),
    ) -> Block:
        """A block from its sums."""
        packed = b"" if sketch is None else _packed(sketch)
        return cls(windows, since, _packed(np.concatenate([sums.rows, sums.totals])), packed, seasons)

    @property
    def sketch(self) -> Floats | None:
        """The sketch of dependent groups; None where there is none."""
        return np.frombuffer(zlib.decompress(self.clusters), "<f4").astype(float) if self.clusters else None

    @property
    def unpacked(self) -> Sums:
        """The sums again, within a relative 6e-8."""
        rows, totals = np.frombuffer(zlib.decompress(self.sums), "<f4").astype(float).reshape(2, -1)
        return Sums(rows, totals)


def is_too_late(last: str | None, after: str | None) -> bool:
    """Whether a window ends at or before a moment; not when either time is unknown.

    Parameters
    ----------
    last : time of the window's last record, ISO 8601.
    after : only later windows count, ISO 8601.

    Examples
    --------
    >>> is_too_late("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), is_too_late("2026-01-02", "2026-01-01")
    (True, False)
    """
    return last is not None and after is not None and parse_time(last) <= parse_time(after)


def join(older: Block, newer: Block) -> Block:
    """Both blocks as one, which begins where the first of them does."""
    first, second = older.unpacked, newer.unpacked
    sums = Sums(first.rows + second.rows, first.totals + second.totals)
    sketches = older.sketch, newer.sketch
    sketch = None if sketches[0] is None or sketches[1] is None else sketches[0] + sketches[1]
    seasons = tuple(a + b for a, b in zip(older.seasons, newer.seasons, strict=False))
    return Block.of(older.windows + newer.windows, earliest(older.since, newer.since), sums, sketch, seasons)


def _packed(numbers: Floats) -> bytes:
    return zlib.compress(numbers.astype("<f4").tobytes())


def compact(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """At most `BLOCKS_PER_SIZE` blocks of each size, oldest first; what would grow beyond `LONGEST` is forgotten."""
    kept = list(blocks)
    size = 1
    while True:
        same = [index for index, block in enumerate(kept) if block.windows == size]
        if len(same) <= BLOCKS_PER_SIZE:
            return tuple(kept)
        first, second = same[0], same[1]
        if 2 * size > LONGEST:
            del kept[first]
            return tuple(kept)
        kept[first : second + 1] = [join(kept[first], kept[second])]
        size *= 2


def select_stretches(blocks: tuple[Block, ...]) -> list[Block]:
    """The windows to test together: the newest alone, then longer and longer stretches back from it.

    The longest holds all blocks. `blocks` is oldest first and not empty.
    """
    stretch = blocks[-1]
    chosen = [stretch]
    for index in range(len(blocks) - 2, -1, -1):
        stretch = join(blocks[index], stretch)
        if stretch.windows >= STRETCH_GROWTH * chosen[-1].windows or index == 0:
            chosen.append(stretch)
    return chosen


class Recent(msgspec.Struct, frozen=True):
    """The latest windows, each older one with half the weight of the next: how scores spread in the present regime.

    `sums`: float32 rows, totals and sums of squares of each feature, compressed.
    """

    sums: bytes

    @classmethod
    def after(cls, earlier: Recent | None, sums: Sums, squares: Floats) -> Recent:
        """With one more window."""
        newest = np.concatenate([sums.rows, sums.totals, squares])
        weighted = newest if earlier is None else earlier._unpacked / 2 + newest
        return cls(zlib.compress(weighted.astype("<f4").tobytes()))

    @property
    def _unpacked(self) -> Floats:
        return np.frombuffer(zlib.decompress(self.sums), "<f4").astype(float)

    @property
    def variance(self) -> Floats:
        """The variance of each feature (divisor rows - 1)."""
        rows, totals, squares = self._unpacked.reshape(3, -1)
        rows = np.maximum(rows, 2.0)
        return np.asarray(np.maximum(squares / rows - (totals / rows) ** 2, 0.0) * rows / (rows - 1))
