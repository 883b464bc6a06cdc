"""score.py in the server that managed online endpoints run."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import requests

from sandbox.waiting import HANG_SECONDS, wait_until
from tests.training.conftest import MODEL, Trained
from training import snapshot
from training.serving.request_format import LARGEST_EXPLAINED

SMALL = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/")}


@dataclass(frozen=True)
class Running:
    """The server's address, what it logged, and the smoke test's request."""

    url: str
    log: Path
    smoke: dict[str, object]

    def post(self, body: object) -> requests.Response:
        return requests.post(f"{self.url}/score", json=body, timeout=HANG_SECONDS)


def start(
    folder: Path, model: Path, port: int, name: str = MODEL, python: str | Path = sys.executable
) -> subprocess.Popen[bytes]:
    root = snapshot.write(folder / "code", name)
    environment = {
        **SMALL,
        "AML_APP_ROOT": str(root),
        "AZUREML_ENTRY_SCRIPT": "training/serving/score.py",
        "AZUREML_MODEL_DIR": str(model),
        "DRIFTLOOP_MODEL_VERSION": "7",
    }
    command = [
        str(python),
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        "azureml_inference_server_http.server.entry:app",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=HANG_SECONDS).ok
    except requests.ConnectionError:
        return False


@contextmanager
def serving(folder: Path, model: Path, name: str = MODEL, python: str | Path = sys.executable) -> Iterator[Running]:
    """The server with one model, until the block ends."""
    shutil.copytree(model, folder / "registered" / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start(folder, folder / "registered", port, name, python)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(url), "the server's start", pause=0.1)
        assert process.poll() is None, (folder / "log").read_text()
        yield Running(url, folder / "log", json.loads((model / "smoke.json").read_text()))
    finally:
        process.terminate()
        process.wait(HANG_SECONDS)


@pytest.fixture(scope="module")
def server(first: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("server"), first.model) as running:
        yield running


def test_it_answers_what_evaluation_saw_and_which_version_it_is(server: Running) -> None:
    answer = server.post(server.smoke["request"])
    assert answer.status_code == 200
    assert answer.json()["predictions"] == pytest.approx(server.smoke["predictions"], rel=1e-9)
    assert answer.json()["model_version"] == "7"
    for prediction, (low, high) in zip(answer.json()["predictions"], answer.json()["intervals"], strict=True):
        assert low < prediction < high


def test_a_wrong_field_gets_400_and_its_name(server: Running) -> None:
    rows = json.loads(json.dumps(server.smoke["request"]))
    del rows["data"][2]["bmi"]
    answer = server.post(rows)
    assert (answer.status_code, answer.json()) == (400, {"error": "field 'bmi' is missing", "field": "bmi", "row": 2})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1,", b"null", b"[" * 100_000])
def test_what_is_not_json_gets_400(server: Running, body: bytes) -> None:
    assert requests.post(f"{server.url}/score", data=body, timeout=HANG_SECONDS).status_code == 400


def test_a_get_is_told_to_post(server: Running) -> None:
    assert requests.get(f"{server.url}/score", timeout=HANG_SECONDS).status_code == 405


def test_a_batch_is_scored_in_one_go_and_many_at_a_time_agree(server: Running) -> None:
    row = server.smoke["request"]["data"][0]  # type: ignore[index]
    many = server.post({"data": [row] * 2000}).json()["predictions"]
    assert len(many) == 2000
    assert len(set(many)) == 1
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.post({"data": [row]}).json()["predictions"][0], range(40)))
    assert answers == pytest.approx([many[0]] * 40)


def test_no_value_is_logged(server: Running) -> None:
    row = {**server.smoke["request"]["data"][0], "bmi": 87.654321}  # type: ignore[index]
    server.post({"data": [row]})
    server.post({"data": [{**row, "sex": "87.654321"}]})
    assert "87.654321" not in server.log.read_text()


@pytest.mark.parametrize("version", ["2", "3"])
def test_swagger_describes_the_request_that_is_accepted(server: Running, version: str) -> None:
    document = requests.get(f"{server.url}/swagger.json?version={version}", timeout=HANG_SECONDS).json()
    schemas = document["definitions"] if version == "2" else document["components"]["schemas"]
    where = "#/definitions" if version == "2" else "#/components/schemas"
    accepted, answered, refused = (
        {**document, "$ref": f"{where}/{name}"} for name in ("ServiceInput", "ServiceOutput", "ServiceError")
    )
    example = schemas["ServiceInput"]["example"]
    jsonschema.validate(example, accepted)
    jsonschema.validate(server.smoke["request"], accepted)
    answer = server.post(example)
    assert answer.status_code == 200
    jsonschema.validate(answer.json(), answered)
    refusal = server.post({"data": []})
    jsonschema.validate(refusal.json(), refused)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"data": [{"bmi": 1}]}, accepted)


def test_a_model_that_cannot_be_loaded_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    process = start(tmp_path, tmp_path / "empty", 0)
    assert process.wait(HANG_SECONDS) != 0
    assert "holds no model.skops" in (tmp_path / "log").read_text()


def test_an_explained_answer_adds_what_drove_it_and_how_unlike_the_population_it_is(server: Running) -> None:
    plain = server.post(server.smoke["request"]).json()
    said = server.post({**server.smoke["request"], "explain": True}).json()
    assert {name: said[name] for name in plain} == plain
    for prediction, why, unlike in zip(said["predictions"], said["explanations"], said["novelty"], strict=True):
        assert why["typical"] + sum(why["contributions"].values()) == pytest.approx(prediction)
        assert why["output"] == "prediction"
        assert 0 < unlike["p_value"] <= 1
        assert unlike["level"] == 0.01
        assert unlike["records"] >= 100, "enough of the first model's records to reach the level"
    document = requests.get(f"{server.url}/swagger.json?version=3", timeout=HANG_SECONDS).json()
    jsonschema.validate(said, {**document, "$ref": "#/components/schemas/ServiceOutput"})


def test_a_patient_unlike_all_others_is_told_and_one_like_them_is_not(server: Running) -> None:
    ordinary = server.smoke["request"]["data"][2]  # type: ignore[index]
    odd = {**ordinary, "bmi": 110.0, "s6": 1400.0}
    said = server.post({"data": [ordinary, odd], "explain": True}).json()
    assert [one["unlike"] for one in said["novelty"]] == [False, True]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"explain": "yes"}, "explain"), ({"explain": 1}, "explain"), ({"why": True}, "data")],
)
def test_a_wrong_wish_is_refused_by_name(server: Running, change: dict[str, object], field: str) -> None:
    answer = server.post({**server.smoke["request"], **change})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_only_a_few_records_are_explained_at_a_time(server: Running) -> None:
    row = server.smoke["request"]["data"][0]  # type: ignore[index]
    answer = server.post({"data": [row] * (LARGEST_EXPLAINED + 1), "explain": True})
    assert (answer.status_code, answer.json()["field"]) == (400, "explain")


def test_missing_measurements_are_explained_too(server: Running) -> None:
    row = server.smoke["request"]["data"][0]  # type: ignore[index]
    said = server.post({"data": [dict.fromkeys(row)], "explain": True}).json()
    assert len(said["explanations"][0]["contributions"]) == len(row)
    assert said["novelty"][0]["unlike"] is True, "no record of the population lacks everything"
