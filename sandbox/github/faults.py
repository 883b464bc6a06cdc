"""Answers that GitHub gives on a bad day, on demand: the next requests that match are refused, delayed or cut."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

DISPATCH = r"POST /repos/[^/]+/[^/]+/dispatches"
RUNS = r"GET /repos/[^/]+/[^/]+/actions/runs"
MESSAGES = {
    401: "Bad credentials",
    403: "Resource not accessible by personal access token",
    404: "Not Found",
    422: "Validation Failed",
    429: "API rate limit exceeded",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
}


@dataclass
class Fault:
    """One kind of bad answer, for a number of requests. `request` is a pattern over "METHOD /path"."""

    request: str
    times: int
    status: int | None = None
    message: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    accept: bool = False
    delay: float = 0.0


class Faults:
    """The control: each method arms a fault; faults are used up in the order in which they were armed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self.played: list[str] = []

    def answer(
        self, status: int, times: int = 1, *, request: str = DISPATCH, message: str | None = None, **headers: str
    ) -> None:
        """Refuse with `status`; header names are written with underscores (`retry_after="1"`)."""
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self._arm(Fault(request, times, status, message or MESSAGES.get(status, "Error"), named))

    def rate_limit(self, times: int = 1, *, status: int = 403, reset_in: float = 60, request: str = DISPATCH) -> None:
        """The primary limit: no requests remaining until `x-ratelimit-reset`."""
        reset = str(int(time.time() + reset_in))
        named = (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset), ("x-ratelimit-limit", "5000"))
        self._arm(Fault(request, times, status, "API rate limit exceeded for installation.", named))

    def secondary_limit(
        self, times: int = 1, *, status: int = 403, retry_after: float = 60, request: str = DISPATCH
    ) -> None:
        """The secondary limit: come back after `retry-after` seconds."""
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        self._arm(Fault(request, times, status, message, (("retry-after", f"{retry_after:g}"),)))

    def cut(self, times: int = 1, *, accept: bool = True, request: str = DISPATCH) -> None:
        """Cut the connection without an answer, after having done what was asked (`accept`) or before."""
        self._arm(Fault(request, times, cut=True, accept=accept))

    def delay(self, seconds: float, times: int = 1, *, request: str = DISPATCH) -> None:
        """Answer late."""
        self._arm(Fault(request, times, accept=True, delay=seconds))

    def clear(self) -> None:
        """Be well again."""
        with self._lock:
            self._armed.clear()

    def _arm(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append(fault)

    def take(self, request: str) -> Fault | None:
        """The fault for this request, used up by one."""
        with self._lock:
            for fault in self._armed:
                if re.fullmatch(fault.request, request):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._armed.remove(fault)
                    self.played.append(request)
                    return fault
        return None


def with_faults(app: Application, faults: Faults) -> Application:
    """`app` behind the faults."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        fault = faults.take(f"{scope['method']} {scope['path']}") if scope["type"] == "http" else None
        if fault is None:
            await app(scope, receive, send)
            return
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.cut:
            if fault.accept:
                await app(scope, receive, _nowhere)
            # uvicorn's `send` belongs to the object that owns the connection; there is no public way to drop it
            connection: Any = getattr(send, "__self__")  # noqa: B009 a plain attribute would be a type error
            connection.disconnected = True
            connection.transport.abort()
            return
        if fault.accept:
            await app(scope, receive, send)
            return
        document = {
            "message": fault.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(fault.status),
        }
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        headers += [(name.encode(), value.encode()) for name, value in fault.headers]
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    return wrapped


async def _nowhere(message: MutableMapping[str, Any]) -> None:
    del message
