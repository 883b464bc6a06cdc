"""What the columns are: names, kinds, units, roles. Written manually as TOML, or inferred from a reference file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import force_setattr

from driftloop.data.reading import Reading
from driftloop.data.schema.column import COMPARED, Column, Role
from driftloop.errors import SchemaError
from driftloop.validation import convert, file_path, hold_types, nearest, with_article

Season = Literal["", "weekday", "month", "hour"]
MISSING_TEXTS = ("", "NA", "N/A", "NaN", "nan", "NaT", "null", "NULL", "None", "<NA>")
"""Texts that mean a missing value unless a schema says otherwise: what common programs write."""


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The columns of a table, in order, and which texts mean that a value is missing."""

    columns: tuple[Column, ...]
    """Each is a table `[[columns]]`."""
    missing: tuple[str, ...] = MISSING_TEXTS
    """Texts that mean that a value is missing."""
    reading: Reading | None = None
    """What is declared about how files are written; None: recognised file by file."""
    season: Season = ""
    """Compare with the baseline's records of the same `weekday`, `month` or `hour` (UTC), by the column of role
    timestamp; empty: with all."""

    def __post_init__(self) -> None:
        if not isinstance(self.columns, Iterable):
            raise SchemaError(f"columns: {with_article(self.columns)} was given: pass a list of driftloop.Column(...)")
        force_setattr(self, "columns", tuple(self.columns))
        for column in self.columns:
            if not isinstance(column, Column):
                raise SchemaError(f"columns: {with_article(column)} was given: pass driftloop.Column(...)")
        if self.season not in get_args(Season):
            raise SchemaError(f"season = {self.season!r}{nearest(str(self.season), get_args(Season)[1:])}")
        hold_types(self, "schema", SchemaError, but=("columns", "season"))
        counts = Counter(column.name for column in self.columns)
        twice = sorted(name for name, count in counts.items() if count > 1)
        if twice:
            raise SchemaError(f"column {twice[0]!r} is listed twice")
        if not self.features:
            raise SchemaError("no column has the role feature or prediction: nothing to compare")
        for role in ("target", "id", "timestamp", "prediction", "cluster"):
            if sum(column.role == role for column in self.columns) > 1:
                raise SchemaError(f"more than one column has the role {role}")
        if self.season and self.role("timestamp") is None:
            raise SchemaError(
                f"season = {self.season!r} needs a column with the role timestamp: name the record's time"
            )

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns that are compared: the model's inputs, and its prediction where it is logged."""
        return tuple(column for column in self.columns if column.role in COMPARED)

    def role(self, role: Role) -> Column | None:
        """The column with this role (target, id, timestamp, prediction, cluster), or None."""
        return next((column for column in self.columns if column.role == role), None)

    def with_importances(self, importances: dict[str, float]) -> Schema:
        """This schema with how much the model relies on each feature; features that are not named count as unused.

        Raises SchemaError for a name that is no feature.
        """
        if not isinstance(importances, dict):
            raise SchemaError(f"importances: {with_article(importances)} was given: pass a dict of names to numbers")
        known = [column.name for column in self.columns]
        unknown = sorted(set(importances).difference(known))
        if unknown:
            near = nearest(unknown[0], known)
            raise SchemaError(f"importances name a column {unknown[0]!r} that the schema does not have{near}")
        columns = (
            msgspec.structs.replace(column, importance=importances.get(column.name, 0.0))
            if column.role == "feature"
            else column
            for column in self.columns
        )
        return msgspec.structs.replace(self, columns=tuple(columns))

    def with_roles(
        self,
        *,
        target: str | None = None,
        id: str | None = None,
        time: str | None = None,
        cluster: str | None = None,
        ignore: Iterable[str] = (),
    ) -> Schema:
        """This schema with other roles for the columns named; whatever had such a role before is ignored.

        Parameters
        ----------
        target, id, time, cluster
            The column that is the label, the record's id, the record's time, the record's dependent group: none of them
            is compared.
        ignore
            Columns that are not read.

        Raises
        ------
        SchemaError
            For a name that the schema does not have, a column that is named twice, and when nothing is left to compare.

        Examples
        --------
        >>> schema = Schema([Column("size"), Column("price"), Column("row")])
        >>> [column.name for column in schema.with_roles(target="price", ignore=["row"]).features]
        ['size']
        """
        named = ((target, "target"), (id, "id"), (time, "timestamp"), (cluster, "cluster"))
        asked = [(name, role) for name, role in named if name is not None]
        asked += [(name, "ignore") for name in ([ignore] if isinstance(ignore, str) else ignore)]
        known = [column.name for column in self.columns]
        for number, (name, role) in enumerate(asked):
            if name not in known:
                raise SchemaError(f"{role} {name!r}: the data has no such column{nearest(str(name), known)}")
            if name in (other for other, _ in asked[:number]) and (name, role) not in asked[:number]:
                raise SchemaError(f"column {name!r} is named for two roles: choose one")
        roles = dict(asked)
        unique = {role for role in roles.values() if role != "ignore"}
        columns = []
        for column in self.columns:
            role = roles.get(column.name, "ignore" if column.role in unique else column.role)
            # A time must be read as one to be the record's time, whatever it looked like among the first rows.
            kind = "datetime" if role == "timestamp" else column.kind
            # A group is named, whatever its names look like: 7, 7.0 and "7" are one.
            kind = "categorical" if role == "cluster" and role != column.role else kind
            columns.append(msgspec.structs.replace(column, role=role, kind=kind))
        return msgspec.structs.replace(self, columns=tuple(columns))

    def with_season(self, season: str) -> Schema:
        """This schema with a season (`weekday`, `month`, `hour`). Raises SchemaError without a time, or for another."""
        return msgspec.structs.replace(self, season=season)

    def with_segments(self, names: Iterable[str]) -> Schema:
        """This schema with these columns judged value by value, too; they are read as categories.

        Raises SchemaError for a name that the schema does not have, and for a column that is not compared.

        Examples
        --------
        >>> schema = Schema([Column("ward"), Column("size")]).with_segments(["ward"])
        >>> [(column.kind, column.segment) for column in schema.columns]
        [('categorical', True), ('numeric', False)]
        """
        asked, known = set(names), [column.name for column in self.columns]
        for name in sorted(asked.difference(known)):
            raise SchemaError(f"segment {name!r}: the data has no such column{nearest(name, known)}")
        for column in self.columns:
            if column.name in asked and column.role not in COMPARED:
                raise SchemaError(f"segment {column.name!r}: the column is not compared (role {column.role})")
        columns = tuple(
            msgspec.structs.replace(column, segment=True, kind="categorical") if column.name in asked else column
            for column in self.columns
        )
        return msgspec.structs.replace(self, columns=columns)

    def to_json(self) -> bytes:
        """This schema as JSON, what `load` and `from_json` read."""
        return msgspec.json.format(msgspec.json.encode(self))

    @staticmethod
    def from_json(text: bytes | str) -> Schema:
        """A schema from its JSON. Raises SchemaError."""
        if not isinstance(text, str | bytes):
            raise SchemaError(f"schema: {with_article(text)} was given: pass the JSON text of a schema")
        try:
            return msgspec.json.decode(text, type=Schema)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise SchemaError(f"schema: {error}") from None

    @staticmethod
    def from_object(value: Any, where: str = "schema") -> Schema:
        """A schema from plain lists and dicts, e.g. a table of a larger TOML file. Raises SchemaError."""
        return convert(value, Schema, where, SchemaError)

    @staticmethod
    def load(path: str | Path) -> Schema:
        """A schema from a TOML or JSON file. Raises SchemaError when it cannot be read or does not make sense.

        Raises InputError for what is no path.
        """
        path = file_path(path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SchemaError(f"{path}: cannot be read ({error.strerror})") from None
        decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
        try:
            value = decode(content)
        except (msgspec.DecodeError, ValueError) as error:
            raise SchemaError(f"{path}: {error}") from None
        return Schema.from_object(value, str(path))

    @staticmethod
    def infer(source: Any, reading: Reading | None = None) -> Schema:
        """The schema that a table's first 100,000 rows suggest; of a saved or built baseline, its own.

        Parameters
        ----------
        source
            A pandas, polars or pyarrow table, a path, an iterable of record batches, or a Baseline.
        reading
            What is declared about how texts are written.

        Raises
        ------
        InputError
            For an empty table, one without a column that can be compared, and anything that is no table.

        Examples
        --------
        >>> import pyarrow as pa
        >>> schema = Schema.infer(pa.table({"size": [1.5, 2.5, 4.0], "colour": ["red", "blue", "red"]}))
        >>> [(column.name, column.kind) for column in schema.columns]
        [('size', 'numeric'), ('colour', 'categorical')]
        """
        # By name, because what reads a table lies above: readers are told by a schema what to read.
        above: Any = import_module("driftloop.data.inference.inferred_schema")
        found: Schema = above.schema_of(source, reading)
        return found
