"""How long `make run` takes once everything is set up."""

from __future__ import annotations

import sys
import tempfile

from benchmarks.process_time import ProcessTime, measure

RUNS = 3  # a minute each


def loop() -> list[ProcessTime]:
    """The whole loop, some times, each in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sandbox", "--out", f"{folder}/out"]
        return [measure("make run, without set-up", command, runs=RUNS)]
