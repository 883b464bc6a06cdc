"""A monitor as one file: JSON with its version and the hash of its content. Nothing in it is ever executed."""

from __future__ import annotations

import zlib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.policy import Policy
from driftloop.data.schema import Schema
from driftloop.errors import DriftloopError, InputError
from driftloop.files.written import write_whole
from driftloop.monitor.history import HistoryRow
from driftloop.profile.window import Baseline, Window
from driftloop.sequential.evidence import Evidence, fits
from driftloop.sides.settings import Roles

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "driftloop monitor"
VERSION = 1


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a monitor is made of. `baseline` and `waiting` are profiles as `to_bytes` gives them.

    `schema`, `roles`: what the caller said of the reference's columns, for the next reference. `notes`, `grounds`: what
    reading the reference had to say. `forgotten`: checks that are no longer in the history.
    """

    policy: Policy
    schema: Schema | None
    roles: Roles
    baseline: bytes
    notes: tuple[str, ...]
    grounds: dict[str, str]
    evidence: Evidence
    waiting: tuple[bytes, ...]
    history: tuple[HistoryRow, ...]
    forgotten: int


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    sha256: str = ""
    state: msgspec.Raw = msgspec.Raw(b"null")


def save_state(state: State, path: Path) -> None:
    """Write the file beside its place and rename it. Raises InputError with the old file still in place."""
    content = msgspec.json.encode(state)
    whole = _File(FORMAT, VERSION, sha256(content).hexdigest(), msgspec.Raw(content))
    write_whole(path, msgspec.json.encode(whole) + b"\n")


def load_state(path: Path) -> tuple[State, Baseline, Sequence[Window]]:
    """The state in a file, its baseline, and the windows that wait. Raises InputError for any other file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}): name a saved monitor") from None
    state = _state(content, path)
    try:
        baseline = Baseline.from_bytes(state.baseline)
        waiting = [Window.from_bytes(each) for each in state.waiting]
        usable = baseline.rows and fits(state.evidence, baseline)
    except (DriftloopError, ValueError, zlib.error):
        usable = False
    if not usable or any(window.schema.features != baseline.schema.features for window in waiting):
        raise InputError(f"{path}: its baseline, evidence and windows do not belong together: {_REMEDY}")
    return state, baseline, waiting


_REMEDY = "load an older copy, or begin a new Monitor"


def _state(content: bytes, path: Path) -> State:
    try:
        whole = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InputError(f"{path}: not a saved monitor, or damaged: {_REMEDY}") from None
    if whole.format != FORMAT:
        raise InputError(f"{path}: not a saved monitor: name a file that Monitor.save wrote")
    if whole.version < 1:
        raise InputError(f"{path}: version {whole.version} was never written: the file is damaged: {_REMEDY}")
    if whole.version > VERSION:
        raise InputError(
            f"{path}: version {whole.version} is newer than this driftloop reads ({VERSION}): update driftloop"
        )
    if sha256(bytes(whole.state)).hexdigest() != whole.sha256:
        raise InputError(f"{path}: damaged, its content does not have the hash that it was saved with: {_REMEDY}")
    try:
        return msgspec.json.decode(whole.state, type=State)
    except (msgspec.DecodeError, DriftloopError, UnicodeDecodeError, RecursionError) as error:
        said = str(error).splitlines()[0][:200]
        raise InputError(f"{path}: not the content of a saved monitor ({said}): {_REMEDY}") from None
