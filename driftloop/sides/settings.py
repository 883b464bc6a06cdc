"""What a caller says of columns and of files, over what the data themselves say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.reading import Reading
from driftloop.data.schema import Schema
from driftloop.errors import InputError


@dataclass(frozen=True)
class Roles:
    """What the caller says of single columns, over whatever the schema says."""

    target: str | None = None
    id: str | None = None
    time: str | None = None
    ignore: tuple[str, ...] = ()
    cluster: str | None = None
    season: str | None = None
    segments: tuple[str, ...] = ()

    def of(self, schema: Schema) -> Schema:
        """The schema with these roles. Raises SchemaError for an unknown column."""
        if not self:
            return schema
        named = {"target": self.target, "id": self.id, "time": self.time, "cluster": self.cluster}
        schema = schema.with_roles(**named, ignore=self.ignore)
        schema = schema if self.season is None else schema.with_season(self.season)
        return schema.with_segments(self.segments) if self.segments else schema

    def __bool__(self) -> bool:
        return self != Roles()


@dataclass(frozen=True)
class ColumnSettings:
    """How the two sides are to be read: a written schema or None, and what is said of columns and of files."""

    schema: Schema | None = None
    roles: Roles = field(default_factory=Roles)
    importances: dict[str, float] | None = None
    reading: Reading | None = None

    def complete(self, schema: Schema) -> Schema:
        """A schema, written or inferred, with the roles, importances and reading. Raises SchemaError."""
        schema = self.roles.of(schema)
        if self.importances is not None:
            schema = schema.with_importances(self.importances)
        return schema if self.reading is None else msgspec.structs.replace(schema, reading=self.reading)

    @property
    def changes_columns(self) -> bool:
        """Whether a saved baseline, which brings its own columns, could not be read so."""
        return self.schema is not None or bool(self.roles) or self.importances is not None


def names_of(columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that an argument names: a single text is one of them, and not its letters."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def refuse_foreign(*, policy: Any, schema: Any) -> None:
    """Raises InputError for an argument of another type; None stands for one that was left out."""
    for name, value, kind in (("policy", policy, Policy), ("schema", schema, Schema)):
        if value is not None and not isinstance(value, kind):
            raise InputError(f"{name}: a {type(value).__name__} was given: pass a driftloop.{kind.__name__}")
