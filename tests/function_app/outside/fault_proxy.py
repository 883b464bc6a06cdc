"""A proxy between the app and a service, on loopback: it cuts, delays, refuses and shortens answers, from one seed.

HTTP/1.1 with one request at a time on a connection, over TLS where a certificate is given (then to a TLS service). What
fails is decided for each request by `Faults`; a request that is left alone passes unchanged.
"""

import asyncio
import random
import re
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sandbox.certificate import Certificate
from sandbox.ports import listening_socket
from sandbox.waiting import HANG_SECONDS

KINDS = ("cut before", "cut after", "delay", "500", "503", "403", "429", "truncate", "shorten", "omit", "odd")
MESSAGES = {500: "Internal Server Error", 503: "Service Unavailable", 403: "Forbidden", 429: "Too Many Requests"}


@dataclass
class Faults:
    """Which requests fail, and how. `rate`: of those that match `only` ("METHOD /path"); 0 lets everything pass."""

    seed: int
    only: re.Pattern[str] = re.compile(".*")
    rate: float = 0.0
    longest_delay: float = 1.5  # seconds
    played: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def next(self, method: str, path: str) -> str | None:
        """The fault for this request, or None."""
        if self._dice.random() >= self.rate or not self.only.fullmatch(f"{method} {path}"):
            return None
        kind = self._dice.choice(KINDS)
        if kind == "omit" and "comp=list" not in path:  # only a listing can lack an entry
            kind = "cut after"
        self.played[kind] += 1
        return kind

    def delay(self) -> float:
        """Seconds."""
        return self._dice.uniform(0.1, self.longest_delay)


@dataclass(frozen=True)
class _Message:
    """A request or an answer as it came."""

    head: bytes
    body: bytes

    @property
    def first_line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")


class FaultProxy:
    """`with FaultProxy(service_url, faults, certificate) as proxy: proxy.url` stands for the service's URL."""

    def __init__(self, service: str, faults: Faults, certificate: Certificate | None = None) -> None:
        self.faults = faults
        parts = urlsplit(service)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._socket = listening_socket()
        self.url = f"{parts.scheme}://127.0.0.1:{self._socket.getsockname()[1]}{parts.path}"
        self._server_tls = self._client_tls = None
        if certificate is not None:
            self._server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._server_tls.load_cert_chain(certificate.chain, certificate.key)
            self._client_tls = ssl.create_default_context(cafile=str(certificate.authority))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"proxy of {self._port}", daemon=True)
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=HANG_SECONDS)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connection, sock=self._socket, ssl=self._server_tls)
        async with server:
            await self._stopping.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while (request := await _read(reader, self._continue(writer))) is not None:
                if upstream is None:
                    upstream = await asyncio.open_connection(self._host, self._port, ssl=self._client_tls)
                if not await self._exchange(request, writer, upstream):
                    break
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError, ValueError):
            pass  # one of both sides has gone: so does the other
        finally:
            for side in (writer, upstream[1] if upstream else None):
                if side is not None:
                    side.transport.abort()

    @staticmethod
    def _continue(writer: asyncio.StreamWriter) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()

        return send

    async def _exchange(
        self,
        request: _Message,
        writer: asyncio.StreamWriter,
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """One request and its answer; False where the connection ends with it."""
        method, path, _ = request.first_line.split(" ", 2)
        fault = self.faults.next(method, path)
        if fault == "cut before":
            return False
        if fault == "delay":
            await asyncio.sleep(self.faults.delay())
        if fault in ("500", "503", "403", "429", "odd"):
            writer.write(_refusal(429 if fault == "odd" else int(fault), odd=fault == "odd"))
            await writer.drain()
            return True
        upstream[1].write(request.head + request.body)
        await upstream[1].drain()
        answer = await _read(upstream[0], None, to_method=method)
        if answer is None or fault == "cut after":
            return False
        if fault == "truncate" and answer.body:
            writer.write(answer.head + answer.body[: len(answer.body) // 2])
            await writer.drain()
            return False
        if fault == "shorten" and answer.body:
            answer = _with_body(answer, answer.body[: len(answer.body) // 2])
        if fault == "omit":
            answer = _with_body(answer, re.sub(rb"<Blob>.*?</Blob>", b"", answer.body, count=1, flags=re.DOTALL))
        writer.write(answer.head + answer.body)
        await writer.drain()
        return b"connection: close" not in answer.head.lower()


async def _read(
    reader: asyncio.StreamReader, proceed: Callable[[], Awaitable[None]] | None, to_method: str = ""
) -> _Message | None:
    """A whole message; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lowered = head.lower()
    if proceed is not None and b"expect: 100-continue" in lowered:
        await proceed()
    status = head.split(b" ", 2)[1]
    if to_method == "HEAD" or (to_method and (status in (b"204", b"304") or status.startswith(b"1"))):
        return _Message(head, b"")
    if b"transfer-encoding: chunked" in lowered:
        return _Message(head, await _chunks(reader))
    length = re.search(rb"content-length:\s*(\d+)", lowered)
    return _Message(head, await reader.readexactly(int(length[1])) if length else b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """The chunks as they came, with their lengths."""
    found = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        found += line + await reader.readexactly(size + 2)
        if size == 0:
            return found


def _with_body(answer: _Message, body: bytes) -> _Message:
    """The answer with another body, whose length its head says. Chunks stay as they are."""
    if b"transfer-encoding: chunked" in answer.head.lower():
        return answer
    head = re.sub(rb"(?i)(content-length:\s*)\d+", rb"\g<1>" + str(len(body)).encode(), answer.head)
    return _Message(head, body)


def _refusal(status: int, *, odd: bool) -> bytes:
    body = b'{"message": "refused by the proxy"}'
    lines = [
        f"HTTP/1.1 {status} {MESSAGES[status]}",
        f"Content-Length: {len(body)}",
        "Content-Type: application/json",
    ]
    if odd:
        lines += ["Date: never", "x-ratelimit-remaining: 0", f"x-ratelimit-reset: {'9' * 30}"]
    elif status == 429:
        lines += ["Retry-After: 1"]
    return "\r\n".join([*lines, "", ""]).encode() + body


__all__ = ["KINDS", "FaultProxy", "Faults"]
