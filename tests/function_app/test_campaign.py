"""Fault campaign: 0 lost drifts, 0 double retrains.

`DRIFTLOOP_SEED=123 pytest tests/function_app/test_campaign.py -k replay -s` tells one world's story.
"""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.function_app.campaign import problems, run_campaign

IN_EVERY_TEST_RUN = 25
IN_FULL = 1000


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("driftloop")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def failures(seeds: range, folder: Path) -> dict[int, list[str]]:
    found = {}
    for seed in seeds:
        world = run_campaign(seed, folder)
        if wrong := problems(world):
            found[seed] = wrong
        for file in folder.glob(f"{seed}.db*"):
            file.unlink()
    return found


def test_whatever_fails_no_drift_is_lost_and_none_retrains_twice(tmp_path: Path) -> None:
    assert failures(range(IN_EVERY_TEST_RUN), tmp_path) == {}


@pytest.mark.slow
@pytest.mark.skipif("DRIFTLOOP_CAMPAIGN" not in os.environ, reason="set DRIFTLOOP_CAMPAIGN=1 for all 1,000 worlds")
@pytest.mark.timeout(3600)
def test_the_same_holds_in_a_thousand_worlds(tmp_path: Path) -> None:
    assert failures(range(IN_FULL), tmp_path) == {}


def test_the_same_seed_gives_the_same_story(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert run_campaign(3, tmp_path / "a").story == run_campaign(3, tmp_path / "b").story


def test_the_campaign_finds_a_dispatch_that_is_repeated_blindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from function_app.retraining import Retraining

    monkeypatch.setattr(Retraining, "_find", lambda *_: None)

    assert any("double retrain" in line for lines in failures(range(10), tmp_path).values() for line in lines)


@pytest.mark.skipif("DRIFTLOOP_SEED" not in os.environ, reason="DRIFTLOOP_SEED names the world to replay")
def test_replay(tmp_path: Path) -> None:
    world = run_campaign(int(os.environ["DRIFTLOOP_SEED"]), tmp_path)
    sys.stderr.write("\n".join(world.story) + "\n")

    assert problems(world) == []
