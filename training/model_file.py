"""A model's folder: `model.skops`, loaded without ever running code from it, and the schema beside it."""

import zipfile
from pathlib import Path
from typing import Any

from driftloop.data.schema import Schema
from driftloop.errors import InputError

MODEL, SCHEMA, METRICS, BASELINE, CARD, SMOKE = (
    "model.skops",
    "schema.json",
    "metrics.json",
    "baseline.parquet",
    "model_card.md",
    "smoke.json",
)
# What `training.candidates` builds, beyond skops' own list. Anything else in a file is refused.
TRUSTED = ["numpy.dtype", "sklearn.tree._tree.Tree"]


def save(folder: Path, model: Any, schema: Schema) -> None:
    """Write the model and its schema."""
    import skops.io

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, folder / MODEL, compression=zipfile.ZIP_DEFLATED)
    (folder / SCHEMA).write_bytes(schema.to_json())


def load(folder: Path) -> tuple[Any, Schema]:
    """The model and its schema. Raises InputError when they are missing, damaged, or hold types that this code never
    saved.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    path = find(folder, MODEL)
    try:
        model = skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise InputError(f"{MODEL} holds types that no training step saves, so it was not loaded: {error}") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{MODEL} in {folder.name!r} cannot be loaded ({error})") from error
    return model, Schema.load(find(folder, SCHEMA))


def find(folder: Path, name: str) -> Path:
    """The file in the folder, or in one below it: Azure ML mounts a registered model with or without its own folder's
    name.
    """
    direct = folder / name
    if direct.exists():
        return direct
    below = sorted(folder.rglob(name))
    if not below:
        raise InputError(f"the model's folder {folder.name!r} holds no {name}: register the model again")
    return below[0]
