"""The code that goes to Azure: `training/` and `driftloop/` alone, so that editing a page of documentation does not
rerun a step.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("driftloop", "training")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")


def write(folder: Path) -> Path:
    """Copy the packages into `folder`, which becomes the working directory of steps and endpoint."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=LEFT_OUT, dirs_exist_ok=True)
    return folder
