"""`retrain_when`: a drift that does the model no harm is reported and held, against Azurite."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftloop.config.models import parse
from driftloop.errors import ConfigError
from driftloop.impact.holdout import build_holdout
from driftloop.ledger.drifts import DriftState
from driftloop.sequential.model_error import Performance
from function_app.checks.holding import hold_of
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    Clinic = Any


def register_holdout(clinic: "Clinic", *, grows: float = 0.0) -> None:
    """A holdout of the version in service; `grows`: the log of the error grows so much a standard deviation of bmi."""
    pointer = ModelBlobs(clinic.storage, clinic.name).in_service()
    schema = ModelBlobs(clinic.storage, clinic.name).baseline(pointer).schema
    table = clinic.rows(1200)
    errors = np.exp(grows * (table["bmi"].to_numpy() - 26) / 4) * clinic.dice.uniform(0.9, 1.1, 1200)
    content = build_holdout(table, errors, schema).to_bytes()
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.holdout.parquet", content, overwrite=True)


def test_by_default_a_drift_says_its_impact_and_retrains(clinic: "Clinic") -> None:
    clinic.deploy()
    register_holdout(clinic)
    clinic.land(clinic.rows(200, shift=0.6))
    check = clinic.check()
    assert any(reason.startswith("estimated error: ") for reason in check.reasons)
    assert any("labels alone" in reason for reason in check.reasons)
    assert clinic.drift().state is DriftState.CONFIRMED


def test_a_harmless_drift_is_held_and_goes_out_once_the_model_suffers(clinic: "Clinic") -> None:
    clinic.configure(retrain_when="impact")
    clinic.deploy()
    register_holdout(clinic)
    clinic.land(clinic.rows(200, shift=0.6), "one.parquet")
    check = clinic.check()
    drift = clinic.drift()
    assert (check.verdict, drift.state, clinic.target.sent) == ("drift", DriftState.HELD, [])
    assert "is tolerated (retrain_when = impact)" in drift.history[-1].note
    register_holdout(clinic, grows=0.5)
    clinic.land(clinic.rows(200, shift=0.6), "two.parquet")
    clinic.check()
    assert clinic.drift().state is DriftState.CONFIRMED
    assert clinic.state().hold is None


def test_a_drift_that_harms_the_model_or_cannot_be_judged_is_sent(clinic: "Clinic") -> None:
    clinic.configure(retrain_when="impact")
    clinic.deploy()
    register_holdout(clinic)
    clinic.land(clinic.rows(200, shift=4.0))
    check = clinic.check()
    assert any("cannot be estimated" in reason for reason in check.reasons)
    assert clinic.drift().state is DriftState.CONFIRMED


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_without_a_holdout_that_can_be_read_nothing_is_held(clinic: "Clinic", content: bytes | None) -> None:
    clinic.configure(retrain_when="impact")
    clinic.deploy()
    if content is not None:
        clinic.storage.container("baselines").upload_blob(f"{clinic.name}/1.holdout.parquet", content)
    clinic.land(clinic.rows(200, shift=0.6))
    assert clinic.check().verdict == "drift"
    assert clinic.drift().state is DriftState.CONFIRMED


def test_labels_decide_where_they_are_asked_to(clinic: "Clinic") -> None:
    import msgspec

    clinic.configure(retrain_when="labels")
    clinic.deploy()
    clinic.land(clinic.rows(200, shift=2.0))
    clinic.check()
    assert clinic.drift().state is DriftState.HELD
    assert "labels have not shown" in clinic.drift().history[-1].note
    grown = msgspec.json.encode(Performance(degraded=True)).decode()
    assert hold_of(clinic.model, None, grown) is None
    clinic.ledger.commit(msgspec.structs.replace(clinic.state(), performance=grown))
    clinic.land(clinic.rows(200, shift=2.0), "two.parquet")
    clinic.check()
    assert clinic.drift().state is DriftState.CONFIRMED


@pytest.mark.parametrize("entry", [{"retrain_when": "never"}, {"impact_tolerance": 0.0}])
def test_a_setting_that_means_nothing_is_one_line(entry: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        parse({"model": [{"name": "m", **entry}]})
