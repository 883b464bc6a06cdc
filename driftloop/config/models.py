"""`driftloop.toml`: which models are watched, where their data lies, and what a drift of theirs starts.

`${NAME}` in any text stands for the environment variable NAME, `${NAME:-text}` for NAME or, where it is not set, the
text; `{model}` in a pattern for the model's name. A table `[defaults]` holds what all models share. Everything is
validated when the file is read, so that a mistake is one line at the start and not a surprise at the first drift.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from driftloop.errors import ConfigError

if TYPE_CHECKING:
    from driftloop.config.policy import Policy

FILE_NAME = "driftloop.toml"
CONTAINER = r"[a-z0-9](?:-?[a-z0-9]){2,62}"
"""The name of a blob container, as Azure Storage takes it."""
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_MODEL_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,253}"
)  # what Azure ML takes as a model's name; safe in a path and as a table key


class GitHubTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="github"):
    """`repository_dispatch` on github.com or, by `api_url`, on a GitHub Enterprise Server."""

    repository: str
    api_url: str = "https://api.github.com"


class AzureDevOpsTarget(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="azure-devops"
):
    """A run of an Azure DevOps pipeline; `pipeline` is its number, `branch` the one that it runs on."""

    organization: str
    project: str
    pipeline: int
    branch: str = "main"
    api_url: str = "https://dev.azure.com"


class DryRunTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="dry-run"):
    """Everything but the request: for the first days, until the verdicts are trusted."""


Target = GitHubTarget | AzureDevOpsTarget | DryRunTarget


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One watched model.

    `records`, `labels` and `predictions` are `<container>/<pattern>`: `*` stands for anything within one folder, `**`
    for any folders, `{yyyy} {MM} {dd} {HH}` for parts of a date in UTC (then only the days since the watermark are
    listed). `schema` is for the command line; the function app reads with the baseline's own. `policy` holds the
    fields of `driftloop.Policy`. `labels_required` labelled records of the new regime are awaited before a retrain
    starts. `schedule` (six-field cron, UTC) is for a model that is checked less often than the timer ticks.
    `settle_seconds`: a younger file may still be written and waits for the next check. A retrain that fails is tried
    `max_attempts` times in all, and after one has ended the next waits for `cooldown_hours`.
    """

    name: str
    records: str = "incoming/{model}/records/**"
    labels: str = "incoming/{model}/labels/**"
    predictions: str | None = None
    layout: Literal["files", "data-collector"] = "files"
    schema: str | None = None
    schedule: str | None = None
    policy: dict[str, Any] = {}
    labels_required: int = 100
    cooldown_hours: float = 24.0
    max_attempts: int = 3
    settle_seconds: float = 0.0
    dispatch: Target = DryRunTarget()


class Config(msgspec.Struct, frozen=True):
    """All of `driftloop.toml`."""

    models: tuple[Model, ...]

    def model(self, name: str) -> Model:
        """The model of that name. Raises ConfigError when it is not watched."""
        for model in self.models:
            if model.name == name:
                return model
        raise ConfigError(
            f"model {name!r} is not in {FILE_NAME}: add a [[model]] with this name, or check the spelling"
        )


def policy_of(model: Model, where: str = FILE_NAME) -> "Policy":
    """The model's `policy` table as the engine takes it. Raises ConfigError."""
    from driftloop.config.policy import Policy

    try:
        return msgspec.convert(model.policy, Policy)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: policy of model {model.name}: {error}") from None


def load(path: Path | str, environ: Mapping[str, str] = os.environ) -> Config:
    """Reads and validates `path`. Raises ConfigError, one line that says what to mend."""
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}): set DRIFTLOOP_CONFIG to where {FILE_NAME} lies"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return parse(document, str(path), environ)


def parse(document: Mapping[str, Any], where: str = FILE_NAME, environ: Mapping[str, str] = os.environ) -> Config:
    """The same for a document that is already decoded; `where` names it in errors."""
    unknown = set(document) - {"model", "defaults"}
    if unknown:
        raise ConfigError(f"{where}: unknown table {sorted(unknown)[0]!r}: only [defaults] and [[model]] are known")
    tables, defaults = document.get("model", []), document.get("defaults", {})
    if not isinstance(tables, list) or not tables:
        raise ConfigError(f"{where}: no [[model]]: add one for each model to watch")
    if not isinstance(defaults, Mapping):
        raise ConfigError(f"{where}: [defaults] must be a table")
    models = tuple(
        _model(table, defaults, f"{where}: model {number}", environ) for number, table in enumerate(tables, 1)
    )
    # Table Storage compares keys with case, blob names too, but people do not: two names that differ only there are a
    # mistake.
    seen: set[str] = set()
    for model in models:
        if model.name.casefold() in seen:
            raise ConfigError(f"{where}: two models are named {model.name!r}: each name is watched once")
        seen.add(model.name.casefold())
    return Config(models)


def _model(table: Any, defaults: Mapping[str, Any], where: str, environ: Mapping[str, str]) -> Model:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: must be a table")
    merged = {**defaults, **table}
    for nested in ("policy", "dispatch"):
        own, shared = table.get(nested), defaults.get(nested)
        # Fields of one target mean nothing to another, so a table that names its own target inherits none.
        if isinstance(own, Mapping) and isinstance(shared, Mapping) and "target" not in own:
            merged[nested] = {**shared, **own}
    if isinstance(table.get("name"), str):
        where = f"{where} ({table['name']})"
    try:
        model = msgspec.convert(_filled(merged, where, environ), Model)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from None
    _validate(model, where)
    patterns = {name: getattr(model, name) for name in ("records", "labels", "predictions")}
    named = {name: text.replace("{model}", model.name) for name, text in patterns.items() if text is not None}
    return msgspec.structs.replace(model, **named)


def _filled(value: Any, where: str, environ: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item, where, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, where, environ) for item in value]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        found = environ.get(match["name"]) or match["default"]
        if found is None:
            raise ConfigError(
                f"{where}: ${{{match['name']}}} is not set: add {match['name']} to the application settings, or "
                "write the value itself"
            )
        return found

    return _VARIABLE.sub(variable, value)


def _validate(model: Model, where: str) -> None:
    if not _MODEL_NAME.fullmatch(model.name):
        raise ConfigError(
            f"{where}: name {model.name!r}: use letters, digits, '-', '_' and '.', as Azure Machine Learning does"
        )
    for name in ("records", "labels", "predictions"):
        pattern = getattr(model, name)
        if pattern is not None and not re.fullmatch(f"{CONTAINER}/.+", pattern):
            raise ConfigError(
                f"{where}: {name} = {pattern!r}: write <container>/<pattern>, e.g. incoming/{{model}}/{name}/**"
            )
    if model.layout == "data-collector" and model.predictions is None:
        raise ConfigError(
            f"{where}: layout 'data-collector' needs predictions: the pattern of the model_outputs folder"
        )
    for name, least in (("labels_required", 0), ("cooldown_hours", 0), ("max_attempts", 1), ("settle_seconds", 0)):
        if not getattr(model, name) >= least:
            raise ConfigError(f"{where}: {name} must be at least {least}")
    policy_of(model, where)
    if isinstance(model.dispatch, GitHubTarget) and not re.fullmatch(
        r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", model.dispatch.repository
    ):
        raise ConfigError(f"{where}: dispatch.repository = {model.dispatch.repository!r}: write owner/name")
    if isinstance(model.dispatch, GitHubTarget | AzureDevOpsTarget) and not model.dispatch.api_url.startswith(
        ("https://", "http://127.0.0.1", "http://localhost")
    ):
        raise ConfigError(
            f"{where}: dispatch.api_url = {model.dispatch.api_url!r}: must start with https:// (a token is sent there)"
        )
    if model.schedule is not None:
        from driftloop.config.cron import Cron

        Cron.parse(model.schedule, where)
