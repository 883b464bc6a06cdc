"""The watermark: which of the files that are there are new, so that each is checked once.

Time is the storage service's: a file is placed by its last-modified time, never by this machine's clock. Files may
become visible out of order, so those that were read are remembered one by one, by name and ETag. At least all of the
last OVERLAP are remembered, and the newest REMEMBERED of all. What is not among them and newer than the oldest of them
is new. What is older counts as read, and is named where it never was (`function_app.incoming.stragglers`). A file that
was written again is a new file. One with the content of a file that was read is a copy, and is read once.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from driftloop.ledger.model_state import Watermark
from function_app.incoming.sources import File
from function_app.incoming.stragglers import forgotten, stragglers, with_more

OVERLAP = timedelta(minutes=15)  # at least: longer than any delay of a listing that was seen
APPEND_SETTLE = timedelta(minutes=5)  # an append blob has no last byte: it is whole when nothing was added for so long
REMEMBERED = 2_000  # files: one an hour for twelve weeks, in 40 kB of the state's row
CONTENTS = 1_000  # hashes of content: 20 kB of the row
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Selection:
    """The files of one window, oldest first, and those that wait because they may still be written.

    `stragglers`: sentences about files that count as read and never were. `watermark`: the one that was given, with
    what is there of the files below its floor.
    """

    files: tuple[File, ...]
    waiting: tuple[File, ...]
    watermark: Watermark = field(default_factory=Watermark)
    stragglers: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The window's identity: which versions of which files; their order does not matter."""
        return hashlib.sha256("\n".join(sorted(file.key for file in self.files)).encode()).hexdigest()


def select(files: Iterable[File], watermark: Watermark, settle: timedelta, now: datetime) -> Selection:
    """What the next window is made of.

    Parameters
    ----------
    files : Iterable[File]
        All that are there, read or not.
    settle : timedelta
        A file that was written so shortly before `now` may still be written: it waits.
    """
    floor = _floor(watermark, settle)
    chosen: list[File] = []
    waiting: list[File] = []
    below: list[File] = []
    for file in files:
        if floor is not None and file.modified <= floor:
            below.append(file)
            continue
        if file.key in watermark.seen:
            continue
        patience = max(settle, APPEND_SETTLE) if file.appendable else settle
        (waiting if patience and now - file.modified < patience else chosen).append(file)
    return Selection(
        tuple(sorted(chosen, key=_order)),
        tuple(sorted(waiting, key=_order)),
        msgspec.structs.replace(watermark, forgotten=forgotten(below)),
        () if watermark.forgotten is None else stragglers(watermark.forgotten, below),
    )


def advanced(
    watermark: Watermark, taken: Iterable[File], settle: timedelta, contents: Mapping[str, datetime] | None = None
) -> Watermark:
    """The watermark once `taken` were checked or set aside.

    Parameters
    ----------
    taken : Iterable[File]
        Files that were checked or set aside.
    settle : timedelta
        How long a file may still be written.
    contents : Mapping[str, datetime] | None
        Hashes of what was read, and when.

    Returns
    -------
    Watermark
        The same watermark where nothing was taken.
    """
    taken = list(taken)
    if not taken:
        return watermark
    newest = max(file.modified for file in taken)
    high = newest if watermark.high is None else max(newest, watermark.high)
    near = high - overlap(settle)
    seen = {**watermark.seen, **{file.key: file.modified for file in taken}}
    by_age = sorted(seen.items(), key=lambda entry: entry[1], reverse=True)
    kept = [entry for number, entry in enumerate(by_age) if number < REMEMBERED or entry[1] > near]
    floor = _floor(watermark, settle) or BEGINNING
    if forgotten := by_age[len(kept) :]:
        floor = max(floor, forgotten[0][1])
    remembered = {key: at for key, at in kept if at > floor}
    gone = with_more(watermark.forgotten or {}, ((key, at) for key, at in seen.items() if key not in remembered))
    read = sorted({**watermark.contents, **(contents or {})}.items(), key=lambda entry: entry[1], reverse=True)
    return Watermark(high, remembered, floor, dict(read[:CONTENTS]), gone)


def marked(watermark: Watermark, taken: Iterable[File]) -> Watermark:
    """The watermark where `taken` are done with, but files beside them of the same time are not: it does not move."""
    seen = {**watermark.seen, **{file.key: file.modified for file in taken}}
    return msgspec.structs.replace(watermark, seen=seen)


def overlap(settle: timedelta) -> timedelta:
    """How far before the watermark every file is remembered. It is twice as long as one may be left waiting, because it
    may have become visible as late as that.
    """
    return max(OVERLAP, 2 * max(settle, APPEND_SETTLE))


def _floor(watermark: Watermark, settle: timedelta) -> datetime | None:
    """Files as old as this, or older, count as read. Rows of older versions say so by `high` alone."""
    if watermark.floor is not None or watermark.high is None:
        return watermark.floor
    return watermark.high - overlap(settle)


def _order(file: File) -> tuple[datetime, str]:
    return file.modified, file.path
