"""What the columns of a table are, from its first rows: plain findings, and the stream that they were taken from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import texts_array
from driftloop.data.columns.distinct import as_dictionary
from driftloop.data.columns.texts import category_names
from driftloop.data.inference.column_inference import find_column, seconds_of
from driftloop.data.inference.finding import InferredColumn, name_parts
from driftloop.data.reading import DateOrder
from driftloop.data.tables import as_batches, is_index_name
from driftloop.errors import InputError
from driftloop.times import CLOCKS_APART

LOOKED_AT = 100_000
"""Rows from which a schema is inferred: enough for every rule, and read in a fraction of a second."""
HELD_BYTES = 32 << 20
"""Bytes that are held meanwhile, so that wide tables do not fill the memory."""
Floats = npt.NDArray[np.float64]

RECORD_TIMES = frozenset(
    "at time timestamp ts recorded created logged event observed received arrived ingested".split()  # noqa: SIM905
)
"""Words in the names of columns that say when a record was made."""
OTHER_TIMES = frozenset(
    "birth birthday birthdate dob born due expiry expires expiration end until valid updated".split()  # noqa: SIM905
)
"""Words in the names of columns that say when something else was, or will be."""


def infer_columns(
    batches: Any, now: float | None = None, dates: DateOrder | None = None
) -> tuple[list[InferredColumn], Iterator[pa.RecordBatch]]:
    """Findings for the columns of a stream, and the whole stream again, the rows that were looked at included.

    `now` is seconds since 1970: a column that reaches beyond it in the reference is not the record's own time. `dates`:
    the order that is declared of them.

    Raises
    ------
    InputError
        When there is no row, or no column that can be compared.
    """
    stream = iter(as_batches(batches))
    held: list[pa.RecordBatch] = []
    rows = held_bytes = 0
    for batch in stream:
        held.append(batch)
        rows += batch.num_rows
        held_bytes += batch.nbytes
        if rows >= LOOKED_AT or held_bytes >= HELD_BYTES:
            break
    if not rows:
        raise InputError("the table has no rows: nothing to compare with, and nothing that says what its columns are")
    findings = findings_of(held, time.time() if now is None else now, dates)
    if not any(finding.role == "feature" for finding in findings):
        raise InputError("no column of the reference can be compared")
    return findings, chain(held, stream)


def findings_of(batches: Iterable[pa.RecordBatch], now: float, dates: DateOrder | None = None) -> list[InferredColumn]:
    """Findings for the columns of batches that are held, one id and one timestamp at most."""
    fields: dict[str, pa.Field] = {}
    parts: dict[str, list[pa.Array]] = {}
    rows = 0
    for batch in batches:
        part = batch.slice(0, LOOKED_AT - rows)
        rows += part.num_rows
        for field, array in zip(part.schema, part.columns, strict=True):
            if field.name and not is_index_name(field.name):
                fields.setdefault(field.name, field)
                parts.setdefault(field.name, []).append(array)
    found, times = [], {}
    for name, field in fields.items():
        array = _joined(parts[name])  # one column at a time: a copy of all would double what is held
        found.append(find_column(name, array, field))
        if found[-1].role == "timestamp":
            times[name] = seconds_of(array, (found[-1].format and dates) or found[-1].format)
    return _one_time(_one_id(found), times, now)


def _joined(parts: list[pa.Array]) -> pa.Array:
    if len(parts) == 1:
        return parts[0]
    if all(part.type == parts[0].type for part in parts):
        if pa.types.is_dictionary(parts[0].type):
            return pa.chunked_array(parts).unify_dictionaries().combine_chunks()
        return pa.concat_arrays(parts)
    # JSON Lines may hold numbers in one batch and texts in the next; so may the files of a folder.
    names = [as_dictionary(part) for part in parts]
    return pa.concat_arrays(
        [
            pa.DictionaryArray.from_arrays(n.indices, texts_array(category_names(n.dictionary))).dictionary_decode()
            for n in names
        ]
    )


def _one_id(found: list[InferredColumn]) -> list[InferredColumn]:
    """Of several ids the record's own: unique ones before others, then those named as an id, then the first."""
    candidates = [finding for finding in found if finding.role == "id" and finding.unique]
    candidates.sort(key=lambda finding: "id" not in name_parts(finding.name))
    return [
        finding._replace(role="ignore") if finding.role == "id" and finding not in candidates[:1] else finding
        for finding in found
    ]


def _one_time(found: list[InferredColumn], times: dict[str, Floats], now: float) -> list[InferredColumn]:
    """Of several times the record's own, as docs/data.md says; the others are not compared."""
    ahead = {name for name, values in times.items() if len(values) and values.max() > now + CLOCKS_APART}
    ranks = {name: _rank(name, values) for name, values in times.items() if name not in ahead}
    candidates = [name for name in ranks if ranks[name][0] >= 0]
    chosen = max(candidates, key=lambda name: ranks[name], default=None)
    return [
        finding
        if finding.role != "timestamp" or finding.name == chosen
        else finding._replace(role="ignore", ground=f"{finding.ground}; {_why_not(finding.name, ahead, chosen)}")
        for finding in found
    ]


def _rank(name: str, values: Floats) -> tuple[int, bool]:
    """How much a time looks like the record's own: by its name, then by whether it never goes back."""
    words = set(name_parts(name))
    named = 1 if words & RECORD_TIMES else -1 if words & OTHER_TIMES else 0
    return named, len(values) > 1 and bool(np.all(np.diff(values) >= 0))


def _why_not(name: str, ahead: set[str], chosen: str | None) -> str:
    if name in ahead:
        return "some lie ahead already in the reference, so that it is not the record's time"
    return "by its name not the record's time" if chosen is None else f"the record's time is {chosen!r}"
