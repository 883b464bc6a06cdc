"""Fault campaign: 0 lost drifts, 0 double retrains.

`DRIFTLOOP_SEED=123 pytest tests/function_app/test_campaign.py -k replay -s` tells one world's story; with
`DRIFTLOOP_FREEZES=1` of the kind in which senders freeze.
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
# Without freezes not even a second request may be sent; with them one may, and the run's fence must hold.
KINDS = ({}, {"freezes": True, "fence": True})


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("driftloop")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def failures(seeds: range, folder: Path, **kind: bool) -> dict[int, list[str]]:
    found = {}
    for seed in seeds:
        world = run_campaign(seed, folder, **kind)
        if wrong := problems(world):
            found[seed] = wrong
        for file in folder.glob(f"{seed}.db*"):
            file.unlink()
    return found


@pytest.mark.parametrize("kind", KINDS, ids=["requests", "freezes"])
def test_whatever_fails_no_drift_is_lost_and_none_retrains_twice(tmp_path: Path, kind: dict[str, bool]) -> None:
    assert failures(range(IN_EVERY_TEST_RUN), tmp_path, **kind) == {}


@pytest.mark.slow
@pytest.mark.skipif("DRIFTLOOP_CAMPAIGN" not in os.environ, reason="set DRIFTLOOP_CAMPAIGN=1 for all 1,000 worlds")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS, ids=["requests", "freezes"])
def test_the_same_holds_in_a_thousand_worlds(tmp_path: Path, kind: dict[str, bool]) -> None:
    assert failures(range(IN_FULL), tmp_path, **kind) == {}


def test_the_same_seed_gives_the_same_story(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert run_campaign(3, tmp_path / "a").story == run_campaign(3, tmp_path / "b").story


def test_a_frozen_sender_does_send_twice_and_only_the_fence_of_the_run_keeps_it_to_one_retrain(tmp_path: Path) -> None:
    seeds = range(40)
    for folder in ("fenced", "open"):
        (tmp_path / folder).mkdir()
    fenced = [run_campaign(seed, tmp_path / "fenced", freezes=True, fence=True) for seed in seeds]
    unfenced = [run_campaign(seed, tmp_path / "open", freezes=True) for seed in seeds]

    assert sum(world.frozen for world in fenced) > 0
    assert any(run.fenced for world in fenced for run in world.runs), "a second run came, and ended before it trained"
    assert [problems(world) for world in fenced] == [[]] * len(fenced)
    assert any("double retrain" in line for world in unfenced for line in problems(world))


def test_the_campaign_finds_a_dispatch_that_is_repeated_blindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from function_app.retraining.steps import Retraining

    monkeypatch.setattr(Retraining, "_find", lambda *_: None)

    assert any("double retrain" in line for lines in failures(range(10), tmp_path).values() for line in lines)


@pytest.mark.skipif("DRIFTLOOP_SEED" not in os.environ, reason="DRIFTLOOP_SEED names the world to replay")
def test_replay(tmp_path: Path) -> None:
    frozen = "DRIFTLOOP_FREEZES" in os.environ
    world = run_campaign(int(os.environ["DRIFTLOOP_SEED"]), tmp_path, freezes=frozen, fence=frozen)
    sys.stderr.write("\n".join(world.story) + "\n")

    assert problems(world) == []
