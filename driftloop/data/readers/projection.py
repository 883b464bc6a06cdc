"""Which of a source's columns are read, and what batches say of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from driftloop.data.readers.limits import MOST_COLUMNS
from driftloop.errors import InputError

if TYPE_CHECKING:
    from driftloop.data.schema import Schema

UNREAD = b"driftloop.unread"
"""Key of a batch's metadata: names of columns that were left in the file."""


class Projection:
    """The columns of a schema; all columns as long as there is none."""

    def __init__(self, schema: Schema | None = None) -> None:
        self._known: frozenset[str] | None = None
        self._wanted: frozenset[str] = frozenset()
        if schema is not None:
            self.narrow(schema)

    def narrow(self, schema: Schema) -> None:
        """Read only what a schema compares, from the next batch on."""
        self._known = frozenset(column.name for column in schema.columns)
        self._wanted = frozenset(column.name for column in schema.columns if column.role not in ("ignore", "time"))

    @property
    def is_narrow(self) -> bool:
        """Whether a schema says which columns are read."""
        return self._known is not None

    def wanted(self, names: Sequence[str]) -> list[str]:
        """Those of a file's columns that are read."""
        return [name for name in names if name and (self._known is None or name in self._wanted)]

    @property
    def known(self) -> frozenset[str]:
        """Names of the schema's columns."""
        return self._known or frozenset()

    def knows(self, name: str) -> bool:
        """Whether the schema names a column."""
        return self._known is not None and name in self._known

    def noting(self, batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
        """The batch with the names of the file's columns that the schema does not know, for the profile to mention."""
        if self._known is None:
            return batch
        unknown = [name for name in names if name and name not in self._known]
        if not unknown:
            return batch
        metadata = dict(batch.schema.metadata or {})
        noted = [part for part in (metadata.get(UNREAD, b""), *(_in_bytes(name) for name in unknown)) if part]
        metadata[UNREAD] = b"\n".join(noted)
        return batch.replace_schema_metadata(metadata)


def _in_bytes(name: str) -> bytes:
    return name.replace("\n", " ").encode("utf-8", "backslashreplace")


def check_names(names: Sequence[str]) -> None:
    """Raises InputError for two columns of one name, and for more columns than can be compared."""
    if len(names) > MOST_COLUMNS:
        raise InputError(f"has {len(names):,} columns; at most {MOST_COLUMNS:,} can be read: split the table")
    if len(set(names)) < len(names):
        first = next(index for index, name in enumerate(names) if name in names[index + 1 :])
        second = [*names].index(names[first], first + 1)
        # Not by name: where the header is missing, a name is a value of the first record.
        raise InputError(f"columns {first + 1} and {second + 1} have the same name: is the header missing?")


def shown(name: str) -> str:
    """A column's name as errors show it: in quotes and of bounded length."""
    return repr(name if len(name) <= 64 else name[:63] + "…")
