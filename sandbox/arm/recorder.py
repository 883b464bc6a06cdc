"""Keeps every request, so that a test can check what production code sent against the published API descriptions."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.arm.wire import Json


@dataclass(frozen=True)
class Recorded:
    """One request and the status it got. `body` is None where there was none or where it was not JSON."""

    method: str
    path: str
    api_version: str | None
    body: Json | None
    status: int


class Recorder:
    """All requests in the order in which they were answered; safe to use from several threads."""

    def __init__(self) -> None:
        self._requests: list[Recorded] = []
        self._lock = threading.Lock()

    def add(self, request: Recorded) -> None:
        with self._lock:
            self._requests.append(request)

    def __iter__(self) -> Iterator[Recorded]:
        with self._lock:
            return iter(tuple(self._requests))

    def find(self, method: str, path: str) -> list[Recorded]:
        """Requests of `method` whose path matches the regular expression `path` somewhere."""
        return [request for request in self if request.method == method and re.search(path, request.path)]

    def write(self, file: Path) -> None:
        """All requests as JSON Lines."""
        file.write_text("".join(json.dumps(asdict(request)) + "\n" for request in self), encoding="utf-8")
