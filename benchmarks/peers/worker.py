"""Run by a peer's own interpreter: `python worker.py PEER JOB`. Prints one line of JSON.

JOB is a JSON object: `sets`, names with the Parquet files of references and windows and their rows; `large`, two files
to time one comparison on.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version

START = time.perf_counter()


def main(peer: str, job: dict[str, object]) -> None:
    """Every set's share of alarms and seconds for one comparison, for each way of asking the peer."""
    warnings.simplefilter("ignore")
    from settings import PEERS, frames

    package, ways = PEERS[peer]
    answer: dict[str, object] = {"version": version(package), "ways": []}
    for way in ways:
        rates, cold, warm = {}, None, []
        for name, (references, windows, reference_rows, rows) in job["sets"].items():  # type: ignore[attr-defined]
            hits = tries = 0
            for one, two in zip(frames(references, reference_rows), frames(windows, rows), strict=True):
                begun = time.perf_counter()
                hits += way(one, two)
                warm.append(time.perf_counter() - begun)
                cold = cold or time.perf_counter() - START
                tries += 1
            rates[name] = [hits, tries]
        seconds = None
        if job.get("large"):
            one, two = (frames(path, 10**9)[0] for path in job["large"])  # type: ignore[attr-defined]
            begun = time.perf_counter()
            way(one, two)
            seconds = time.perf_counter() - begun
        warm.sort()
        description = " ".join((way.__doc__ or "").split())
        answer["ways"].append(  # type: ignore[attr-defined]
            {"settings": description, "rates": rates, "cold": cold, "warm": warm[len(warm) // 2], "large": seconds}
        )
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
