"""An endpoint of a model whose columns and classes are named as people name things, and as programs do not expect."""

import json
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import requests

from sandbox.waiting import HANG_SECONDS
from tests.training.examples import run
from tests.training.serving.test_score import Running, serving
from training import models
from training.data.collect import Source

ROWS = 300
NUMBERS = ('size "cm"', "it's", "2nd reading", "a.b.c", "température °C", "back\\slash", "{x}", "$ref", "体重", "class")
CATEGORY, TARGET = 'group "x"', 'outcome "final"'
GROUPS = ('say "hi"', "it's", "3rd", "é.è", "{}")
CLASSES = ('yes "sure"', "1. no", "peut-être é")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """As a new user comes to it: a CSV, `driftloop init`, the steps, the endpoint."""
    folder, rng = tmp_path_factory.mktemp("odd"), np.random.default_rng(1)
    table = pd.DataFrame({name: rng.normal(10, 2, ROWS) for name in NUMBERS})
    table[CATEGORY] = rng.choice(GROUPS, ROWS)
    moved = table[NUMBERS[0]] + 3 * (table[CATEGORY] == GROUPS[0]) + rng.normal(0, 0.3, ROWS)
    table[TARGET] = np.array(CLASSES)[np.digitize(moved, (9.5, 11.5))]
    table['record "id"'] = [f'r"{number:04}' for number in range(ROWS)]
    table["taken at"] = pd.date_range("2026-01-01", periods=ROWS, freq="h").astype(str)
    table.to_csv(folder / "data.csv", index=False)
    asked = [sys.executable, "-m", "driftloop", "init", "data.csv", "--target", TARGET, "--name", "odd", "--yes"]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(models.FOLDER, str(folder / "models"))
        patch.setenv(models.CONFIG, str(folder / "driftloop.toml"))
        steps = run("odd", Source(folder / "data.csv"), folder / "steps")
        with serving(folder, steps.model, "odd") as running:
            yield running


def test_it_answers_what_evaluation_saw(server: Running) -> None:
    answer = server.post(server.smoke["request"])
    assert answer.status_code == 200, server.log.read_text()
    assert answer.json()["predictions"] == server.smoke["predictions"]
    assert [set(each) for each in answer.json()["probabilities"]] == [set(CLASSES)] * len(answer.json()["predictions"])


def test_an_explanation_names_every_column(server: Running) -> None:
    body = {**json.loads(json.dumps(server.smoke["request"])), "explain": True}
    body["data"] = body["data"][:1]
    answer = server.post(body)
    assert answer.status_code == 200, answer.text
    (explained,) = answer.json()["explanations"]
    assert set(explained["contributions"]) == {*NUMBERS, CATEGORY}
    assert explained["output"] in CLASSES


@pytest.mark.parametrize("name", [*NUMBERS, CATEGORY])
def test_a_field_that_is_missing_is_named_as_it_is(server: Running, name: str) -> None:
    body = json.loads(json.dumps(server.smoke["request"]))
    del body["data"][0][name]
    answer = server.post(body)
    assert (answer.status_code, answer.json()["field"], answer.json()["row"]) == (400, name, 0)


@pytest.mark.parametrize("version", ["2", "3"])
def test_swagger_describes_these_fields(server: Running, version: str) -> None:
    told = requests.get(f"{server.url}/swagger.json?version={version}", timeout=HANG_SECONDS)
    assert told.status_code == 200
    text = json.dumps(told.json())
    assert all(json.dumps(name)[1:-1] in text for name in (*NUMBERS, CATEGORY, *GROUPS))
