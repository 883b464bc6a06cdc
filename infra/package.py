"""Builds the function app's deployment package: what git knows and .funcignore lets through, and dependencies.

    python -m infra.package package.zip
    python -m infra.package --dependencies      only installs them beside the app, for `azd`, which zips by itself

Dependencies are installed here, by hash, and not by Azure: a remote build has 60 seconds and may find other versions.
The same commit gives the same bytes. Needs git and pip; run it with Python 3.11 or 3.12, on any system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SITE_PACKAGES = ".python_packages/lib/site-packages"  # where the Functions worker looks
_LINUX = ("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64")
# The Python that the app runs on (infra/modules/function-app.bicep reads the same file).
_VERSION_FILE = ROOT / "requirements" / "deployed-python-version"
# pip takes wheels for another Python, but judges markers by the one that it runs on: outside of what the lock is for,
# it would leave out every package and call that a success.
LOCKED = ((3, 11), (3, 12))
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def files(root: Path = ROOT) -> list[str]:
    """Paths of the app's own files, relative to `root`. Raises CalledProcessError outside of a git repository."""
    known = _git(root, "ls-files", "--cached")
    excluded = _git(root, "ls-files", "--cached", "--ignored", "--exclude-from=.funcignore")
    return sorted(set(known) - set(excluded))


def install(target: Path, root: Path = ROOT) -> None:
    """The dependencies for the system and the Python that Flex Consumption runs, whatever these ones are."""
    version = _VERSION_FILE.read_text(encoding="utf-8").strip()
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *("--require-hashes", "--no-deps", "--only-binary", ":all:", *_LINUX, "--python-version", version),
            *("--target", str(target), "--requirement", str(root / "requirements.txt")),
        ],
        check=True,
    )


def write(package: Path, own: list[str], dependencies: Path, root: Path = ROOT) -> None:
    """The zip file, entries in order and without dates."""
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in own:
            _add(archive, name, root / name)
        for name, path in _tree(dependencies):
            _add(archive, f"{SITE_PACKAGES}/{name}", path)


def _tree(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = zipfile.ZipInfo(name, _TIMESTAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, path.read_bytes())


def _git(root: Path, *command: str) -> list[str]:
    done = subprocess.run(["git", *command, "-z"], cwd=root, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


def main() -> int:
    """Writes the package named on the command line."""
    if len(sys.argv) != 2 or sys.argv[1] in {"-h", "--help"}:
        sys.stderr.write("usage: python -m infra.package PACKAGE.zip | --dependencies\n")
        return 2
    if sys.version_info[:2] not in LOCKED:
        sys.stderr.write(f"{sys.executable} is Python {sys.version.split()[0]}: run this with Python 3.11 or 3.12, ")
        sys.stderr.write("for which requirements.txt lists packages\n")
        return 2
    if sys.argv[1] == "--dependencies":
        shutil.rmtree(ROOT / SITE_PACKAGES, ignore_errors=True)  # pip leaves what an earlier pin left there
        install(ROOT / SITE_PACKAGES)
        return 0
    package = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        write(package, files(), Path(folder))
    sys.stdout.write(f"{package}: {package.stat().st_size / 1e6:.0f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
