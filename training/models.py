"""`models/`: one folder a model, called like it.

`schema.toml` says what its columns are, `model.toml` how it is trained and judged. `estimator.py` brings an estimator
of its own where the built-in ones do not serve.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from driftloop.config.models import FILE_NAME, declared_reading
from driftloop.data.reading import Reading
from driftloop.data.schema import Schema
from driftloop.errors import ConfigError
from driftloop.validation import nearest
from training import settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "DRIFTLOOP_MODELS"
"""The environment variable that names the folder; where it is not set, it is `models/` beside this package."""
CONFIG = "DRIFTLOOP_CONFIG"
"""The environment variable that names `driftloop.toml`."""
SCHEMA, SETTINGS, ESTIMATOR = "schema.toml", "model.toml", "estimator.py"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""What Azure Machine Learning takes as a model's name; no path leads out of the folder by it."""


@dataclass(frozen=True)
class ModelFolder:
    """One model's name and folder."""

    name: str
    path: Path

    def schema(self) -> Schema:
        """What its columns are, with what is declared about the way its files are written.

        Raises SchemaError, and ConfigError for what `driftloop.toml` declares.
        """
        schema, declared = Schema.load(self.path / SCHEMA), self.reading()
        return schema if declared is None else msgspec.structs.replace(schema, reading=declared)

    def reading(self) -> Reading | None:
        """What `driftloop.toml` declares about the way the model's files are written; None where nothing is.

        The file lies beside `models/`, unless DRIFTLOOP_CONFIG names it as for the function app.
        """
        named = os.environ.get(CONFIG)
        return declared_reading(Path(named) if named else self.path.parents[1] / FILE_NAME, self.name)

    def settings(self) -> settings.Settings:
        """How it is trained and judged. Raises ConfigError."""
        return settings.load(self.path / SETTINGS)

    def table(self) -> Path | None:
        """The table that `make run` makes its world from, as `[laptop] data` names it; None where it names none."""
        data = self.settings().laptop.data
        return self.path / data if data else None


def folder() -> Path:
    """Where the models' folders are."""
    named = os.environ.get(FOLDER)
    return Path(named).absolute() if named else ROOT / "models"


def names() -> list[str]:
    """Every model that has a folder, in order. Raises ConfigError for two that differ in upper and lower case alone:
    endpoints and some file systems do not tell them apart.
    """
    found = sorted(path.parent.name for path in folder().glob(f"*/{SETTINGS}") if NAME.fullmatch(path.parent.name))
    seen: dict[str, str] = {}
    for name in found:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ConfigError(f"models/{other} and models/{name} are one name to an endpoint: rename one")
    return found


def only() -> ModelFolder:
    """The one model of a snapshot. Raises ConfigError where there are several, or none."""
    known = names()
    if len(known) != 1:
        raise ConfigError(f"models/ holds {len(known)} models, one is expected: deploy the model again")
    return find(known[0])


def find(name: str) -> ModelFolder:
    """The folder of the model `name`. Raises ConfigError for a name that no model has, with those that there are."""
    known = names()
    if name not in known:
        shown = repr(name) if NAME.fullmatch(name) else "the name that was given"
        raise ConfigError(f"no model is called {shown}: models/ has no such folder{nearest(name, known)}")
    return ModelFolder(name, folder() / name)
