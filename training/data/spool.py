"""Tables that may be larger than memory: held while they are small, else on disk in parts by the hash of a record's id.

Whatever bears one id lies in one part, so that duplicates are found and labels joined a part at a time. This is a Grace
hash join (Kitsuregawa, Tanaka and Moto-oka 1983, "Application of hash to data base machine and its architecture").
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from training.data import split

VALUES_HELD = 10_000_000  # 80 MB of numbers, and as much again while they are put in order; smaller data see no disk
PARTS = 128  # of 20 million records each part holds 160,000; so many files may be open at once everywhere
PART_SHIFT = np.uint64(57)  # the first 7 bits of a hash of 64 name one of 128 parts


class Spool:
    """Tables of one shape that come one after the other.

    Parameters
    ----------
    empty : a table of that shape without rows.
    key : its column of ids.
    place : a path that the parts' files are named after; nothing is written while the tables are small.
    held : values that are kept in memory; more than them go to disk.
    """

    def __init__(self, empty: pa.Table, key: str, place: Path, held: int = VALUES_HELD) -> None:
        self._held = [empty]
        self._key = key
        self._place = place
        self._most = max(held // max(empty.num_columns, 1), 1)
        self._waiting = 0
        self._stack = ExitStack()
        self._writers: list[pa.ipc.RecordBatchStreamWriter] = []
        self.rows = 0

    @property
    def on_disk(self) -> bool:
        """Whether it outgrew memory."""
        return bool(self._writers)

    def add(self, table: pa.Table) -> None:
        """Some more rows, in their order."""
        self._held.append(table)
        self._waiting += len(table)
        self.rows += len(table)
        if self._waiting > self._most:
            self._write()

    def whole(self) -> pa.Table:
        """All rows of one that did not outgrow memory."""
        assert not self.on_disk, "its rows are on disk: read it by parts"
        self._held = [pa.concat_tables(self._held)]
        return self._held[0]

    def close(self) -> None:
        """Put what is still held where the rest is; nothing can be added any more."""
        self._write()
        self._stack.close()

    def part(self, number: int) -> pa.Table:
        """The rows of one part of a closed one, in the order in which they came."""
        with pa.OSFile(str(self._path(number))) as file:
            return pa.ipc.open_stream(file).read_all().combine_chunks()

    def forget(self, number: int) -> None:
        """Delete a part that is not needed any more."""
        self._path(number).unlink()

    def _write(self) -> None:
        if not self._writers:
            self._open()
        table = pa.concat_tables(self._held)
        self._held, self._waiting = [table.schema.empty_table()], 0
        numbers = (split.hashes(table[self._key].to_pylist()).sample >> PART_SHIFT).astype(np.int64)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=PARTS))
        table = table.take(pa.array(order)).combine_chunks()
        for writer, first, end in zip(self._writers, [0, *ends[:-1]], ends, strict=True):
            if end > first:
                writer.write_table(table.slice(first, end - first))

    def _open(self) -> None:
        for number in range(PARTS):
            file = self._stack.enter_context(pa.OSFile(str(self._path(number)), "wb"))
            self._writers.append(self._stack.enter_context(pa.ipc.new_stream(file, self._held[0].schema)))

    def _path(self, number: int) -> Path:
        return self._place.with_name(f"{self._place.name}-{number}.arrow")


def parts(spools: Sequence[Spool], *, forget: bool = False) -> Iterator[tuple[pa.Table, ...]]:
    """The rows of several, side by side: all of them at once where none outgrew memory, else a part at a time.

    Parameters
    ----------
    forget : whether a part on disk is deleted once the next is asked for.
    """
    if not any(spool.on_disk for spool in spools):
        yield tuple(spool.whole() for spool in spools)
        return
    for spool in spools:
        spool.close()
    for number in range(PARTS):
        yield tuple(spool.part(number) for spool in spools)
        if forget:
            for spool in spools:
                spool.forget(number)


@dataclass
class Stored:
    """Tables that are gone through several times: the first in memory where it is the only one, others on disk."""

    place: Path
    on_disk: bool
    rows: int = 0
    _table: pa.Table | None = None
    _files: int = 0

    def add(self, table: pa.Table) -> None:
        """One more table."""
        self.rows += len(table)
        if not self.on_disk:
            assert self._table is None, "one table alone is held in memory"
            self._table = table
            return
        with pa.OSFile(str(self._path(self._files)), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        self._files += 1

    def __iter__(self) -> Iterator[pa.Table]:
        if self._table is not None:
            yield self._table
        for number in range(self._files):
            with pa.OSFile(str(self._path(number))) as file:
                yield pa.ipc.open_stream(file).read_all().combine_chunks()

    def _path(self, number: int) -> Path:
        return self.place.with_name(f"{self.place.name}-{number}.arrow")
