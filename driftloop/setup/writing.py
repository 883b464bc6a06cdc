"""A model's folder and its entry in `driftloop.toml`, both or neither; what is there stays as it is."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from driftloop.config.document import read_document
from driftloop.config.models import parse
from driftloop.errors import ConfigError, InputError
from driftloop.files.written import folder_beside, signals_held, written_beside
from driftloop.setup.files import NEW_FILE

FOLDER = "models"


def refuse_known(config: Path, name: str) -> None:
    """Raises ConfigError or InputError where the model is there already, in whichever case its name is written."""
    folder = config.parent / FOLDER
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name.casefold() == name.casefold():
                raise InputError(f"{path}: is there already: choose another --name, or remove it first")
    if config.exists():
        models = parse(read_document(config), str(config), sends=False).models
        if any(model.name.casefold() == name.casefold() for model in models):
            raise ConfigError(f"{config}: model {name!r} is in it already: choose another --name")


def with_entry(config: Path, entry: str) -> bytes:
    """The file with one more `[[model]]` at its end, every other byte as it was.

    Raises
    ------
    ConfigError
        Where an entry cannot be appended, as behind `model = [...]`: the line says to write it manually.
    """
    if not config.exists():
        return (NEW_FILE + entry).encode()
    before = _content(config)
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    gap = newline if before.endswith(b"\n") else newline * 2
    after = before + gap + entry.encode().replace(b"\n", newline)
    try:
        parse(tomllib.loads(after.decode()), str(config), sends=False)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{config}: a [[model]] cannot be appended ({error}): write the entry by hand") from None
    return after


def write_model(config: Path, name: str, files: dict[str, str], entry: str) -> Path:
    """Write `models/<name>/` beside `driftloop.toml` and append the model's entry; returns the folder.

    Both are written beside their places and renamed while signals wait, so that whatever stops it leaves neither.

    Raises
    ------
    InputError, ConfigError
        Where either is there already, cannot be written, or was changed by somebody else meanwhile.
    """
    refuse_known(config, name)
    before, content = _content(config), with_entry(config, entry)
    target = config.parent / FOLDER / name
    try:
        with folder_beside(target) as folder, written_beside(config, content) as (listed, place):
            for file, text in files.items():
                (folder / file).write_bytes(text.encode())
            with signals_held():
                if _content(config) != before:
                    raise InputError(f"{config}: was changed meanwhile: run the command again")
                folder.rename(target)
                try:
                    listed.replace(place)
                except OSError:
                    shutil.rmtree(target, ignore_errors=True)
                    raise
    except OSError as error:
        raise InputError(
            f"{target}: cannot be written ({error.strerror or error}): free the place, or choose another --name"
        ) from None
    return target


def _content(config: Path) -> bytes:
    return config.read_bytes() if config.exists() else b""
