"""Files in units of work: some row groups of a large Parquet file, any other file whole."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from driftloop.data.readers.decompression import opened
from driftloop.data.readers.sources import Part
from driftloop.errors import InputError

UNIT_VALUES = 1 << 25
"""Values of a unit, 3 million rows of 10 columns: half a second of work, so that an interruption loses no more."""


class Unit(NamedTuple):
    """What one process reads at once."""

    part: Part
    rows: int | None
    """None where only reading tells."""


def units_of(part: Part, columns: int) -> list[Unit]:
    """The units of a file, of which `columns` are read; they depend on the file alone.

    A file that cannot be read is one unit: reading it says what is wrong.
    """
    if part.format != "parquet" or part.compression is not None:
        return [Unit(part, None)]
    from driftloop.data.readers.parquet.footer import read_row_groups

    try:
        if part.is_remote:
            with opened(part) as file:
                groups = read_row_groups(file)
        else:
            groups = read_row_groups(str(part.content))
    except (InputError, OSError):
        return [Unit(part, None)]
    rows = [group.rows for group in groups]
    edges, held = [0], 0
    for index, count in enumerate(rows):
        if held and (held + count) * max(columns, 1) > UNIT_VALUES:
            edges.append(index)
            held = 0
        held += count
    edges.append(len(rows))
    if len(edges) == 2:
        return [Unit(part, sum(rows))]
    return [Unit(replace(part, row_groups=(a, b)), sum(rows[a:b])) for a, b in pairwise(edges)]
