"""The campaign from outside, short: what holds in three worlds in which storage, GitHub and processes fail.

`python -m tests.function_app.outside --runs 1000` plays a thousand.
"""

from pathlib import Path

import pytest

from tests.function_app.outside.invariants import by_invariant, table
from tests.function_app.outside.services import running
from tests.function_app.outside.world import World

SEEDS = range(3)


@pytest.mark.slow
def test_whatever_fails_outside_nothing_is_lost_doubled_unsaid_or_told_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "services", monkeypatch.setenv) as services:
        worlds = [World(seed, services, tmp_path / str(seed)).play() for seed in SEEDS]
    broken = {told.seed: {name: found for name, found in by_invariant(told).items() if found} for told in worlds}
    assert broken == {seed: {} for seed in SEEDS}
    found = table(worlds)
    assert found["faults"] > 0
    assert found["kills"] > 0
    assert found["tries trained"] >= found["drifts"] >= len(SEEDS)
