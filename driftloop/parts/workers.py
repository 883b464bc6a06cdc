"""Worker processes: as many as there are cores, each with one part at a time."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from driftloop import errors
from driftloop.errors import DriftloopError, InputError
from driftloop.parts.messages import Answer, Start, Task, receive, send

Progress = Callable[[str, int], None]
"""Told of rows that were read: the part's name, and how many."""
_ROOT = str(Path(__file__).resolve().parents[2])


def run_tasks(start: Start, tasks: Sequence[Task], processes: int, progress: Progress, finished: Progress) -> None:
    """Have all tasks done, each once; whichever process is free takes the next.

    Raises
    ------
    DriftloopError
        The error of the first part, in order, that could not be read; what others had read by then is in the cache.
    """
    waiting: queue.SimpleQueue[tuple[int, Task]] = queue.SimpleQueue()
    for numbered in enumerate(tasks):
        waiting.put(numbered)
    failures: dict[int, Exception] = {}
    threads = [
        threading.Thread(target=_drive, args=(start, waiting, failures, progress, finished), daemon=True)
        for _ in range(min(processes, len(tasks)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[min(failures)]


def _drive(
    start: Start,
    waiting: queue.SimpleQueue[tuple[int, Task]],
    failures: dict[int, Exception],
    progress: Progress,
    finished: Progress,
) -> None:
    """Give one process its tasks until none waits, or one has failed."""
    number = len(failures)
    try:
        with _process() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            send(process.stdin, start)
            while not failures:
                try:
                    number, task = waiting.get_nowait()
                except queue.Empty:
                    break
                send(process.stdin, task)
                while (answer := receive(process.stdout, Answer)) is not None:
                    progress(task.part.name, answer.rows)
                    if answer.done or answer.error is not None:
                        break
                failure = _failure(answer, task, process)
                if failure is not None:
                    failures[number] = failure
                    break
                finished(task.part.name, 1)
    except OSError as error:
        failures[number] = InputError(f"a process that reads has ended ({error.strerror}): run this again")


def _process() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # else numpy starts threads that it never uses here
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "driftloop.parts.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _failure(answer: Answer | None, task: Task, process: subprocess.Popen[bytes]) -> Exception | None:
    if answer is None:
        code = process.wait()
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return InputError(
            f"{task.part.name}: the process that read it {ended} (for want of memory?): run this again, what was read "
            "before is kept in the cache"
        )
    if answer.error is None:
        return None
    kind = getattr(errors, answer.kind, None) if answer.kind else None
    if isinstance(kind, type) and issubclass(kind, DriftloopError):
        return kind(answer.error)
    return RuntimeError(f"{task.part.name}: {answer.error}")
