"""`driftloop.toml`: which models are watched, where their data lies, and what a drift of theirs starts.

`${NAME}` in any text stands for the environment variable NAME, `${NAME:-text}` for NAME or, where it is not set, the
text. `{model}` in a pattern stands for the model's name. A table `[defaults]` holds what all models share,
`[common_cause]` what becomes of many drifts at once. Everything is validated when the file is read. So a mistake is one
line at the start and not a surprise at the first drift.
"""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from driftloop.config.common_cause import CommonCausePolicy
from driftloop.config.document import filled, read_document
from driftloop.config.policy import Policy
from driftloop.config.receivers import Receiver, check_written, validate_receivers, with_names
from driftloop.config.targets import AzureDevOpsTarget, DryRunTarget, GitHubTarget, Target, validate_target
from driftloop.data.reading import Reading
from driftloop.errors import ConfigError
from driftloop.validation import convert, nearest

__all__ = [
    "CONTAINER",
    "FILE_NAME",
    "AzureDevOpsTarget",
    "Config",
    "DryRunTarget",
    "GitHubTarget",
    "Model",
    "Target",
    "load",
    "parse",
]

FILE_NAME = "driftloop.toml"
TABLES = ("model", "defaults", "common_cause")
CONTAINER = r"[a-z0-9](?:-?[a-z0-9]){2,62}"
"""The name of a blob container, as Azure Storage takes it."""
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,253}")
"""What Azure Machine Learning takes as a model's name; safe in a path and as a table key."""
_PATTERN = re.compile(f"{CONTAINER}/.+")
_SENT = ("dispatch", "alerts")  # what only the function app sends: elsewhere its variables may be missing
_LEAST = {"labels_required": 0, "cooldown_hours": 0, "max_attempts": 1, "settle_seconds": 0}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One watched model. In patterns, `*` stands for anything within one folder, `**` for any folders."""

    name: str
    """As it is registered in Azure Machine Learning; its folder is `models/<name>/`."""
    records: str = "incoming/{model}/records/**"
    """Where records land: `<container>/<pattern>`. `{yyyy}`, `{MM}`, `{dd}` and `{HH}` stand for parts of a date in
    UTC; then only the days since the watermark are listed."""
    labels: str = "incoming/{model}/labels/**"
    """Where labels land, in the same form."""
    predictions: str | None = None
    """Where an endpoint's logged predictions land, in the same form; for the layout `data-collector`."""
    layout: Literal["files", "data-collector"] = "files"
    """Whole files of records, or what Azure Machine Learning's data collector writes."""
    schema: str | None = None
    """A schema.toml for the command line; the function app reads with the baseline's own."""
    reading: Reading = Reading()
    """How files are written, where that is not to be recognised."""
    schedule: str | None = None
    """Six-field cron in UTC, for a model that is checked less often than the timer ticks."""
    policy: Policy = Policy()
    """False-alarm rates and minimum effect sizes."""
    labels_required: int = 100
    """Labelled records of the new regime that are awaited before a retrain starts."""
    retrain_when: Literal["drift", "impact", "labels"] = "drift"
    """What a drift must show before it retrains. `drift`: nothing more. `impact`: one whose estimated effect on the
    model's error is surely within `impact_tolerance` is reported and held. `labels`: it is held until labels show that
    the error has grown."""
    impact_tolerance: float = 0.1
    """Growth of the model's error that is tolerated, as a part of it, where `retrain_when` is `impact`."""
    cooldown_hours: float = 24.0
    """Between the end of a retrain and the next one."""
    max_attempts: int = 3
    """How often a retrain that fails is tried in all."""
    settle_seconds: float = 0.0
    """A younger file may still be written and waits for the next check."""
    dispatch: Target = DryRunTarget()
    """Where a drift is sent."""
    alerts: tuple[Receiver, ...] = ()
    """Where people read of it: Teams, Slack, any webhook ([alerts](alerts.md)). A model's own replace those of all."""


class Config(msgspec.Struct, frozen=True, dict=True):
    """All of `driftloop.toml`."""

    models: tuple[Model, ...]
    common_cause: CommonCausePolicy = CommonCausePolicy()

    def model(self, name: str) -> Model:
        """The model of that name. Raises ConfigError when it is not watched."""
        if (model := self._by_name.get(name)) is not None:
            return model
        raise ConfigError(
            f"model {name!r} is not in {FILE_NAME}{nearest(name, (model.name for model in self.models))}; "
            "or add a [[model]] with this name"
        )

    @cached_property
    def _by_name(self) -> dict[str, Model]:
        """A check looks its model up, whether there are three or ten thousand."""
        return {model.name: model for model in self.models}

    def only_model(self) -> Model:
        """The model of a file that has one. Raises ConfigError with the names when there are several."""
        if len(self.models) > 1:
            names = ", ".join(model.name for model in self.models)
            raise ConfigError(f"{FILE_NAME} has {len(self.models)} models: choose one by --model: {names}")
        return self.models[0]


def load(path: Path | str, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and validate `path`. Raises ConfigError, one line that says what to write."""
    path = Path(path)
    document = read_document(path, f"set DRIFTLOOP_CONFIG to where {FILE_NAME} lies")
    return parse(document, str(path), environ)


def parse(
    document: Mapping[str, Any],
    where: str = FILE_NAME,
    environ: Mapping[str, str] = os.environ,
    *,
    sends: bool = True,
) -> Config:
    """Read a document that is already decoded.

    Parameters
    ----------
    document : mapping
        As `tomllib` gives it.
    where : str
        Names it in errors.
    environ : mapping of str to str
        For `${NAME}`.
    sends : bool
        False where nothing is ever sent (the command line). A variable of `dispatch` and `alerts` may then be missing:
        it is set where the function app runs.

    Raises
    ------
    ConfigError
        For whatever does not fit, with the nearest known name of an unknown entry.
    """
    for name in document:
        if name not in TABLES:
            raise ConfigError(f"{where}: unknown table {name!r}{nearest(name, TABLES)}")
    tables, defaults = document.get("model", []), document.get("defaults", {})
    if not isinstance(tables, list) or not tables:
        raise ConfigError(f"{where}: no [[model]]: add one for each model to watch")
    if not isinstance(defaults, Mapping):
        raise ConfigError(f"{where}: [defaults] must be a table")
    models = tuple(
        _model(table, defaults, f"{where}: model {number}", environ, sends=sends)
        for number, table in enumerate(tables, 1)
    )
    # Table Storage compares keys with case, blob names too, but people do not: two names that differ only there are a
    # mistake.
    seen: set[str] = set()
    for model in models:
        if model.name.casefold() in seen:
            raise ConfigError(f"{where}: two models are named {model.name!r}: each name is watched once")
        seen.add(model.name.casefold())
    together = filled(document.get("common_cause", {}), where, environ)
    return Config(models, convert(together, CommonCausePolicy, f"{where}: common_cause"))


def check_name(name: str, where: str) -> None:
    """Raises ConfigError for a name that no model can have."""
    if not MODEL_NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: name {name!r}: use letters, digits, '-', '_' and '.', as Azure Machine Learning does"
        )


def declared_reading(path: Path, name: str, environ: Mapping[str, str] = os.environ) -> Reading | None:
    """What the model `name` of a `driftloop.toml` declares about the way its files are written.

    None where it declares nothing, where the file has no such model, and where there is no file. Training reads no
    other entry, so that it needs none of the variables that the others name. Raises ConfigError.
    """
    if not path.is_file():
        return None
    document = read_document(path)
    tables, defaults = document.get("model", []), document.get("defaults", {})
    for table in tables if isinstance(tables, list) else []:
        if isinstance(table, Mapping) and table.get("name") == name:
            shared = defaults if isinstance(defaults, Mapping) else {}
            where = f"{path}: reading of model {name!r}"
            declared = convert(filled(_merged(table, shared).get("reading", {}), where, environ), Reading, where)
            return None if declared == Reading() else declared
    return None


def _model(table: Any, defaults: Mapping[str, Any], where: str, environ: Mapping[str, str], *, sends: bool) -> Model:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: must be a table")
    merged = _merged(table, defaults)
    if isinstance(table.get("name"), str):
        where = f"{where} ({table['name']})"
    check_written(merged.get("alerts"), where)
    values = {name: filled(value, where, environ, strict=sends or name not in _SENT) for name, value in merged.items()}
    model = convert(values, Model, where)
    model = msgspec.structs.replace(model, alerts=with_names(model.alerts))
    _validate(model, where)
    patterns = {name: getattr(model, name) for name in ("records", "labels", "predictions")}
    named = {name: text.replace("{model}", model.name) for name, text in patterns.items() if text is not None}
    return msgspec.structs.replace(model, **named)


def _merged(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A model's entries over those that all models share."""
    merged = {**defaults, **table}
    for nested in ("policy", "reading", "dispatch"):
        own, shared = table.get(nested), defaults.get(nested)
        # Fields of one target mean nothing to another, so a table that names its own target inherits none.
        if isinstance(own, Mapping) and isinstance(shared, Mapping) and "target" not in own:
            merged[nested] = {**shared, **own}
    return merged


def _validate(model: Model, where: str) -> None:
    check_name(model.name, where)
    for name in ("records", "labels", "predictions"):
        pattern = getattr(model, name)
        if pattern is not None and not _PATTERN.fullmatch(pattern):
            raise ConfigError(
                f"{where}: {name} = {pattern!r}: write <container>/<pattern>, e.g. incoming/{{model}}/{name}/**"
            )
    if model.layout == "data-collector" and model.predictions is None:
        raise ConfigError(
            f"{where}: layout 'data-collector' needs predictions: the pattern of the model_outputs folder"
        )
    for name, least in _LEAST.items():
        if not getattr(model, name) >= least:
            raise ConfigError(f"{where}: {name} must be at least {least}")
    if not 0 < model.impact_tolerance < 10:
        raise ConfigError(f"{where}: impact_tolerance must be between 0 and 10: 0.1 tolerates a growth of a tenth")
    validate_target(model.dispatch, where)
    validate_receivers(model.alerts, where)
    if model.schedule is not None:
        from driftloop.config.cron import Cron

        Cron.parse(model.schedule, where)
