"""Which files are there: patterns over a container, and what the service says of each file that matches."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from driftloop.errors import InputError

if TYPE_CHECKING:
    from function_app.storage.accounts import Storage

LATE_DAYS = 8  # how long after its day a file may still land, where the pattern has dates
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
    md5: str = ""  # of the content, where the service knows it

    @property
    def path(self) -> str:
        """As the configuration writes it: `<container>/<name>`."""
        return f"{self.container}/{self.name}"

    @property
    def key(self) -> str:
        """16 hexadecimal digits that stand for name and version."""
        return hashlib.sha256(f"{self.path}\0{self.etag}".encode()).hexdigest()[:16]


def list_files(
    storage: "Storage", pattern: str, since: datetime | None = None, now: datetime | None = None
) -> Iterator[File]:
    """The files that match `<container>/<pattern>` and are not empty.

    With a date in the pattern only the days from `since` to `now` are listed.

    Parameters
    ----------
    pattern : str
        `<container>/<path>` with `*`, `**` and parts of a date.
    since : datetime | None
        Where the pattern has dates: from how many days before this on is listed.
    now : datetime | None
        Until when; the clock where it is not given.

    Returns
    -------
    Iterator[File]
        One entry a blob, in the order of the listing.

    Raises
    ------
    InputError
        There is no such container: a mistyped path must not look like a quiet feed.
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
    md5 = bytes(blob.content_settings.content_md5 or b"").hex()
    return File(container, blob.name, blob.etag.strip('"'), blob.last_modified, blob.size, appendable, md5)


def expression(path: str) -> re.Pattern[str]:
    """The regular expression of a pattern: `*` within one folder, `**` across folders, date parts as digits."""
    out, position = [], 0
    for match in _PART.finditer(path):
        out.append(re.escape(path[position : match.start()]))
        token = match.group()
        out.append(_TOKENS[token][1] if token in _TOKENS else {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}[token])
        position = match.end()
    return re.compile("".join(out) + re.escape(path[position:]), re.DOTALL)


def prefixes(path: str, since: datetime | None = None, now: datetime | None = None) -> list[str]:
    """What to list: the text before the first wildcard, once for each day where that text holds a whole date."""
    literal = re.split(r"\*", path, maxsplit=1)[0]
    if since is None or now is None or "{dd}" not in literal:
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
