"""What the endpoint runs: `azureml-inference-server-http` calls init() once and run() for each request.

`POST /score` with `{"data": [{feature: value, ...}, ...]}` answers `{"predictions": [...], "model_version": "3"}`, and
beside them `intervals` of a number, or `probabilities` by class and prediction `sets`; a request that does not fit the
model's schema gets 400 and the field's name. No value is ever logged. Where DRIFTLOOP_COLLECT_DATA is true, Azure ML's
data collector writes inputs and outputs to the workspace's storage.
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
from training.serving import collector, openapi, request_format

logger = logging.getLogger("driftloop.score")


@dataclass(frozen=True)
class Loaded:
    """The model in this process."""

    model: SavedModel
    version: str
    collect: collector.Collect

    def reply(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """What is answered to validated records."""
        return self.model.task.reply(self.model.predict_rows(rows))


_loaded: Loaded | None = None


def init() -> None:
    """Load the model below AZUREML_MODEL_DIR, once, and describe the interface in swagger.json."""
    global _loaded  # noqa: PLW0603  the server's contract: init() prepares what run() uses
    folder = models.only()
    own.module(folder)  # its classes must be known before a model that has some is loaded
    model = model_file.load(Path(os.environ["AZUREML_MODEL_DIR"]), folder.settings().trusted)
    version = os.environ.get("DRIFTLOOP_MODEL_VERSION", "")
    _loaded = Loaded(model, version, collector.make(os.environ, model.schema))
    _loaded.reply(request_format.rows(request_format.example(model.schema), model.schema))
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
        rows = request_format.rows(_decoded(request.get_data()), _loaded.model.schema)
    except request_format.RequestError as error:
        _log("request refused", field=error.body["field"])
        return AMLResponse(error.body, 400, json_str=True)
    reply = _loaded.reply(rows)
    _loaded.collect(rows, reply)
    return AMLResponse({**reply, "model_version": _loaded.version}, 200, json_str=True)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        raise request_format.RequestError("the body is not JSON", "data") from None


def _log(event: str, **fields: Any) -> None:
    logger.info(msgspec.json.encode({"event": event, **fields}).decode())
