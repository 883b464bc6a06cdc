"""A world is played in memory with the pipeline's own steps before it is shown."""

from datetime import date
from pathlib import Path

import pytest

from driftloop.errors import InputError
from sandbox import rehearsal
from sandbox.own_table import read
from sandbox.rehearsal import Ending, find_change, rehearse
from sandbox.world import SHORT_STORY, World
from tests.sandbox.test_own_table import churn, prices, written
from training.models import ModelFolder

pytestmark = pytest.mark.slow
LAST_DAY = date(2026, 3, 1)


def world(model: ModelFolder, strength: float, volume: float = 1.0) -> World:
    return World(442, LAST_DAY, read(model).play(strength, volume=volume), SHORT_STORY)


def test_a_change_of_the_outcome_is_answered_and_a_change_of_the_records_alone_is_not(tmp_path: Path) -> None:
    model = written(tmp_path, "prices", prices())
    assert rehearse(world(model, 1.0), model) == Ending(True)
    without = rehearse(world(model, 0.0), model)
    assert not without.promoted
    assert "not better than the champion" in without.why


def test_more_records_a_day_show_what_few_of_a_noisy_class_hide(tmp_path: Path) -> None:
    model = written(tmp_path, "churn", churn())
    assert not rehearse(world(model, 1.0), model).promoted
    assert rehearse(world(model, 2.25, 8.0), model) == Ending(True)


def test_the_first_attempt_that_is_promoted_is_taken_or_else_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelFolder("m", tmp_path)
    wanted: set[object] = {(1.5, 4.0), (2.25, 8.0)}
    monkeypatch.setattr(rehearsal, "rehearse", lambda played, _: Ending(played in wanted, "no"))

    def found() -> object:
        return find_change(lambda *change: change, model)  # type: ignore[arg-type,return-value]

    assert found() == ((1.5, 4.0), Ending(True, "no"))
    wanted.clear()
    assert found() == ((2.25, 8.0), Ending(False, "no"))


def test_a_first_model_that_is_no_better_than_a_constant_is_said_before_anything_starts(tmp_path: Path) -> None:
    frame = prices()
    frame["price"] = frame["price"].sample(frac=1.0, random_state=1).to_numpy()  # no column says anything of it now
    model = written(tmp_path, "prices", frame)
    with pytest.raises(InputError, match="the first model of prices is not promoted: not better than"):
        rehearse(world(model, 1.0), model)
