"""Reading one part of a source into what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from driftloop.data.readable import Readability
from driftloop.data.readers.sources import Part
from driftloop.data.readers.stream import read_part
from driftloop.data.reading import ReadNotes
from driftloop.parts.partial import Partial
from driftloop.parts.recipe import Recipe
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.memory import give_back
from driftloop.sequential.label_counter import LabelCounter


def read_partial(part: Part, recipe: Recipe) -> Partial:
    """What is kept of one part.

    Parameters
    ----------
    part
        A file, or some row groups of one.
    recipe
        How it is read.

    Raises
    ------
    InputError, SchemaError
        As reading the whole source would, naming the file.
    """
    notes = ReadNotes()
    batches = read_part(part, recipe.schema, recipe.decisions, reading=recipe.reading, notes=notes, where=recipe.where)
    return partial_of(batches, recipe, notes)


def partial_of(batches: Iterable[pa.RecordBatch], recipe: Recipe, notes: ReadNotes | None = None) -> Partial:
    """What is kept of batches in canonical form. Raises InputError or SchemaError."""
    readability, labels = Readability(recipe.schema, recipe.roles), LabelCounter(recipe.schema)
    seen = labels.counting(_seen(batches, readability))
    contents = ProfileBuilder(recipe.schema).take(seen).contents()
    give_back(len(contents.columns))
    return Partial(contents, readability.unreadable, () if notes is None else notes.lines, labels.summary)


def _seen(batches: Iterable[pa.RecordBatch], readability: Readability) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        readability.see(batch)
        yield batch
