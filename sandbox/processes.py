"""Child processes that never outlive the sandbox. Each is in a process group of its own, killed with it, and by the
kernel when this process dies.
"""

import contextlib
import functools
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

STOP_SECONDS = 5.0


@functools.cache
def _die_with_parent() -> tuple[str, ...]:
    """A prefix for a command line that asks the kernel to kill the child when its parent is gone. Empty where there is
    no such program.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (setpriv, "--pdeathsig", "KILL")
    works = subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0
    return prefix if works else ()


class _Spawner:
    """One thread that lives as long as the process and starts every child. The kernel takes the end of the starting
    THREAD for the parent's death.
    """

    def __init__(self) -> None:
        self._work: queue.Queue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]] = (
            queue.Queue()
        )
        threading.Thread(target=self._run, name="spawner", daemon=True).start()

    def _run(self) -> None:
        while True:
            start, answer = self._work.get()
            try:
                answer.set_result(start())
            except OSError as error:
                answer.set_exception(error)

    def start(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        answer: Future[subprocess.Popen[bytes]] = Future()
        self._work.put((start, answer))
        return answer.result()


@functools.cache
def _spawner() -> _Spawner:
    return _Spawner()


class Child:
    """A running process and its group."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; raises subprocess.TimeoutExpired after `timeout` seconds."""
        return self._process.wait(timeout)

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Ask the whole group to end, then kill what is left of it; harmless when repeated."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    output: IO[bytes] | int,
    inherited: Collection[int] = (),
) -> Child:
    """Start `command` in `folder` with exactly `environment`; both its output streams go to `output`.

    Parameters
    ----------
    inherited : Collection[int]
        Descriptors that the child has under the same numbers, such as a socket that listens already.
    """

    def spawn() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*_die_with_parent(), *command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )

    return Child(_spawner().start(spawn))
