"""GitHub's rate limits, when they are switched on: the hourly one, and the secondary ones for much in a short time."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.github.faults import Application, Receive, Scope, Send

# What GitHub documents of its REST API ("Rate limits for the REST API"): for each who signs in.
AN_HOUR = 5_000  # requests
POINTS_A_MINUTE = 900  # a request that only reads is one, any other five
CREATED_A_MINUTE, CREATED_AN_HOUR = 80, 500  # requests that create content
PAUSE = 60  # seconds that a secondary limit asks for


@dataclass
class Limits:
    """Counts requests by token. `clock` gives seconds since 1970; `refused` is how many were refused so far."""

    on: bool = False
    clock: Callable[[], float] = time.time
    refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: dict[str, deque[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(deque))

    def switch_on(self, clock: Callable[[], float] = time.time) -> None:
        """From now on, by this clock."""
        with self._lock:
            self.on, self.clock, self.refused = True, clock, 0
            self._seen.clear()

    def refusal(self, who: str, *, creates: bool) -> tuple[str, dict[str, str]] | None:
        """What a request is refused with: message and headers; None where it is taken, and counted."""
        with self._lock:
            now, seen = self.clock(), self._seen[who]
            while seen and seen[0][0] <= now - 3600:
                seen.popleft()
            minute = [created for at, created in seen if at > now - 60]
            points = sum(5 if created else 1 for created in minute)
            found: tuple[str, dict[str, str]] | None = None
            if len(seen) >= AN_HOUR:
                reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(seen[0][0]) + 3600)}
                found = ("API rate limit exceeded for installation.", reset)
            elif points + (5 if creates else 1) > POINTS_A_MINUTE or (
                creates and (sum(minute) >= CREATED_A_MINUTE or sum(created for _, created in seen) >= CREATED_AN_HOUR)
            ):
                text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
                found = (text, {"retry-after": str(PAUSE)})
            if found is None:
                seen.append((now, creates))
            else:
                self.refused += 1
            return found


def with_limits(app: Application, limits: Limits) -> Application:
    """`app` behind the limits."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None
        if limits.on and scope["type"] == "http":
            who = dict(scope["headers"]).get(b"authorization", b"").decode()
            refusal = limits.refusal(who, creates=scope["method"] not in ("GET", "HEAD"))
        if refusal is None:
            await app(scope, receive, send)
            return
        message, named = refusal
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        headers += [(name.encode(), value.encode()) for name, value in named.items()]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps({"message": message, "status": "403"}).encode()})

    return wrapped
