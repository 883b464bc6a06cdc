"""A profile from whatever a caller holds: one that is there already, a saved one, or a table that is read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driftloop.data.readers.saved_profile import is_profile
from driftloop.data.schema import Schema, infer_schema
from driftloop.data.sources import batches_of
from driftloop.data.tables import TAKEN
from driftloop.errors import BaselineError, InputError
from driftloop.profile.builder import ProfileBuilder
from driftloop.profile.profile import Profile


def profile_of(source: Any, schema: Schema | None = None) -> Profile:
    """The profile of a table, a path, a stream of record batches, or of a Baseline, Window or Profile.

    Without a schema it is inferred from the table's first rows. Raises InputError, SchemaError or BaselineError.
    """
    found = ready_profile(source)
    if found is not None:
        if schema is not None and schema != found.schema:
            raise InputError("a saved profile brings its own schema: leave the schema out, or give the data instead")
        return found
    if schema is not None and not isinstance(schema, Schema):
        raise InputError(f"schema: a {type(schema).__name__} was given: pass a driftloop.Schema")
    batches = batches_of(source, schema)
    if schema is None:
        inferred = infer_schema(batches)
        schema, batches = inferred.schema, inferred.batches
    read = ProfileBuilder(schema).take(batches)
    return Profile(schema, read.rows, read.columns(), read.sample(), read.first, read.last, read.extra)


def ready_profile(source: Any) -> Profile | None:
    """The profile that an object is, holds, or names as a file; None for anything that must be read first."""
    if isinstance(source, Profile):
        return source
    held = getattr(source, "profile", None)
    if isinstance(held, Profile):
        return held
    if isinstance(source, str | Path) and is_profile(Path(source)):
        return saved_profile(Path(source))
    return None


def saved_profile(path: Path) -> Profile:
    """The profile in a file that `Baseline.to_bytes` wrote. Raises BaselineError, naming the file."""
    from driftloop.profile.parquet_format import profile_from_bytes

    try:
        return profile_from_bytes(path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read ({error.strerror}): pass {TAKEN}") from None
    except BaselineError as error:
        raise BaselineError(f"{path}: {error}") from None
