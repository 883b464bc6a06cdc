"""The shipped classifiers from prepare to register: a first model, and a challenger after the outcomes have changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from driftloop.profile.window import Baseline
from tests.training.examples import CHANGES, Steps, feed, run
from tests.training.test_register import IDS, Registry
from training import model_file, models
from training.data.collect import Source
from training.register import register

ROWS = 300  # incoming records with labels: 120 of them are held out


@pytest.fixture(scope="module", params=sorted(CHANGES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def first(name: str, tmp_path_factory: pytest.TempPathFactory) -> Steps:
    table = models.find(name).table()
    assert table is not None
    return run(name, Source(table), tmp_path_factory.mktemp(f"{name}-first"))


@pytest.fixture(scope="module")
def retrained(name: str, first: Steps, tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp(f"{name}-retrained")
    source = feed(name, folder / "incoming", ROWS, np.random.default_rng(7), CHANGES[name])
    return run(name, source, folder, first.model)


def test_the_table_is_what_its_script_makes_and_small(name: str) -> None:
    table = models.find(name).table()
    assert table is not None
    assert table.stat().st_size < 100_000
    scope: dict[str, object] = {"__name__": "made", "__file__": str(table)}
    exec((table.with_name("make_table.py")).read_text(), scope)
    made = scope["table"]().to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")  # type: ignore[operator]
    assert made == table.read_text()


def test_the_first_model_is_promoted_against_the_frequencies_of_its_classes(first: Steps) -> None:
    assert first.gate.promoted, first.gate.reasons
    assert first.gate.champion is None
    assert (first.metrics.holdout["roc_auc"] or 0) > 0.9
    assert (first.gate.challenger["log_loss"] or 9) < 0.5 * (first.gate.constant["log_loss"] or 0)


def test_after_a_change_of_outcomes_the_challenger_beats_the_champion(retrained: Steps) -> None:
    assert retrained.parts.data.regime_found
    assert retrained.gate.promoted, retrained.gate.reasons
    assert retrained.gate.over_champion is not None
    assert retrained.gate.over_champion.p_value <= 0.05
    assert retrained.gate.champion is not None
    assert (retrained.gate.challenger["brier"] or 9) < (retrained.gate.champion["brier"] or 0)


def test_a_champion_is_not_replaced_by_itself(name: str, retrained: Steps, tmp_path: Path) -> None:
    from training import evaluate

    decision = evaluate.evaluate(models.find(name), retrained.data, retrained.model, retrained.model)
    assert [reason.split(" (")[0] for reason in decision.reasons] == ["not better than the champion"]


def test_both_versions_are_registered_with_what_others_need(first: Steps, retrained: Steps) -> None:
    registry = Registry()
    assert register(first.model, first.gate, IDS, registry).version == "1"
    assert {"baselines/m/1.parquet", "baselines/m/1.smoke.json", "baselines/m/1.metrics.json"} <= set(registry.log)
    other = register(retrained.model, retrained.gate, type(IDS)("m", "job-2", "t", "p", "", "", ""), registry)
    assert other.version == "2"


def test_the_smoke_test_holds_classes_and_probabilities_that_the_saved_model_repeats(first: Steps) -> None:
    model = model_file.load(first.model)
    smoke = json.loads((first.model / "smoke.json").read_text())
    reply = model.task.reply(model.predict_rows(smoke["request"]["data"]))
    assert reply["predictions"] == smoke["predictions"]
    assert set(smoke["predictions"]) <= set(model.answer.classes)
    assert reply["probabilities"] == [pytest.approx(each, abs=1e-12) for each in smoke["probabilities"]]


def test_what_the_drift_check_needs_is_beside_the_model(first: Steps) -> None:
    baseline = Baseline.from_bytes((first.model / "baseline.parquet").read_bytes())
    assert baseline.rows == first.parts.data.rows["regime"]
    assert first.metrics.holdout_labels is not None
    assert sum(first.metrics.holdout_labels.counts.values()) == len(first.parts.holdout)
    wrong = 1 - (first.metrics.holdout["accuracy"] or 0)
    assert first.metrics.holdout_errors.mean == pytest.approx(wrong)


def test_the_card_shows_classes_metrics_and_the_table_of_right_and_wrong(name: str, first: Steps) -> None:
    card = (first.model / "model_card.md").read_text()
    classes = model_file.load(first.model).answer.classes
    assert f"Classes: {', '.join(classes)}." in card
    assert f"ROC AUC {first.metrics.holdout['roc_auc']:.3g}" in card
    for true, row in zip(classes, first.metrics.confusion, strict=True):
        assert f"| {true} | {' | '.join(map(str, row))} |" in card
    assert "None" not in card
    if name == "breast-cancer":
        assert "`malignant` is predicted from a probability of 0.3" in card
        assert "| referral hospital |" in card


def test_an_old_challenger_repeats_the_old_table_of_right_and_wrong(first: Steps) -> None:
    """The table of right and wrong has all held-out records, and its diagonal is the accuracy."""
    table = np.array(first.metrics.confusion)
    assert table.sum() == len(first.parts.holdout)
    assert np.trace(table) / table.sum() == pytest.approx(first.metrics.holdout["accuracy"])
