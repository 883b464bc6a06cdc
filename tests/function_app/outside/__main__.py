"""`python -m tests.function_app.outside --runs 100 --seed 1`: the campaign from outside, and its table."""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.function_app.outside.invariants import problems, table
from tests.function_app.outside.services import running
from tests.function_app.outside.world import Told, World


def main() -> int:
    """1 where an invariant did not hold; then the world's logs stay."""
    parser = argparse.ArgumentParser(prog="python -m tests.function_app.outside", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first world")
    parser.add_argument("--table", type=Path, help="a file that holds the table of the worlds so far")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="driftloop-campaign-"))
    worlds: list[Told] = []
    with running(folder / "services") as services:
        for seed in range(given.seed, given.seed + given.runs):
            told = World(seed, services, folder / str(seed)).play()
            worlds.append(told)
            found = problems(told)
            line = f"{seed}: {told.seconds:.0f} s, {sum(told.faults.values())} faults, {found or 'well'}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            if given.table is not None:
                given.table.write_text(json.dumps(table(worlds), indent=1) + "\n")
            if not found:
                shutil.rmtree(folder / str(seed), ignore_errors=True)
    sys.stdout.write(json.dumps(table(worlds), indent=1) + "\n")
    return int(any(problems(told) for told in worlds))


if __name__ == "__main__":
    sys.exit(main())
