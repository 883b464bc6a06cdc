"""A path, a folder, a pattern or a URL, read part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import pyarrow as pa

from driftloop.data.canonical.batches import decide
from driftloop.data.readable import judge
from driftloop.data.readers.sources import Part
from driftloop.data.reading import ReadNotes
from driftloop.parts.means import Means
from driftloop.parts.partial import Partial
from driftloop.parts.profiles import profile_parts
from driftloop.parts.recipe import Recipe


def read_parts(
    parts: Sequence[Part],
    recipe: Recipe,
    means: Means,
    notes: ReadNotes,
    *,
    declared: bool = True,
    first: Iterable[pa.RecordBatch] | None = None,
) -> Partial:
    """What is kept of a source of which the parts were found.

    Parameters
    ----------
    recipe
        How they are read. Its decisions are taken here.
    declared
        Whether somebody has said what the columns are.
    first
        The rows that the schema was inferred from, and all behind them, where they say how columns are written.

    Raises
    ------
    InputError, SchemaError
        As reading it as a stream does.
    """
    if first is not None:
        decisions = decide(first, recipe.schema, notes, recipe.where)
        recipe = msgspec.structs.replace(recipe, decisions=decisions)
    partial = profile_parts(parts, recipe, means, notes, decided=first is not None)
    judge(partial.unreadable, recipe.schema, recipe.where, notes, declared=declared)
    return partial
