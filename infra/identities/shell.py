"""Running `az` and `gh`: what they answer is read, what they change is printed, and printed only in a dry run."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

RETRIES = 6
PAUSE = 10.0  # seconds; Entra ID takes up to a minute to know everywhere what it was just told
_NOT_YET = (
    "does not exist in the directory",
    "does not reference a valid",
    "doesn't exist.",  # a custom role, just created
    "PrincipalNotFound",
    "Request_ResourceNotFound",
)


class CommandError(Exception):
    """A command failed; the message is one line that says which and why."""

    def __init__(self, command: Sequence[str], said: str) -> None:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("ERROR", "gh:", "HTTP"))]  # az warns before it fails
        self.said = (errors or lines or ["no message"])[0]
        super().__init__(f"{' '.join(command[:4])} … failed: {self.said}")


class SetUpError(Exception):
    """The situation found is one that must not be guessed about; the message says what to do."""


@dataclass
class Shell:
    """`dry`: look, but change nothing. `changes`: the changing commands, as printed."""

    dry: bool = False
    changes: list[str] = field(default_factory=list)

    def read(self, *command: str, missing: Any = None) -> Any:
        """What a command that changes nothing answers, decoded; `missing` when it answers 404 or nothing."""
        try:
            answer = _run(command)
        except CommandError as error:
            if any(text in error.said for text in ("HTTP 404", "ResourceNotFound", "ResourceGroupNotFound")):
                return missing
            raise
        return json.loads(answer) if answer.strip() else missing

    def change(self, *command: str, stdin: str | None = None, secret: bool = False) -> Any:
        """Run a command that changes something; its answer decoded, None in a dry run. A secret answer is text.

        `stdin` is not printed when `secret`; the answer never is.
        """
        shown = shlex.join(command)
        if stdin is not None:
            shown += " <<< " + ("(secret)" if secret else shlex.quote(stdin))
        self.say(shown)
        if self.dry:
            return None
        answer = _patient(command, stdin)
        if secret:
            return answer.strip()
        try:
            return json.loads(answer) if answer.strip() else None
        except ValueError:
            return None  # `gh` and some commands of `az` print a sentence; nobody asks them for an answer

    def say(self, line: str) -> None:
        """Print a change, and remember it."""
        self.changes.append(line)
        sys.stdout.write(line + "\n")

    def note(self, line: str) -> None:
        """Tell something that is not a command."""
        sys.stdout.write(f"# {line}\n")


def _patient(command: Sequence[str], stdin: str | None) -> str:
    for attempt in range(RETRIES):
        try:
            return _run(command, stdin)
        except CommandError as error:
            if attempt == RETRIES - 1 or not any(text in error.said for text in _NOT_YET):
                raise
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


def _run(command: Sequence[str], stdin: str | None = None) -> str:
    program = shutil.which(command[0])  # az is a .cmd on Windows, which needs its full name
    if program is None:
        raise SetUpError(f"{command[0]} is not installed, or not on PATH: docs/identities.md says where it comes from")
    done = subprocess.run(  # a list of arguments, no shell
        [program, *command[1:]], input=stdin, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(command, done.stderr or done.stdout)
    return done.stdout
