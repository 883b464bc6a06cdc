"""What the endpoint runs: `azureml-inference-server-http` calls init() once and run() for each request.

`POST /score` with `{"data": [{feature: value, ...}, ...]}` answers `{"predictions": [...], "model_version": "3"}`; a
request that does not fit the model's schema gets 400 and the field's name. No value is ever logged. Where
DRIFTLOOP_COLLECT_DATA is true, Azure ML's data collector writes inputs and outputs to the workspace's storage.
"""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

# The server loads this file by its path; the packages beside it are importable only from the snapshot's root.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from driftloop.data.schema import Schema
from training import features, model_file
from training.serving import collector, openapi, request_format

logger = logging.getLogger("driftloop.score")
Collect = Callable[[list[dict[str, Any]], list[float]], None]


@dataclass(frozen=True)
class Loaded:
    """The model in this process."""

    model: Any
    schema: Schema
    version: str
    collect: Collect


_loaded: Loaded | None = None


def init() -> None:
    """Load the model below AZUREML_MODEL_DIR, once, and describe the interface in swagger.json."""
    global _loaded  # noqa: PLW0603  the server's contract: init() prepares what run() uses
    model, schema = model_file.load(Path(os.environ["AZUREML_MODEL_DIR"]))
    version = os.environ.get("DRIFTLOOP_MODEL_VERSION", "")
    _loaded = Loaded(model, schema, version, collector.make(os.environ, schema))
    model.predict(features.matrix_of(request_format.rows(request_format.example(schema), schema), schema))
    if root := os.environ.get("AML_APP_ROOT"):
        openapi.write(Path(root), schema)
    _log("model loaded", version=version, features=len(features.inputs(schema)))


@rawhttp  # type: ignore[untyped-decorator]
def run(request: AMLRequest) -> AMLResponse:
    """Score a batch of records."""
    assert _loaded is not None, "init() has not run"
    if request.method != "POST":
        return AMLResponse({"error": "send records by POST", "field": "data"}, 405, json_str=True)
    try:
        rows = request_format.rows(_decoded(request.get_data()), _loaded.schema)
    except request_format.RequestError as error:
        _log("request refused", field=error.body["field"])
        return AMLResponse(error.body, 400, json_str=True)
    predictions = [float(value) for value in _loaded.model.predict(features.matrix_of(rows, _loaded.schema))]
    _loaded.collect(rows, predictions)
    return AMLResponse({"predictions": predictions, "model_version": _loaded.version}, 200, json_str=True)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise request_format.RequestError("the body is not JSON", "data") from None


def _log(event: str, **fields: Any) -> None:
    logger.info(msgspec.json.encode({"event": event, **fields}).decode())
