"""How the parts of a source are read, so that each part's profile is that of the whole source restricted to it."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from driftloop.data.canonical.decisions import Decision
from driftloop.data.reading import Reading
from driftloop.data.schema import Schema
from driftloop.profile.saving.parquet_format import VERSION

COUNTED = 1
"""Of what is counted and how. Raise it with any change that gives other profiles of the same rows. Then no cached part
of an older version is merged with those of a newer one.
"""


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a part's profile depends on, apart from the part itself."""

    schema: Schema
    decisions: dict[str, Decision]
    """How columns are written: taken from the beginning of the source, once."""
    roles: tuple[str, ...] = ()
    """Of the columns that must hold something that can be read."""
    reading: Reading | None = None
    where: str = ""
    """The source's name, for errors."""

    @property
    def key(self) -> str:
        """A hash of it, the source's name left out."""
        plain = msgspec.structs.replace(self, where="")
        return sha256(b"%d %d " % (COUNTED, VERSION) + msgspec.msgpack.encode(plain, order="deterministic")).hexdigest()
