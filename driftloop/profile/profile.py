"""A profile: what is kept of a batch of rows. Fixed size, one pass, mergeable, the same whatever the order."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from driftloop.data.schema import Schema
from driftloop.profile.contents import Contents
from driftloop.profile.sources import read_contents


class Profile(Contents):
    """What is kept of a table: a summary of each compared column, a sample of rows, and the span of time."""

    @classmethod
    def build(cls, source: Any, schema: Schema | None = None) -> Profile:
        """The profile of a table, read once.

        Parameters
        ----------
        source
            A pandas, polars or pyarrow table, a path, an iterable of record batches, or a saved Baseline.
        schema
            How its columns are read; inferred from the first rows when it is left out.

        Raises
        ------
        SchemaError
            For a column whose values cannot be compared.
        InputError
            For an unreadable stream, and anything that is no table.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from driftloop import Column, Schema
        >>> profile = Profile.build(pa.table({"bmi": [26.4, None, 31.0]}), Schema((Column("bmi"),)))
        >>> profile.rows, profile.columns["bmi"].missing, profile.columns["bmi"].maximum
        (3, 1, 31.0)
        """
        return cls.of(read_contents(source, schema)[0])

    @classmethod
    def of(cls, contents: Contents) -> Profile:
        """What was read, by this name."""
        if isinstance(contents, Profile):
            return contents
        return cls(**{field.name: getattr(contents, field.name) for field in fields(contents)})
