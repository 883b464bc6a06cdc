"""The shipped examples, trained from their own tables, on the page."""

import hashlib
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from driftloop.events import InService
from function_app.storage.accounts import Storage
from sandbox.world import World
from tests.function_app.practitioners.conftest import SAME, Site
from tests.function_app.scoring.workspace import Workspace
from tests.training.examples import run
from training import model_file, models
from training.data.collect import Source
from training.serving.score import Loaded

pytestmark = pytest.mark.slow
SAID = {
    "diabetes-progression": r"the outcome lies between [\d.,]+ and [\d.,]+",
    "breast-cancer": r"“malignant” is predicted from a probability of 30\.0 % on\. In 90 % of cases .* benign",
    "wine": r"barolo [<>]? ?\d+\.\d %",
}
UNITS = {
    "diabetes-progression": ("Mean blood pressure (mmHg)", "Blood sugar (mg/dl)", "Total cholesterol / HDL"),
    "breast-cancer": ("Mean radius of the cell nuclei (µm)", "Symmetry", "Referred by"),
    "wine": ("Alcohol (%)", "Colour intensity", "Hue"),
}


def trained(name: str, folder: Path) -> Path:
    """The first model of an example."""
    table = models.find(name).table()
    if table is None:
        table = folder / "historic.parquet"
        World().historic().to_parquet(table, index=False)
    return run(name, Source(table), folder).model


@pytest.mark.parametrize("name", sorted(SAID))
def test_the_form_of_an_example_gets_its_prediction(
    name: str, storage: Storage, model_name: str, workspace: Workspace, tmp_path: Path
) -> None:
    folder = trained(name, tmp_path)
    model = model_file.load(folder, models.find(name).settings().trusted)
    workspace.model = Loaded(model, "1", lambda _rows, _reply: None, model_file.population_of(folder))
    content = (folder / model_file.BASELINE).read_bytes()
    pointer = InService(model_name, "1", hashlib.sha256(content).hexdigest(), endpoint=workspace.endpoint)
    baselines = storage.container("baselines")
    baselines.upload_blob(f"{model_name}/1.parquet", content)
    baselines.upload_blob(f"{model_name}/in-service.json", msgspec.json.encode(pointer))
    site = Site(storage, model_name, workspace)
    site.checked()

    form = texts(site.get().get_body())
    for field in UNITS[name]:
        assert field in form
    record = msgspec.json.decode((folder / model_file.SMOKE).read_bytes())["request"]["data"][2]
    entered = {f"m.{key}": "" if value is None else str(value) for key, value in record.items()}
    answer = site.ask("POST", body=urlencode(entered).encode(), headers=SAME)
    said = texts(answer.get_body())
    assert answer.status_code == 200, said
    assert re.search(SAID[name], said)
    assert "Shapley values by sampling" in said
    assert workspace.asked[0]["data"] == [record]


def texts(html: bytes) -> str:
    """What a reader sees."""
    shown = re.sub(r"<(style|script)\b.*?</\1>", " ", html.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
