"""A profile from whatever a caller holds: one that is there already, a saved one, or a table that is read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driftloop.data.inference.inferred_schema import infer_schema
from driftloop.data.readers.saved_profile import is_profile
from driftloop.data.schema import Schema
from driftloop.data.sources import batches_of
from driftloop.data.tables import TAKEN
from driftloop.errors import BaselineError, InputError
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.contents import Contents
from driftloop.profile.memory import give_back
from driftloop.profile.saving.parquet_format import profile_from_bytes


def read_contents(source: Any, schema: Schema | None = None) -> tuple[Contents, bytes | None]:
    """What a profile keeps of a table, a path, a stream of record batches, or of a Baseline, Window or Profile.

    Without a schema it is inferred from the table's first rows. Also the saved file's content where there is one.
    Raises InputError, SchemaError or BaselineError.
    """
    ready = ready_contents(source, schema)
    return (_of_table(source, schema), None) if ready is None else ready


def _of_table(source: Any, schema: Schema | None) -> Contents:
    """The profile of what must be read first. Raises InputError or SchemaError."""
    if schema is not None and not isinstance(schema, Schema):
        raise InputError(f"schema: a {type(schema).__name__} was given: pass a driftloop.Schema")
    batches = batches_of(source, schema)
    if schema is None:
        inferred = infer_schema(batches)
        schema, batches = inferred.schema, inferred.batches
    contents = ProfileBuilder(schema).take(batches).contents()
    give_back(len(contents.columns))
    return contents


def ready_contents(source: Any, schema: Schema | None = None) -> tuple[Contents, bytes | None] | None:
    """The profile that an object is, holds, or names as a file, and that file's content; None for any other source.

    Raises InputError when a schema is asked for that is not its own, BaselineError for a damaged file.
    """
    found: tuple[Contents, bytes | None] | None = None
    held = getattr(source, "profile", None)
    if isinstance(source, Contents):
        found = source, None
    elif isinstance(held, Contents):
        found = held, getattr(source, "content", None)
    elif isinstance(source, str | Path) and is_profile(Path(source)):
        found = _saved(Path(source))
    if found is not None and schema is not None and schema != found[0].schema:
        raise InputError("a saved profile brings its own schema: leave the schema out, or give the data instead")
    return found


def _saved(path: Path) -> tuple[Contents, bytes]:
    try:
        content = path.read_bytes()
        return profile_from_bytes(content), content
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read ({error.strerror}): pass {TAKEN}") from None
    except BaselineError as error:
        raise BaselineError(f"{path}: {error}") from None
