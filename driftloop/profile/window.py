"""The two sides of a comparison: the baseline that was registered with the model, and the window that came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from driftloop.data.schema import Schema
from driftloop.profile.profile import Profile
from driftloop.times import format_seconds


@dataclass(frozen=True)
class _Side:
    profile: Profile
    content: bytes | None = field(default=None, repr=False, compare=False)
    """The file that it was read from: its hash names the data, also where this version would write other bytes."""

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
        from driftloop.profile.parquet_format import profile_to_bytes

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

    @classmethod
    def build(cls, batches: Any, schema: Schema) -> Baseline:
        """The baseline of a table, in one pass.

        Parameters
        ----------
        batches : a stream of Arrow record batches, an Arrow table or a data frame.
        schema : what its columns are; columns that it does not name are not compared.

        Raises
        ------
        SchemaError : a column's values cannot be compared.
        InputError : the stream cannot be read.
        """
        return cls(Profile.build(batches, schema))

    @classmethod
    def from_bytes(cls, content: bytes) -> Baseline:
        """From what `to_bytes` gave, this version's or an older one's. Raises BaselineError."""
        from driftloop.profile.parquet_format import profile_from_bytes

        return cls(profile_from_bytes(content), content)


class Window(_Side):
    """The profile of the records that came in since the last check."""

    @classmethod
    def build(cls, batches: Any, schema: Schema) -> Window:
        """The window of a table, in one pass: parameters and errors as of `Baseline.build`.

        Read it with the baseline's own schema, so that both sides are compared column by column.
        """
        return cls(Profile.build(batches, schema))

    @classmethod
    def from_bytes(cls, content: bytes) -> Window:
        """From what `to_bytes` gave. Raises BaselineError."""
        from driftloop.profile.parquet_format import profile_from_bytes

        return cls(profile_from_bytes(content), content)

    def merge(self, other: Window) -> Window:
        """Both windows as one, as if their records had come in together. Raises SchemaError for different schemas."""
        return Window(self.profile.merge(other.profile))
