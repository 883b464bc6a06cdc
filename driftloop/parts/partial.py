"""What is kept of one part of a source: its profile, what could not be read in it, and what reading it had to say."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from driftloop.data.readable import Unreadable
from driftloop.errors import BaselineError
from driftloop.profile.contents import Contents
from driftloop.profile.saving.parquet_format import profile_from_bytes, profile_to_bytes
from driftloop.sequential.label_counter import merged_labels
from driftloop.sequential.label_shift import LabelSummary

MOST_NOTES = 100
"""Notes that are kept of a part: five times what is ever shown."""


class _Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profile: bytes
    unreadable: Unreadable
    notes: tuple[str, ...]
    labels: LabelSummary | None


@dataclass(frozen=True)
class Partial:
    """A part of a source as far as a profile of the whole needs it."""

    contents: Contents
    unreadable: Unreadable
    notes: tuple[str, ...] = ()
    labels: LabelSummary | None = None
    """Of the target, where there is one; sums of labels may differ in their last bit by the order of parts."""

    def merge(self, other: Partial) -> Partial:
        """Both parts together, to the last bit as if they had been one; the notes in this order."""
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))[:MOST_NOTES]
        labels = merged_labels(self.labels, other.labels)
        return Partial(self.contents.merge(other.contents), self.unreadable.merge(other.unreadable), notes, labels)

    def to_bytes(self) -> bytes:
        """For a file or a message; `from_bytes` reads it."""
        saved = _Saved(profile_to_bytes(self.contents), self.unreadable, self.notes, self.labels)
        return msgspec.msgpack.encode(saved)

    @classmethod
    def from_bytes(cls, content: bytes) -> Partial:
        """What `to_bytes` gave. Raises BaselineError for anything else."""
        try:
            saved = msgspec.msgpack.decode(content, type=_Saved)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BaselineError(f"not a part's profile ({type(error).__name__})") from None
        return cls(profile_from_bytes(saved.profile), saved.unreadable, saved.notes, saved.labels)
