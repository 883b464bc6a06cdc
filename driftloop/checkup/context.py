"""What a check-up looks at: a set-up, and in it one model after the other with its files and its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from driftloop.config.models import Config, Model
from driftloop.data.canonical.batches import canonical_batches
from driftloop.data.schema import Schema
from driftloop.data.sources import batches_of
from driftloop.profile.profile import Profile

MODELS = "models"
SCHEMA, SETTINGS = "schema.toml", "model.toml"
NOT_COUNTED = frozenset({"ignore", "time", "id"})
"""Roles of columns that are not counted: nothing reads them, or (ids) each value stands for itself."""


@dataclass(frozen=True)
class SetUp:
    """`driftloop.toml`, the folder in which it lies, and the environment's variables."""

    file: Path
    config: Config
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The folder in which everything else lies, too."""
        return self.file.parent

    def folder(self, model: str) -> Path:
        """Where a model is described."""
        return self.root / MODELS / model


@dataclass(frozen=True)
class OneModel:
    """A model of the set-up. `task` and `data` are what its `model.toml` says, as far as that can be read.

    `learns_from_data`: whether `data` is what the first model is trained on. It is not where `model.toml` names a table
    and the command line another one.
    """

    set_up: SetUp
    watched: Model
    schema: Schema
    schema_file: Path
    task: str = ""
    data: Path | None = None
    learns_from_data: bool = True

    @property
    def name(self) -> str:
        return self.watched.name

    @cached_property
    def counted(self) -> Profile | None:
        """Counts of every column of the table that the schema reads, the target included and the id not; None without
        a table.

        Raises InputError or SchemaError where the table cannot be read as the schema says.
        """
        if self.data is None:
            return None
        columns = tuple(
            msgspec.structs.replace(column, role="feature")
            for column in self.schema.columns
            if column.role not in NOT_COUNTED
        )
        schema = msgspec.structs.replace(self.schema, columns=columns)
        reading = schema.reading or self.watched.reading
        schema = msgspec.structs.replace(schema, reading=reading)
        batches = batches_of(self.data, schema, reading=reading)
        return Profile.build(canonical_batches(batches, schema, None, str(self.data)), schema)
