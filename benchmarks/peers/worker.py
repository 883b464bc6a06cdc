"""Run by a peer's own interpreter: `python worker.py PEER JOB`. Prints one line of JSON.

JOB is a JSON object. `names` are those of the columns. `sets` are names with the numpy files of references and windows,
and their rows. `large` are two files to time one comparison on.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any

START = time.perf_counter()


def main(peer: str, job: dict[str, Any]) -> None:
    """Every set's share of alarms and seconds for one comparison, for each way of asking the peer."""
    warnings.simplefilter("ignore")
    from settings import PEERS, frames

    answer: dict[str, Any] = {"version": version(peer), "ways": []}
    for number, way in enumerate(PEERS[peer].ways):
        rates, cold, warm = {}, None, []
        for name, (references, windows, reference_rows, rows) in job["sets"].items():
            hits = tries = 0
            for one, two in zip(
                frames(references, job["names"], reference_rows), frames(windows, job["names"], rows), strict=True
            ):
                begun = time.perf_counter()
                hits += way(one, two)
                warm.append(time.perf_counter() - begun)
                if number == 0:  # a later way is asked by a process that is long warm
                    cold = cold or time.perf_counter() - START
                tries += 1
            rates[name] = [hits, tries]
        seconds = None
        if job.get("large"):
            one, two = (frames(path, job["names"], 10**9)[0] for path in job["large"])
            begun = time.perf_counter()
            way(one, two)
            seconds = time.perf_counter() - begun
        warm.sort()
        description = " ".join((way.__doc__ or "").split())
        answer["ways"].append(
            {"settings": description, "rates": rates, "cold": cold, "warm": warm[len(warm) // 2], "large": seconds}
        )
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
