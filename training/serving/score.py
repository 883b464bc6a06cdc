"""What the endpoint runs: `azureml-inference-server-http` calls init() once and run() for each request.

`POST /score` with `{"data": [{feature: value, ...}, ...]}` answers `{"predictions": [...], "model_version": "3"}`.
Beside them stand `intervals` of a number, or `probabilities` by class and prediction `sets`. A request that does not
fit the model's schema gets 400 and the field's name. No value is ever logged. Where DRIFTLOOP_COLLECT_DATA is true,
Azure ML's data collector writes inputs and outputs to the workspace's storage.

With `"explain": true` the answer also holds `explanations` (what drove each prediction). It holds `novelty` too: how
unlike the population that the model is meant for each record is. Such a request is a person's who looks at one record,
and is never collected. What is tried out is no part of the feed that is watched.
"""

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

# The server loads this file by its path; the packages beside it are importable only from the snapshot's root.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from driftloop.validation import UNREADABLE
from training import features, model_file, models
from training.learning import own
from training.model_file import SavedModel
from training.population.novelty import novelty
from training.population.summary import Population
from training.serving import collector, openapi, request_format
from training.serving.explaining import Explanation, explain, reading_of

logger = logging.getLogger("driftloop.score")


@dataclass(frozen=True)
class Loaded:
    """The model in this process."""

    model: SavedModel
    version: str
    collect: collector.Collect
    population: Population | None = None

    def reply(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """What is answered to validated records."""
        return self.model.task.reply(self.model.predict_rows(rows))

    def explained(self, rows: list[dict[str, Any]], reply: dict[str, Any]) -> dict[str, Any]:
        """The same with how to read it, what drove each answer, and how unlike the population each record is. None for
        a version that was trained without one.
        """
        reply = {**reply, "reading": msgspec.to_builtins(reading_of(self.model.answer))}
        if self.population is None:
            return {**reply, "explanations": [None] * len(rows), "novelty": [None] * len(rows)}
        values = features.matrix_of(rows, self.model.schema)
        said = [self._explained(record, answer) for record, answer in zip(values, reply["predictions"], strict=True)]
        return {
            **reply,
            "explanations": msgspec.to_builtins(said),
            "novelty": msgspec.to_builtins(novelty(self.population, values)),
        }

    def _explained(self, record: Any, predicted: Any) -> Explanation:
        """Of classes, the positive one's probability; of several, that of the one that was predicted."""
        assert self.population is not None
        model, answer = self.model, self.model.answer
        output = "prediction" if not answer.classes else answer.positive or str(predicted)

        def predict(values: Any) -> Any:
            said = model.predict_matrix(values)
            return said[:, answer.classes.index(output)] if answer.classes else said

        names = [column.name for column in features.inputs(model.schema)]
        return explain(record, self.population.typical, names, output, predict)


_loaded: Loaded | None = None


def init() -> None:
    """Load the model below AZUREML_MODEL_DIR, once, and describe the interface in swagger.json."""
    global _loaded  # noqa: PLW0603  the server's contract: init() prepares what run() uses
    folder = models.only()
    own.module(folder)  # its classes must be known before a model that has some is loaded
    place = Path(os.environ["AZUREML_MODEL_DIR"])
    model = model_file.load(place, folder.settings().trusted)
    version = os.environ.get("DRIFTLOOP_MODEL_VERSION", "")
    collect = collector.make(os.environ, model.schema)
    _loaded = Loaded(model, version, collect, model_file.population_of(place))
    rows = request_format.rows(request_format.example(model.schema), model.schema)
    _loaded.explained(rows, _loaded.reply(rows))
    if root := os.environ.get("AML_APP_ROOT"):
        openapi.write(Path(root), model.schema, model.answer)
    _log("model loaded", version=version, features=len(features.inputs(model.schema)))


@rawhttp  # type: ignore[untyped-decorator]
def run(request: AMLRequest) -> AMLResponse:
    """Score a batch of records."""
    assert _loaded is not None, "init() has not run"
    if request.method != "POST":
        return AMLResponse({"error": "send records by POST", "field": "data"}, 405, json_str=True)
    try:
        payload = _decoded(request.get_data())
        rows = request_format.rows(payload, _loaded.model.schema)
    except request_format.RequestError as error:
        _log("request refused", field=error.body["field"])
        return AMLResponse(error.body, 400, json_str=True)
    reply: dict[str, Any] = _loaded.reply(rows)
    if request_format.is_explained(payload):
        reply = _loaded.explained(rows, reply)
    else:
        _loaded.collect(rows, reply)
    return AMLResponse({**reply, "model_version": _loaded.version}, 200, json_str=True)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        raise request_format.RequestError("the body is not JSON", "data") from None


def _log(event: str, **fields: Any) -> None:
    logger.info(msgspec.json.encode({"event": event, **fields}).decode())
