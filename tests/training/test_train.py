import json

import numpy as np
import pytest

from driftloop.impact.cross_fitted import attached
from driftloop.profile.window import Baseline
from driftloop.sequential.model_error import ErrorMoments
from tests.training.conftest import Trained
from training import model_file


def test_the_first_model_predicts_as_well_as_is_known_to_be_possible(first: Trained) -> None:
    """Linear models reach an RMSE of about 54 on this data (half of the variance of 77^2); 72 records move it by 5."""
    assert (first.metrics.holdout["rmse"] or np.inf) < 62
    assert {score.estimator for score in first.metrics.cross_validated} == {"ridge", "gradient boosting"}


def test_everything_that_goes_with_the_model_is_beside_it(first: Trained) -> None:
    names = {path.name for path in first.model.iterdir()}
    assert names == {
        "model.skops",
        "schema.json",
        "answer.json",
        "metrics.json",
        "baseline.parquet",
        "population.json",
        "smoke.json",
        "holdout.parquet",
        "model_card.md",
    }


def test_the_baseline_is_the_data_of_the_regime_with_the_importance_of_each_feature(retrained: Trained) -> None:
    baseline = Baseline.from_bytes((retrained.model / "baseline.parquet").read_bytes())
    assert baseline.rows == retrained.parts.data.rows["regime"]
    importances = {column.name: column.importance for column in baseline.schema.columns if column.role == "feature"}
    assert importances["bmi"] is not None
    assert importances["bmi"] > 0.1


def test_the_holdout_has_the_errors_that_the_metrics_have_and_no_outcome(first: Trained) -> None:
    holdout = Baseline.from_bytes((first.model / "holdout.parquet").read_bytes())
    names = [column.name for column in holdout.schema.columns]
    assert names == [column.name for column in model_file.load(first.model).schema.features] + ["model_error"]
    errors = holdout.profile.sample.values[:, -1]
    assert errors.mean() == pytest.approx(first.metrics.holdout_errors.mean)


def test_beside_the_holdout_stand_the_cross_validated_errors_of_what_the_model_learnt_from(first: Trained) -> None:
    learnt = attached(Baseline.from_bytes((first.model / "holdout.parquet").read_bytes()))
    assert learnt is not None
    assert learnt.rows == len(first.parts.train), "the first model knows one regime"
    errors = learnt.profile.sample.values[:, -1]
    assert np.mean(errors**2) ** 0.5 == pytest.approx(first.metrics.cross_validated[0].error)


def test_the_smoke_test_repeats_what_the_saved_model_predicts(first: Trained) -> None:
    model = model_file.load(first.model)
    smoke = json.loads((first.model / "smoke.json").read_text())
    assert 3 <= len(smoke["predictions"]) <= 5
    predicted = model.predict_rows(smoke["request"]["data"])
    assert predicted == pytest.approx(smoke["predictions"], rel=1e-12)


def test_the_smoke_test_holds_no_id_time_or_outcome(first: Trained) -> None:
    rows = json.loads((first.model / "smoke.json").read_text())["request"]["data"]
    assert not {"record_id", "recorded_at", "progression"} & set(rows[0])


def test_errors_on_the_holdout_are_kept_for_the_performance_check(first: Trained) -> None:
    errors: ErrorMoments = first.metrics.holdout_errors
    assert errors.rows == len(first.parts.holdout)
    assert errors.mean == pytest.approx(first.metrics.holdout["mae"])


def test_outcomes_of_the_holdout_are_kept_so_that_a_shift_of_labels_can_be_seen(first: Trained) -> None:
    labels = first.metrics.holdout_labels
    assert labels is not None
    assert labels.rows == len(first.parts.holdout)
    assert labels.mean == pytest.approx(float(np.mean(first.parts.holdout["progression"].to_numpy())))


def test_the_card_says_what_a_user_must_know(retrained: Trained) -> None:
    card = (retrained.model / "model_card.md").read_text()
    for heading in ("Model", "Data", "Error on the recent holdout", "Intended use", "Limits"):
        assert f"\n## {heading}\n" in card
    for subgroup in (
        "sex 1",
        "sex 2",
        "age < 40",
        "age 40 to 60",
        "age >= 60",
        "bmi < 25",
        "bmi 25 to 30",
        "bmi >= 30",
    ):
        assert f"| {subgroup} |" in card
    assert retrained.parts.data.sha256 in card
    assert f"RMSE {retrained.metrics.holdout['rmse']:.3g}" in card


def test_subgroups_cover_the_holdout(first: Trained) -> None:
    for column in ("sex", "age", "bmi"):
        covered = sum(found.n for name, found in first.metrics.subgroups.items() if name.split()[0] == column)
        assert covered == len(first.parts.holdout)


def test_the_retrained_model_trusts_the_new_regime_more(retrained: Trained) -> None:
    assert retrained.metrics.older_weight < 1.0
    assert np.isfinite(retrained.metrics.constant).all()
