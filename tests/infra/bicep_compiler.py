"""The Bicep compiler, where the machine has it, and what is asked of it: lint, format, and snapshots of deployments.

`python -m tests.infra.bicep_compiler` (make snapshots) writes the snapshots anew; with `check` it says what is wrong.
Standard library only: the workflow provision runs it without setting anything up.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
DEPLOYMENTS = Path(__file__).resolve().parent / "deployments"
VERSION = "0.49.2"  # another one may format otherwise, and knows other types; provision.yml installs the same
HOW_TO_GET_ONE = (
    f"no Bicep {VERSION}: `az bicep install --version v{VERSION}`, or name one in BICEP "
    "(https://github.com/Azure/bicep/releases)"
)
# A made-up place: names and ids derive from it, so it must be the same on every machine.
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
_PLACE = (
    *("--subscription-id", SUBSCRIPTION, "--tenant-id", "00000000-0000-0000-0000-000000000002"),
    *("--resource-group", "rg-driftloop", "--location", "westeurope", "--deployment-name", "driftloop"),
)
# What main.bicepparam must find in the environment.
ENVIRONMENT = {
    "AZURE_ENV_NAME": "prod",
    "AZURE_LOCATION": "westeurope",
    "DRIFTLOOP_REPOSITORY": "contoso/driftloop",
}


@functools.cache
def find() -> str | None:
    """The compiler of the snapshots' version: BICEP, PATH, az's own copy, or a copy beside the repository."""
    azure = Path(os.environ.get("AZURE_CONFIG_DIR", "~/.azure")).expanduser()
    beside = ROOT.parent / "shared" / "tools" / "bicep"
    for program in (os.environ.get("BICEP"), "bicep", str(azure / "bin" / "bicep"), str(beside)):
        found = shutil.which(program) if program else None
        if found and re.search(rf"\b{re.escape(VERSION)}\b", _run(found, "--version")[1]):
            return found
    return None


def bicep(*arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code, and all that it says. A warning leaves the exit code 0, so who calls must look at the text."""
    compiler = find()
    if compiler is None:
        raise SystemExit(HOW_TO_GET_ONE)
    return _run(compiler, *arguments, **environment)


def deployments() -> list[Path]:
    return sorted(DEPLOYMENTS.glob("*.bicepparam"))


def snapshot(parameters: Path, mode: str, **environment: str) -> str:
    """Empty when it was written, or when it is what the template gives; else what differs or what is wrong."""
    code, said = bicep("snapshot", str(parameters), "--mode", mode, *_PLACE, **environment)
    return said if code or said.strip() else ""


def _run(program: str, *arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout + done.stderr


def unformatted() -> list[str]:
    """Files that Bicep's formatter would write otherwise; it is let loose on a copy, because that takes two calls."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        for pattern in ("**/*.bicep", "**/*.bicepparam"):
            bicep("format", "--pattern", f"{copy}/{pattern}")
        files = sorted(path for path in copy.rglob("*.bicep*") if path.suffix in {".bicep", ".bicepparam"})
        names = [path.relative_to(copy) for path in files]
        return [str(name) for name in names if (copy / name).read_bytes() != (ROOT / name).read_bytes()]


def copied(folder: Path) -> Path:
    """The templates and the deployments beside them, below `folder` as they lie in the repository."""
    shutil.copytree(INFRA, folder / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", folder / "requirements")  # a template reads the version of Python there
    shutil.copytree(DEPLOYMENTS, folder / DEPLOYMENTS.relative_to(ROOT))
    return folder


def findings() -> Iterator[str]:
    """All that compiler, linter, formatter and snapshots have to say."""
    said = bicep("lint", "--pattern", f"{INFRA}/*.bicep")[1]
    said += bicep("lint", str(INFRA / "main.bicepparam"), **ENVIRONMENT)[1]
    yield from said.splitlines()
    yield from (f"{name} is not formatted: bicep format {name}" for name in unformatted())
    for parameters in deployments():
        if difference := snapshot(parameters, "validate"):
            yield f"{parameters.stem}: make snapshots writes it anew\n{difference}"


def main(arguments: Sequence[str]) -> int:
    """`check` prints what is wrong; without it the snapshots are written."""
    if list(arguments) == ["check"]:
        found = list(findings())
        sys.stdout.write("\n".join(found) + "\n" if found else f"Bicep {VERSION} finds nothing\n")
        return 1 if found else 0
    for parameters in deployments():
        if said := snapshot(parameters, "overwrite"):
            sys.stderr.write(said)
            return 1
        file = parameters.with_suffix(".snapshot.json")
        # Outputs come in another order each time; sorted, a difference shows what changed and no more.
        written = json.loads(file.read_text(encoding="utf-8"))
        written["outputs"] = dict(sorted(written["outputs"].items()))
        file.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
