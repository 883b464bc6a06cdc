"""Runs one workflow file with `act`: the real file, its real steps, as processes of this machine."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import yaml

from sandbox import processes
from sandbox.github import process_tree
from sandbox.github.outcome import Outcome
from sandbox.github.records import RunRecord
from sandbox.github.snapshot import Snapshot

CANCEL_SECONDS = 10.0
POLL_SECONDS = 0.03


class Runner(Protocol):
    """What turns a queued run into a completed one."""

    def run(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        """Run it to the end, which `run.complete` marks; `job_done` is told of each job key as it ends."""


class Instant:
    """A runner that runs nothing: every run ends at once with one conclusion. For tests of whoever dispatches."""

    def __init__(self, conclusion: str = "success") -> None:
        self.conclusion = conclusion

    def run(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        """End the run."""
        del snapshot, job_done
        run.complete(self.conclusion, "no job was run: the stand-in was asked to say so")


class Act:
    """The runner that plays GitHub's: `act` in a copy of the tree, with the environment that was given and no other.

    Variables and secrets go through files of the run's folder, so that no command line shows them.
    """

    def __init__(
        self,
        *,
        repository: str,
        environment: Mapping[str, str],
        variables: Mapping[str, str],
        secrets: Mapping[str, str],
        token: Callable[[RunRecord], str],
        url: Callable[[], str],
        folder: Path,
        minute_seconds: float = 60.0,
    ) -> None:
        self.repository, self.environment, self.variables, self.secrets = repository, environment, variables, secrets
        self._token, self._url, self._folder, self._minute = token, url, folder, minute_seconds
        self.cancel_seconds = CANCEL_SECONDS

    def run(self, run: RunRecord, snapshot: Snapshot, job_done: Callable[[str], None]) -> None:
        """Run the file to its end, a cancellation or a timeout; job and step results are those that act reports."""
        run.folder.mkdir(parents=True, exist_ok=True)
        log = run.folder / "act.jsonl"
        outcome = Outcome(run, snapshot, job_done)
        with log.open("wb") as output:
            child = processes.start(
                self._command(run), environment=self._environment(run), folder=snapshot.folder, output=output
            )
        try:
            with (run.folder / "log.txt").open("w", encoding="utf-8") as text:
                for line in self._lines(log, child, run, outcome):
                    outcome.take(line)
                    if line.get("msg"):
                        text.write(f"{line.get('time', '')} {line.get('job', '')}: {line['msg'].rstrip()}\n")
                        text.flush()
        finally:
            # act gives every step a process group of its own, so ending act's would leave them behind
            if child.exit_code() is None:
                process_tree.send(signal.SIGKILL, process_tree.descendants(child.pid))
            child.stop()
        outcome.settle(child.wait())

    def _command(self, run: RunRecord) -> list[str]:
        written = {
            "event.json": json.dumps(dict(run.happened.payload)),
            "variables.yaml": yaml.safe_dump(dict(self.variables)),
            "secrets.yaml": yaml.safe_dump(dict(self.secrets) | {"GITHUB_TOKEN": self._token(run)}),
            "github.yaml": yaml.safe_dump(
                {
                    "GITHUB_REPOSITORY": self.repository,
                    "GITHUB_REF": f"refs/heads/{run.happened.branch}",
                    "GITHUB_RUN_ID": str(run.id),
                    "GITHUB_RUN_NUMBER": str(run.number),
                    "GITHUB_RUN_ATTEMPT": str(run.attempt),
                    "GITHUB_API_URL": self._url(),
                    "GITHUB_SERVER_URL": self._url(),
                }
            ),
        }
        for name, content in written.items():
            file = run.folder / name
            file.touch(mode=0o600)
            file.write_text(content, encoding="utf-8")
        # fmt: off
        return [
            "act", run.event, "--json", "--actor", "driftloop-sandbox",
            "--workflows", run.workflow,
            "--eventpath", str(run.folder / "event.json"),
            "--var-file", str(run.folder / "variables.yaml"),
            "--secret-file", str(run.folder / "secrets.yaml"),
            "--env-file", str(run.folder / "github.yaml"),
        ]
        # fmt: on

    def _environment(self, run: RunRecord) -> dict[str, str]:
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        inherited = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        mine = {
            "PATH": path,
            "HOME": str(home),
            # act's workspaces; a cache inside the tree would be copied into itself
            "XDG_CACHE_HOME": str(run.folder / "workspace"),
            "ACT_DISABLE_VERSION_CHECK": "1",
        }
        return inherited | mine | dict(self.environment)

    def _lines(
        self, log: Path, child: processes.Child, run: RunRecord, outcome: Outcome
    ) -> Iterator[Mapping[str, Any]]:
        cancelled_at: float | None = None
        pressed = 0
        with log.open("rb") as source:
            pending = b""
            while True:
                ended = child.exit_code() is not None
                pending += source.read()
                *whole, pending = pending.split(b"\n")
                for line in whole:
                    yield _decoded(line)
                if ended:
                    if pending:
                        yield _decoded(pending)
                    return
                for job in outcome.overdue(self._minute):
                    run.notes.append(f"{job} has exceeded its timeout-minutes and was cancelled")
                    run.cancelled.set()
                if run.cancelled.is_set():
                    cancelled_at = cancelled_at or time.monotonic()
                    waited = time.monotonic() - cancelled_at
                    # As GitHub's runner does: interrupt the step's shell, terminate it, kill everything; act has the
                    # rest of the job to run in between, for steps with `if: always()`.
                    if waited >= pressed * self.cancel_seconds:
                        if pressed < 2:
                            shells = process_tree.children(child.pid)
                            process_tree.send((signal.SIGINT, signal.SIGTERM)[pressed], shells)
                        else:
                            process_tree.send(signal.SIGKILL, process_tree.descendants(child.pid))
                            child.stop()
                        pressed += 1
                time.sleep(POLL_SECONDS)


def _decoded(line: bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {"msg": line.decode(errors="replace"), "level": "plain"}
    return record if isinstance(record, dict) else {"msg": str(record), "level": "plain"}
