"""How the columns of a source are written, from its first rows: read once, and known again by its first files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec

from driftloop.data.canonical.batches import decide
from driftloop.data.canonical.decisions import Decision
from driftloop.data.readers.sources import Part
from driftloop.data.readers.stream import head_of
from driftloop.data.reading import ReadNotes
from driftloop.parts.cache import PartCache
from driftloop.parts.identity import identity_of
from driftloop.parts.recipe import COUNTED, Recipe


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    looked_at: tuple[str, ...]
    """Identities of the files whose rows were looked at."""
    decisions: dict[str, Decision]
    notes: tuple[str, ...]


def decide_once(parts: Sequence[Part], recipe: Recipe, notes: ReadNotes, cache: PartCache) -> dict[str, Decision]:
    """How columns are written. Raises InputError where one can be read in two ways."""
    key = sha256(msgspec.msgpack.encode((COUNTED, identity_of(parts[0]), recipe.schema, recipe.reading))).hexdigest()
    head = _known(key, parts, cache) or _looked_up(key, parts, recipe, cache)
    for note in head.notes:
        notes.add(note)
    return head.decisions


def _known(key: str, parts: Sequence[Part], cache: PartCache) -> _Head | None:
    content = cache.content(key)
    if content is None:
        return None
    try:
        head = msgspec.msgpack.decode(content, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    now = tuple(identity_of(part) for part in parts[: len(head.looked_at)])
    return head if now == head.looked_at else None


def _looked_up(key: str, parts: Sequence[Part], recipe: Recipe, cache: PartCache) -> _Head:
    looked_at: list[str] = []

    def one_by_one() -> Iterator[Part]:
        for part in parts:
            looked_at.append(identity_of(part))
            yield part

    own = ReadNotes()
    # What reading itself has to say is said again, and kept, where the parts are read.
    decisions = decide(
        head_of(one_by_one(), recipe.schema, recipe.reading), recipe.schema, own, recipe.where, recipe.reading
    )
    head = _Head(tuple(looked_at), decisions, own.lines)
    cache.keep(key, msgspec.msgpack.encode(head))
    return head
