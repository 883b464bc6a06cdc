"""What a command and its worker processes say to each other: length-prefixed MessagePack, nothing pickled."""

from __future__ import annotations

import struct
from typing import IO, TypeVar

import msgspec

from driftloop.data.readers.sources import Part
from driftloop.parts.recipe import Recipe

T = TypeVar("T")
LENGTH = struct.Struct("<I")


class PartRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a source by its path or URL."""

    name: str
    content: str
    format: str
    compression: str | None = None
    constants: dict[str, str | None] = {}
    is_one_of_many: bool = False
    row_groups: tuple[int, int] | None = None
    stamp: tuple[int, int] | None = None

    @classmethod
    def of(cls, part: Part) -> PartRef:
        """That of a part that is no open file."""
        return cls(**{name: getattr(part, name) for name in cls.__struct_fields__})

    def part(self) -> Part:
        """The part itself."""
        return Part(**msgspec.structs.asdict(self))


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first message to a worker: how to read, and where to put what was read."""

    folder: str
    recipe: Recipe


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part to read into the cache."""

    key: str
    part: PartRef


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rows that were read since the last answer; the end of a task, or why there is none."""

    rows: int = 0
    done: bool = False
    error: str | None = None
    kind: str = ""
    """Name of the error's class; empty for a crash, of which `error` is the traceback."""


def send(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Write one message. Raises OSError where the other end is gone."""
    content = msgspec.msgpack.encode(message)
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


def receive(stream: IO[bytes], kind: type[T]) -> T | None:
    """Read one message; None at the end of the stream."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    content = stream.read(LENGTH.unpack(head)[0])
    return msgspec.msgpack.decode(content, type=kind)
