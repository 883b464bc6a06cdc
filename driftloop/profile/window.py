"""The two sides of a comparison: the baseline that was registered with the model, and the window that came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from driftloop.data.schema import Schema
from driftloop.errors import InputError
from driftloop.profile.profile import Profile
from driftloop.profile.saving.parquet_format import profile_from_bytes, profile_to_bytes
from driftloop.profile.sources import read_contents
from driftloop.times import format_seconds
from driftloop.validation import with_article
from driftloop.wording.counts import count_of


@dataclass(frozen=True, init=False, eq=False, repr=False)
class _Side:
    profile: Profile
    content: bytes | None = field(default=None, repr=False, compare=False)
    """The file that it was read from: its hash names the data, also where this version would write other bytes."""

    def __init__(self, source: Any, schema: Schema | None = None, *, content: bytes | None = None) -> None:
        """From a table, a path, record batches, or a Baseline, Window or Profile; see `build`."""
        contents, saved = read_contents(source, schema)
        object.__setattr__(self, "profile", Profile.of(contents))
        object.__setattr__(self, "content", saved if content is None else content)

    @classmethod
    def build(cls, source: Any, schema: Schema | None = None) -> Self:
        """From the data that a model was trained on, or the records that came in; read once.

        Parameters
        ----------
        source
            A pandas, polars or pyarrow table, a path, an iterable of record batches, or a saved Baseline.
        schema
            How its columns are read; inferred from the first rows when it is left out. A window is read with the
            baseline's schema.

        Raises
        ------
        InputError
            For anything else, an unreadable file, or a table without rows when the schema is to be inferred.

        Examples
        --------
        >>> import pyarrow as pa
        >>> Baseline.build(pa.table({"size": [1.5, 2.5, 4.0]}))
        Baseline(3 rows of size)
        """
        return cls(source, schema)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """From what `to_bytes` gave, this version's or an older one's. Raises BaselineError."""
        return cls(profile_from_bytes(content), content=content)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same rows, read with the same schema."""
        return type(other) is type(self) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        columns = ", ".join(column.name for column in self.schema.features)
        return f"{type(self).__name__}({count_of(self.rows, 'row')} of {columns})"

    @property
    def schema(self) -> Schema:
        """The schema that it was read with."""
        return self.profile.schema

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return self.profile.rows

    @property
    def first_time(self) -> str | None:
        """Smallest time of the timestamp column, ISO 8601 in UTC; None where there is none."""
        return format_seconds(self.profile.first)

    @property
    def last_time(self) -> str | None:
        """Largest time of the timestamp column."""
        return format_seconds(self.profile.last)

    def to_bytes(self) -> bytes:
        """As a Parquet file (docs/profile-format.md). The same rows give the same bytes, whatever their order."""
        return self._bytes

    @cached_property
    def _bytes(self) -> bytes:
        return self.content if self.content is not None else profile_to_bytes(self.profile)

    @cached_property
    def sha256(self) -> str:
        """The hash of `to_bytes()`: names the data."""
        return sha256(self._bytes).hexdigest()


class Baseline(_Side):
    """The profile of the data that a model was trained on.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from driftloop import Baseline, Schema
    >>> table = pa.table({"bmi": [26.4, 31.0, 22.7]})
    >>> baseline = Baseline.build(table, Schema.infer(table))
    >>> baseline.rows, Baseline.from_bytes(baseline.to_bytes()).sha256 == baseline.sha256
    (3, True)
    """


class Window(_Side):
    """The profile of the records that came in since the last check.

    Examples
    --------
    >>> import pyarrow as pa
    >>> Window.build(pa.table({"size": [1.5, 2.5]})).merge(Window.build(pa.table({"size": [3.5]})))
    Window(3 rows of size)
    """

    def merge(self, other: Window) -> Window:
        """Both windows as one, as if their records had come in together. Raises SchemaError for different schemas.

        Raises InputError for what is no Window.
        """
        if not isinstance(other, Window):
            raise InputError(f"{with_article(other)} was given: pass a driftloop.Window")
        return Window(self.profile.merge(other.profile))
