"""One of several processes that read parts of a source: `python -m driftloop.parts.worker`, on its standard input.

A second thread gives a profile almost nothing, because much of it runs in the interpreter; a second process gives
twice the rows (docs/scale.md). It ends with its standard input, so that none is left behind by a command that ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import IO

from driftloop.data.readers.progress import observed
from driftloop.errors import DriftloopError
from driftloop.parts.cache import PartCache
from driftloop.parts.identity import refuse_changed, size_and_time
from driftloop.parts.messages import Answer, Start, Task, receive, send
from driftloop.parts.reading import read_partial
from driftloop.parts.recipe import Recipe

EVERY = 0.2
"""Seconds between two answers about rows: as often as the line that shows them is written."""


class _Counted:
    """Tells the other end how many rows were read, now and then."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers, self._last, self.rows = answers, time.monotonic(), 0

    def see(self, _name: str, rows: int, _share: float | None) -> None:
        """Rows have been read."""
        self.rows += rows
        if time.monotonic() - self._last >= EVERY:
            send(self._answers, Answer(rows=self.rows))
            self._last, self.rows = time.monotonic(), 0


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Work on tasks until there are no more."""
    start = receive(tasks, Start)
    if start is None:
        return
    cache = PartCache(Path(start.folder))
    while (task := receive(tasks, Task)) is not None:
        send(answers, _answer(task, start.recipe, cache, answers))


def _answer(task: Task, recipe: Recipe, cache: PartCache, answers: IO[bytes]) -> Answer:
    part, counted = task.part.part(), _Counted(answers)
    before = size_and_time(part)
    try:
        with observed(counted.see):
            partial = read_partial(part, recipe)
        refuse_changed(part, before)
        cache.put(task.key, partial)
    except DriftloopError as error:
        return Answer(error=str(error), kind=type(error).__name__)
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - it goes to the other end, which raises it
        return Answer(error=traceback.format_exc())
    return Answer(rows=counted.rows, done=True)


def main() -> None:
    """The process: Ctrl-C is the command's to handle, and what is not understood ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody prints between two messages
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(1)  # the command is gone; what was read is in the cache


if __name__ == "__main__":
    main()
