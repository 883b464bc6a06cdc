"""Which files are new: patterns over a container, and the watermark that has each record checked once.

Time is the storage service's: a file is placed by its last-modified time, never by this machine's clock. Files may
become visible a little out of order, so everything within OVERLAP before the watermark is looked at again and told
apart by name and ETag. A file that was written again is a new file.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from driftloop.errors import InputError
from driftloop.ledger import Watermark

if TYPE_CHECKING:
    from function_app.storage.accounts import Storage

OVERLAP = timedelta(minutes=15)
LATE_DAYS = 8  # how long after its day a file may still land, where the pattern has dates
APPEND_SETTLE = timedelta(minutes=5)  # an append blob has no last byte: it is whole when nothing was added for so long
_TOKENS = {"{yyyy}": ("%Y", r"\d{4}"), "{MM}": ("%m", r"\d{2}"), "{dd}": ("%d", r"\d{2}"), "{HH}": ("%H", r"\d{2}")}
_PART = re.compile(r"\{yyyy\}|\{MM\}|\{dd\}|\{HH\}|\*\*/|\*\*|\*")


@dataclass(frozen=True, order=True)
class File:
    """One version of one blob."""

    container: str
    name: str
    etag: str
    modified: datetime
    size: int
    appendable: bool = False

    @property
    def path(self) -> str:
        """As the configuration writes it: `<container>/<name>`."""
        return f"{self.container}/{self.name}"

    @property
    def key(self) -> str:
        """16 hexadecimal digits that stand for name and version."""
        return hashlib.sha256(f"{self.path}\0{self.etag}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Selection:
    """The files of one window, oldest first, and those that wait because they may still be written."""

    files: tuple[File, ...]
    waiting: tuple[File, ...]

    @property
    def sha256(self) -> str:
        """The window's identity: which versions of which files; their order does not matter."""
        return hashlib.sha256("\n".join(sorted(file.key for file in self.files)).encode()).hexdigest()


def list_files(
    storage: "Storage", pattern: str, since: datetime | None = None, now: datetime | None = None
) -> Iterator[File]:
    """The files that match `<container>/<pattern>` and are not empty.

    With a date in the pattern only the days from `since` to `now` are listed.

    Raises InputError when the container does not exist: a mistyped path must not look like a quiet feed.
    """
    from azure.core.exceptions import ResourceNotFoundError

    container, _, path = pattern.partition("/")
    wanted = expression(path)
    client = storage.container(container)
    for prefix in prefixes(path, since, now or datetime.now(UTC)):
        try:
            for blob in client.list_blobs(name_starts_with=prefix):
                if wanted.fullmatch(blob.name) and blob.size:
                    yield _file(container, blob)
        except ResourceNotFoundError:
            raise InputError(
                f"container {container!r} does not exist: create it, or mend the pattern {pattern!r} in driftloop.toml"
            ) from None


def _file(container: str, blob: Any) -> File:
    appendable = str(getattr(blob.blob_type, "value", blob.blob_type)) == "AppendBlob"
    return File(container, blob.name, blob.etag.strip('"'), blob.last_modified, blob.size, appendable)


def select(files: Iterable[File], watermark: Watermark, settle: timedelta, now: datetime) -> Selection:
    """What the next window is made of."""
    floor = None if watermark.high is None else watermark.high - overlap(settle)
    chosen: list[File] = []
    waiting: list[File] = []
    for file in files:
        if (floor is not None and file.modified <= floor) or file.key in watermark.seen:
            continue
        patience = max(settle, APPEND_SETTLE) if file.appendable else settle
        (waiting if patience and now - file.modified < patience else chosen).append(file)
    return Selection(tuple(sorted(chosen, key=_order)), tuple(sorted(waiting, key=_order)))


def _order(file: File) -> tuple[datetime, str]:
    return file.modified, file.path


def advanced(watermark: Watermark, taken: Iterable[File], settle: timedelta) -> Watermark:
    """The watermark once `taken` were checked or set aside."""
    taken = list(taken)
    if not taken:
        return watermark
    newest = max(file.modified for file in taken)
    high = newest if watermark.high is None else max(newest, watermark.high)
    seen = {**watermark.seen, **{file.key: file.modified for file in taken}}
    floor = high - overlap(settle)
    return Watermark(high, {key: modified for key, modified in seen.items() if modified > floor})


def marked(watermark: Watermark, taken: Iterable[File]) -> Watermark:
    """The watermark where `taken` are done with, but files beside them of the same time are not: it does not move."""
    return Watermark(watermark.high, {**watermark.seen, **{file.key: file.modified for file in taken}})


def overlap(settle: timedelta) -> timedelta:
    """How far before the watermark files are looked at again: beyond the longest time that one may be left waiting."""
    return max(OVERLAP, 2 * max(settle, APPEND_SETTLE))


def expression(path: str) -> re.Pattern[str]:
    """The regular expression of a pattern: `*` within one folder, `**` across folders, date parts as digits."""
    out, position = [], 0
    for match in _PART.finditer(path):
        out.append(re.escape(path[position : match.start()]))
        token = match.group()
        out.append(_TOKENS[token][1] if token in _TOKENS else {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}[token])
        position = match.end()
    return re.compile("".join(out) + re.escape(path[position:]), re.DOTALL)


def prefixes(path: str, since: datetime | None, now: datetime) -> list[str]:
    """What to list: the text before the first wildcard, once for each day where that text holds a whole date."""
    literal = re.split(r"\*", path, maxsplit=1)[0]
    if since is None or "{dd}" not in literal:
        return [re.split(r"\{", literal, maxsplit=1)[0]]
    literal = literal.split("{HH}", 1)[0]
    first: date = (since - timedelta(days=LATE_DAYS)).astimezone(UTC).date()
    last: date = now.astimezone(UTC).date() + timedelta(days=1)  # clocks may differ
    found = []
    for number in range(max(0, (last - first).days) + 1):
        text = literal
        for token, (form, _) in _TOKENS.items():
            text = text.replace(token, (first + timedelta(days=number)).strftime(form))
        found.append(text)
    return found
