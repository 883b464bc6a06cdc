"""What a caller says of columns and of files, over what the data themselves say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.reading import Reading
from driftloop.data.schema import Schema
from driftloop.errors import InputError
from driftloop.sequential.evidence import Evidence
from driftloop.validation import with_article


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


def roles_of(
    *,
    target: Any = None,
    id: Any = None,
    time: Any = None,
    cluster: Any = None,
    season: Any = None,
    ignore: Any = (),
    segments: Any = (),
) -> Roles:
    """The roles that a Python caller names. Raises InputError for what is no name of a column."""
    for argument, value in (("target", target), ("id", id), ("time", time), ("cluster", cluster), ("season", season)):
        if value is not None and not isinstance(value, str):
            raise InputError(_no_name(argument, value))
    names = {"ignore": _names_of("ignore", ignore), "segments": _names_of("segments", segments)}
    return Roles(target, id, time, names["ignore"], cluster, season, names["segments"])


def _names_of(argument: str, given: Any) -> tuple[str, ...]:
    """The columns that an argument names: a single text is one of them, and not its letters; None names none."""
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise InputError(_no_name(argument, given))
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise InputError(_no_name(argument, name))
    return names


def _no_name(argument: str, value: Any) -> str:
    example = f", such as {str(value)!r}" if isinstance(value, int) and not isinstance(value, bool) else ""
    return f"{argument}: {with_article(value)} was given: pass the column's name as text{example}"


def refuse_foreign(*, policy: Any, schema: Any, evidence: Any = None, now: Any = None) -> None:
    """Raises InputError for an argument of another type; None stands for one that was left out."""
    kinds = (("policy", policy, Policy), ("schema", schema, Schema), ("evidence", evidence, Evidence))
    for name, value, kind in kinds:
        if value is not None and not isinstance(value, kind):
            raise InputError(f"{name}: {with_article(value)} was given: pass a driftloop.{kind.__name__}")
    is_number = isinstance(now, int | float) and not isinstance(now, bool)
    if now is not None and not (is_number and isfinite(now)):
        raise InputError(f"now: {with_article(now)} was given: pass seconds since 1970, such as time.time() gives")
