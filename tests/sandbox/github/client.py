"""A caller of the stand-in's API, and a writer of small repositories."""

from pathlib import Path
from textwrap import dedent

import requests

from sandbox.github import GitHubStandIn
from sandbox.waiting import HANG_SECONDS, wait_until


def write_tree(folder: Path, files: dict[str, str]) -> Path:
    """Write files, their texts dedented."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def wait_for_text(file: Path, text: str) -> None:
    """Wait until a log says so."""
    wait_until(lambda: file.exists() and text in file.read_text(), f"{text!r} in {file}", pause=0.05)


def shorten_lock(tree: Path) -> None:
    """Leave one package of requirements/training.txt: pip needs two seconds to see that all of them are installed."""
    lock = tree / "requirements" / "training.txt"
    lines = lock.read_text().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if "==" in line)
    end = next(at for at, line in enumerate(lines) if at > first and "==" in line)
    lock.write_text("".join(lines[first:end]))


class Client:
    """Sends requests to a stand-in as one token's owner."""

    def __init__(self, standin: GitHubStandIn, token: str | None = None, patience: float = HANG_SECONDS) -> None:
        self._standin, self._patience = standin, patience
        self.token = standin.token if token is None else token

    def send(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        if path.startswith("/repos/-/"):
            path = path.replace("/-/", "/proseware/driftloop/", 1)
        return requests.request(
            method,
            self._standin.url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **headers},
            timeout=self._patience,
        )

    def dispatch(self, event_type: object, payload: object = None) -> requests.Response:
        body = {"event_type": event_type} | ({} if payload is None else {"client_payload": payload})
        return self.send("POST", "/repos/-/dispatches", body)
