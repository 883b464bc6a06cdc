"""How the command line reads and judges: from a small TOML file of its own, or from a model of `driftloop.toml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.reading import Reading
from driftloop.data.schema import MISSING_TEXTS, Column, Schema
from driftloop.errors import ConfigError, SchemaError
from driftloop.validation import convert


class CheckSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `--config FILE` says. Whatever is left out is inferred or has its default.

    `schema` names a schema's file, beside this one; `columns` and `missing` write the schema here instead.
    `importances` says how much the model relies on each column, `reading` how files are to be read.
    """

    policy: Policy = Policy()
    schema: str | None = None
    columns: tuple[Column, ...] = ()
    missing: tuple[str, ...] | None = None
    importances: dict[str, float] | None = None
    reading: Reading = Reading()


def load_settings(
    config: str | Path | None, model: str | None = None, environ: Mapping[str, str] = os.environ
) -> CheckSettings:
    """The settings in a file, or of one model of a `driftloop.toml`; all defaults where there is no file.

    Raises ConfigError: unknown entries, a variable that is not set, several models and none chosen, a model that is
    not there.
    """
    if config is None and model is None:
        return CheckSettings()
    from driftloop.config.document import filled, read_document  # here: most checks from a shell have no such file
    from driftloop.config.models import FILE_NAME, TABLES, parse

    if config is None:
        raise ConfigError(f"--model {model}: give the {FILE_NAME} that describes it by --config")
    document = read_document(Path(config))
    if any(name in document for name in TABLES):
        watched = parse(document, str(config), environ, sends=False)
        chosen = watched.only_model() if model is None else watched.model(model)
        return CheckSettings(policy=chosen.policy, schema=chosen.schema, reading=chosen.reading)
    if model is not None:
        raise ConfigError(f"{config}: no [[model]] in it: leave --model out, or give a {FILE_NAME}")
    settings = convert(filled(document, str(config), environ), CheckSettings, str(config))
    if settings.schema is not None and (settings.columns or settings.missing is not None):
        raise ConfigError(f"{config}: schema = FILE beside [[columns]] or missing: keep one of them")
    if settings.missing is not None and not settings.columns:
        raise ConfigError(f"{config}: missing without [[columns]]: describe the columns too, or name a schema")
    return settings


def declared(settings: CheckSettings) -> Reading | None:
    """What is declared about the way files are written; None where nothing is."""
    return None if settings.reading == Reading() else settings.reading


def schema_of(settings: CheckSettings, config: str | Path | None) -> Schema | None:
    """The schema that the settings describe; None where it is left to be inferred. Raises SchemaError."""
    if settings.schema is not None:
        return Schema.load(Path(str(config)).parent / settings.schema)
    if settings.columns:
        try:
            return Schema(settings.columns, MISSING_TEXTS if settings.missing is None else settings.missing)
        except ValueError as error:
            raise SchemaError(f"{config}: {error}") from None
    return None
