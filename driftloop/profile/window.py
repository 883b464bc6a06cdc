"""The two sides of a comparison: the baseline that was registered with the model, and the window that came in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from driftloop.data.schema import Schema
from driftloop.profile.profile import Profile
from driftloop.times import format_seconds


@dataclass(frozen=True)
class _Side:
    profile: Profile

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

        return profile_to_bytes(self.profile)

    @cached_property
    def sha256(self) -> str:
        """The hash of `to_bytes()`: names the data."""
        return sha256(self._bytes).hexdigest()


class Baseline(_Side):
    """The profile of the data that a model was trained on."""

    @classmethod
    def build(cls, batches: Any, schema: Schema) -> Baseline:
        """From a stream of record batches, an Arrow table or a data frame. Raises InputError."""
        return cls(Profile.build(batches, schema))

    @classmethod
    def from_bytes(cls, content: bytes) -> Baseline:
        """From what `to_bytes` gave, this version's or an older one's. Raises BaselineError."""
        from driftloop.profile.parquet_format import profile_from_bytes

        return cls(profile_from_bytes(content))


class Window(_Side):
    """The profile of the records that came in since the last check."""

    @classmethod
    def build(cls, batches: Any, schema: Schema) -> Window:
        """From a stream of record batches, an Arrow table or a data frame, in one pass. Raises InputError."""
        return cls(Profile.build(batches, schema))

    @classmethod
    def from_bytes(cls, content: bytes) -> Window:
        """From what `to_bytes` gave. Raises BaselineError."""
        from driftloop.profile.parquet_format import profile_from_bytes

        return cls(profile_from_bytes(content))

    def merge(self, other: Window) -> Window:
        """Both windows as one, as if their records had come in together."""
        return Window(self.profile.merge(other.profile))
