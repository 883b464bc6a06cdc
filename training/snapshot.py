"""The code that goes to Azure: `training/`, `driftloop/` and the model's own folder alone. So editing a page of
documentation or another model does not rerun a step.

Of `driftloop.toml` goes what the model declares about the way its files are written: the steps read the same files as
the function app.
"""

import json
import shutil
from pathlib import Path

import msgspec

from driftloop.config.models import FILE_NAME
from training import models

PACKAGES = ("driftloop", "training")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")


def write(folder: Path, model: str) -> Path:
    """Copy the packages and the model's folder into `folder`, which becomes the working directory of steps and
    endpoint. The table that the laptop's world is made from stays behind.

    Raises ConfigError where no model has that name.
    """
    found = models.find(model)
    for package in PACKAGES:
        shutil.copytree(models.ROOT / package, folder / package, ignore=LEFT_OUT, dirs_exist_ok=True)
    table = found.table()

    def left_out(where: str, names: list[str]) -> set[str]:
        return LEFT_OUT(where, names) | {name for name in names if table is not None and table == Path(where) / name}

    shutil.copytree(found.path, folder / "models" / model, ignore=left_out, dirs_exist_ok=True)
    declared = found.reading()
    if declared is not None:
        lines = (f"{name} = {json.dumps(value)}" for name, value in msgspec.to_builtins(declared).items())
        text = "\n".join(["[[model]]", f"name = {json.dumps(model)}", "[model.reading]", *lines, ""])
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder
