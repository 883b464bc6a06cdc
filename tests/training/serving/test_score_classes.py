"""score.py answers for a model with classes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import requests

from driftloop.errors import InputError
from sandbox.waiting import HANG_SECONDS
from tests.training.examples import run
from tests.training.serving.test_score import Running, serving
from training import model_file, models
from training.data.collect import Source


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = models.find("breast-cancer").table()
    assert table is not None
    return run("breast-cancer", Source(table), tmp_path_factory.mktemp("clinic")).model


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("server"), model, "breast-cancer") as running:
        yield running


def test_it_answers_classes_their_probabilities_and_the_sets_that_hold_the_true_one(
    server: Running, model: Path
) -> None:
    answer = model_file.answer_of(model)
    assert answer is not None
    assert answer.margin is not None
    said = server.post(server.smoke["request"]).json()
    assert said["predictions"] == server.smoke["predictions"]
    assert said["probabilities"] == [pytest.approx(each, abs=1e-9) for each in server.smoke["probabilities"]]  # type: ignore[attr-defined]
    for probabilities, classes in zip(said["probabilities"], said["sets"], strict=True):
        assert classes == [name for name, p in probabilities.items() if 1 - p <= answer.margin]
    assert said["model_version"] == "7"


@pytest.mark.parametrize("version", ["2", "3"])
def test_swagger_describes_the_answer(server: Running, version: str) -> None:
    document = requests.get(f"{server.url}/swagger.json?version={version}", timeout=HANG_SECONDS).json()
    where = "#/definitions" if version == "2" else "#/components/schemas"
    answered = {**document, "$ref": f"{where}/ServiceOutput"}
    said = server.post(server.smoke["request"]).json()
    jsonschema.validate(said, answered)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**said, "predictions": ["unsure"]}, answered)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: value for name, value in said.items() if name != "sets"}, answered)


def test_what_is_explained_is_the_probability_of_the_positive_class(server: Running) -> None:
    said = server.post({**server.smoke["request"], "explain": True}).json()
    for probabilities, why in zip(said["probabilities"], said["explanations"], strict=True):
        assert why["output"] == "malignant"
        assert why["typical"] + sum(why["contributions"].values()) == pytest.approx(probabilities["malignant"])
    document = requests.get(f"{server.url}/swagger.json?version=3", timeout=HANG_SECONDS).json()
    jsonschema.validate(said, {**document, "$ref": "#/components/schemas/ServiceOutput"})


def test_a_version_of_before_there_was_a_population_says_none(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "old")
    (tmp_path / "old" / model_file.POPULATION).unlink()
    assert model_file.population_of(tmp_path / "old") is None
    (tmp_path / "old" / model_file.POPULATION).write_text("[]")
    with pytest.raises(InputError, match="register the model again"):
        model_file.population_of(tmp_path / "old")
