"""HTTP/1.1 messages as a proxy needs them: the head, and how far the body reaches; bodies pass in pieces."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

PIECE = 256 * 1024  # bytes of a body that are held at a time
LARGEST_HEAD = 64 * 1024  # what asyncio's readers hold until a separator comes: the limit of Node's servers is 16 KiB


@dataclass(frozen=True)
class Head:
    """The first line and the headers, as they came and as a dictionary with lower-case names."""

    raw: bytes
    first: tuple[str, str, str]
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """Of a request, decoded and without its query."""
        return unquote(urlsplit(self.first[1]).path)

    @property
    def query(self) -> dict[str, str]:
        """Of a request."""
        return dict(parse_qsl(urlsplit(self.first[1]).query, keep_blank_values=True))

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this message."""
        return self.headers.get("connection", "").lower() == "close"


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next message's head; None where the other side has closed, or sends no head: its connection ends then."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    lines = raw.decode("latin-1").split("\r\n")
    first, second, third = [*lines[0].split(" ", 2), "", ""][:3]
    pairs = (line.partition(":") for line in lines[1:] if line)
    return Head(raw, (first, second, third), {name.strip().lower(): value.strip() for name, _, value in pairs})


def has_body(answer: Head, method: str) -> bool:
    """Whether an answer to `method` has a body at all."""
    return method != "HEAD" and answer.first[1] not in ("204", "304") and not answer.first[1].startswith("1")


async def pass_body(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> None:
    """Hand the body on as it comes; with no writer it is read and dropped. Raises asyncio.IncompleteReadError."""
    if head.headers.get("transfer-encoding", "").lower() == "chunked":
        size = None
        while size != 0:
            line = await reader.readline()
            size = int(line.split(b";")[0], 16)
            await _send(writer, line)
            await _pass(size, reader, writer)
            await _send(writer, await reader.readline())  # the line end behind a piece, or the empty last line
    else:
        await _pass(int(head.headers.get("content-length") or 0), reader, writer)


async def _pass(size: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> None:
    while size:
        piece = await reader.readexactly(min(size, PIECE))
        size -= len(piece)
        await _send(writer, piece)


async def _send(writer: asyncio.StreamWriter | None, piece: bytes) -> None:
    if writer is not None:
        writer.write(piece)
        await writer.drain()
