"""All columns of a source are decided together, from all of its batches."""

import pyarrow as pa

from driftloop import Column, Schema
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.times import times
from driftloop.data.reading import ReadNotes

TIME = Column("x", "datetime")
AUGUST = 1785542400.0  # 2026-08-01, UTC


def test_the_evidence_may_come_in_a_later_batch():
    schema = Schema((TIME, Column("y")))
    early = pa.record_batch({"x": ["01/08/2026"], "y": ["1,234"]})
    late = pa.record_batch({"x": ["25/08/2026"], "y": ["1,5"]})
    notes = ReadNotes()
    first, second = canonical_batches([early, late], schema, notes, "feed.csv")
    assert times(first.column(0), ()).values[0] == AUGUST
    assert numbers(first.column(1), ()).values[0] == 1.234
    assert numbers(second.column(1), ()).values[0] == 1.5
    assert "feed.csv: dates of column 'x' are read day first" in notes.lines
    assert "feed.csv: numbers of column 'y' are read with a decimal comma" in notes.lines
