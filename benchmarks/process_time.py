"""What a whole process takes: seconds by the clock, and of the processor with all of its children."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ProcessTime:
    """Medians over some runs, in seconds; `cpu` counts every process that the command started and waited for."""

    name: str
    runs: int
    seconds: float
    cpu: float


def measure(
    name: str,
    command: Sequence[str],
    *,
    runs: int,
    environment: Mapping[str, str] | None = None,
    before: Callable[[int], None] = lambda _: None,
) -> ProcessTime:
    """Run a command some times; `before(number)` prepares each run and is not timed.

    Raises
    ------
    RuntimeError
        A run failed; the message ends with what it wrote.
    """
    wall, processor = [], []
    for number in range(runs):
        before(number)
        start, used = time.perf_counter(), _children()
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
        wall.append(time.perf_counter() - start)
        processor.append(_children() - used)
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    found = ProcessTime(name, runs, statistics.median(wall), statistics.median(processor))
    print(f"{name}: {found.seconds:.2f} s, {found.cpu:.2f} s of CPU", flush=True)
    return found


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
