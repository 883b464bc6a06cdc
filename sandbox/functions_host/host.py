"""The host as its user sees it: starts the process, fires triggers, tells what failed."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.functions_host.service import EVENT_GRID_PATH, KEY_HEADER
from sandbox.processes import Child, start
from sandbox.waiting import HANG_SECONDS

_ROOT = Path(__file__).resolve().parents[2]


class FunctionFailedError(RuntimeError):
    """The app did not start, or a function failed; the message ends with its traceback."""


@dataclass(frozen=True)
class Invocation:
    """One function call: `error` is its traceback, None when it succeeded."""

    function: str
    seconds: float
    error: str | None


class FunctionsHost:
    """A function app in a process of its own:

    `with FunctionsHost(root, environment, folder) as host: host.fire("check_drift")`.

    `environment` holds the application settings and the identity's variables, and is all that the process sees. The
    log is `folder/functions.log`. `retry_seconds` replaces host.json's pause before a failed queue message comes
    back; for `hidden_seconds` a message stays hidden whose process died.
    """

    def __init__(
        self,
        app_root: Path,
        environment: Mapping[str, str],
        folder: Path,
        retry_seconds: int | None = None,
        hidden_seconds: int | None = None,
    ) -> None:
        self._root, self._environment, self._folder = app_root, dict(environment), folder
        self._pauses = {"--retry-seconds": retry_seconds, "--hidden-seconds": hidden_seconds}
        self._child: Child | None = None
        self.log = folder / "functions.log"
        self.url = self.function_key = self._master_key = ""
        self.functions: list[str] = []

    def start(self) -> None:
        """Starts it; returns when it listens. Raises FunctionFailedError with the end of its log."""
        self._folder.mkdir(parents=True, exist_ok=True)
        ready = self._folder / "functions.json"
        ready.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "sandbox.functions_host",
            str(self._root.resolve()),
            "--ready",
            str(ready.resolve()),
        ]
        for option, seconds in self._pauses.items():
            command += [] if seconds is None else [option, str(seconds)]
        # The stand-in is found beside this repository, the app only in its own root.
        with self.log.open("ab") as output:
            self._child = start(command, environment=self._environment, folder=_ROOT, output=output)
        deadline = time.monotonic() + HANG_SECONDS
        while not ready.exists():
            if self._child.exit_code() is not None or time.monotonic() > deadline:
                self.stop()
                raise FunctionFailedError(f"the function app did not start: {self._tail()}")
            time.sleep(0.02)
        found = json.loads(ready.read_text(encoding="utf-8"))
        self.url, self.functions = found["url"], found["functions"]
        self.function_key, self._master_key = found["function_key"], found["master_key"]

    def stop(self) -> None:
        """Stops it; harmless when repeated."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> "FunctionsHost":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process, for tests that kill it."""
        if self._child is None:
            raise FunctionFailedError("the function app is not running")
        return self._child.pid

    def fire(self, function: str, timeout: float = HANG_SECONDS) -> list[Invocation]:
        """Fires a timer; returns when it and every queue message that it led to are done.

        Raises FunctionFailedError when one failed.
        """
        return self._waited(f"/sandbox/fire/{function}", timeout)

    def wait_idle(self, timeout: float = HANG_SECONDS) -> list[Invocation]:
        """Until no visible message is left and nothing runs; all invocations since the start.

        Raises FunctionFailedError when one failed.
        """
        return self._waited("/sandbox/idle", timeout)

    def admin_fire(self, function: str) -> int:
        """The real host's admin API: fires a timer and answers 202 without waiting."""
        return self._request("POST", f"/admin/functions/{function}", key=self._master_key).status_code

    def event_grid(self, function: str, events: object, kind: str = "Notification") -> requests.Response:
        """Posts what Event Grid posts."""
        headers = {"aeg-event-type": kind, "content-type": "application/json"}
        path = f"{EVENT_GRID_PATH}?functionName={function}"
        return self._request("POST", path, key=self.function_key, headers=headers, data=json.dumps(events))

    def http(self, method: str, path: str, key: str | None = None, **options: Any) -> requests.Response:
        """A request to an HTTP function, by default with the function key."""
        return self._request(method, path, key=self.function_key if key is None else key, **options)

    def _waited(self, path: str, timeout: float) -> list[Invocation]:
        answer = self._request("POST", f"{path}?timeout={timeout}", key=self._master_key, timeout=timeout + 30)
        if answer.status_code != 200:
            raise FunctionFailedError(
                f"{path} was answered with {answer.status_code}: is the function there, and a timer?"
            )
        body = answer.json()
        found = [
            Invocation(record["function"], record["seconds"] or 0.0, record["error"]) for record in body["invocations"]
        ]
        failed = next((invocation for invocation in found if invocation.error), None)
        if failed is not None:
            raise FunctionFailedError(f"function {failed.function} failed: {failed.error}")
        if not body["idle"]:
            raise FunctionFailedError(f"functions still ran after {timeout:.0f} s: {self._tail()}")
        return found

    def _request(
        self,
        method: str,
        path: str,
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
        timeout: float = HANG_SECONDS,
        **options: Any,
    ) -> requests.Response:
        try:
            return requests.request(
                method, self.url + path, headers={KEY_HEADER: key, **(headers or {})}, timeout=timeout, **options
            )
        except requests.ConnectionError as error:
            raise FunctionFailedError(f"the function app does not answer: {self._tail()}") from error

    def _tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else "no log"
