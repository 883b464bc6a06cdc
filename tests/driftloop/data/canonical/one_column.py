"""One column as the statistics get it, whoever wrote it."""

import numpy as np
import pyarrow as pa

from driftloop import Column, Schema
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.columns.numbers import numbers
from driftloop.data.columns.texts import texts
from driftloop.data.columns.times import times


def read(values, column, *, reading=None, notes=None, **others):
    """One column as the statistics get it."""
    columns = (column, *(Column(name) for name in others), Column("beside"))
    schema = Schema(columns, reading=reading)
    table = pa.table({column.name: values, **others})
    arrays = [b.column(0) for b in canonical_batches(table.to_batches(), schema, notes)]
    if column.kind == "categorical":
        return [r.levels[c] if c >= 0 else None for r in (texts(a, schema.missing) for a in arrays) for c in r.codes]
    convert = numbers if column.kind == "numeric" else times
    return np.concatenate([convert(array, schema.missing).values for array in arrays]).tolist()
