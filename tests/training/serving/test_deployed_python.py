"""A model that this Python trained and saved, served by the Python that is deployed."""

import json
from pathlib import Path

import pytest

from tests.deployed_python import DEPLOYED, needs_deployed
from tests.training.examples import run
from tests.training.serving.test_score import serving
from training import models
from training.data.collect import Source


@needs_deployed
@pytest.mark.parametrize("name", ["breast-cancer", "wine"])
def test_it_gives_the_very_predictions_that_evaluation_saw(name: str, tmp_path: Path) -> None:
    table = models.find(name).table()
    assert table is not None
    model = run(name, Source(table), tmp_path / "steps").model
    with serving(tmp_path / "server", model, name, DEPLOYED) as server:
        answer = server.post(server.smoke["request"])
    assert answer.status_code == 200, server.log.read_text()
    assert answer.json()["predictions"] == server.smoke["predictions"]
    expected = json.loads((model / "smoke.json").read_text())["probabilities"]
    assert answer.json()["probabilities"] == [pytest.approx(each, abs=1e-12) for each in expected]
