"""The data collector's sidecar: what a scoring script hands to `azureml-ai-monitoring` is appended to storage.

A line is a CloudEvent, as in Azure; the files are
`modelDataCollector/ENDPOINT/DEPLOYMENT/COLLECTION/yyyy/MM/dd/HH/INSTANCE.jsonl` in the default datastore.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from driftloop.times import format_time
from sandbox.arm.storage import Location
from sandbox.arm.wire import Json
from sandbox.arm.workshop import Workshop
from sandbox.serving import Server

_PREFIX = "azureml.inference."


class Sidecar:
    """One for each deployment that collects; `variables()` tell the scoring process where it listens."""

    def __init__(self, shop: Workshop, endpoint: str, deployment: str, collections: Mapping[str, Json]) -> None:
        self._shop = shop
        self._source = shop.scope.resource_id("onlineEndpoints", endpoint, "deployments", deployment)
        self._folder = f"modelDataCollector/{endpoint}/{deployment}"
        self._instance = uuid.uuid4().hex
        self._collections = {name.lower(): settings for name, settings in collections.items()}
        self._server = Server(Starlette(routes=[Route("/modeldata/log", self._take, methods=["POST"])]))

    def start(self, folder: Path) -> dict[str, str]:
        """Listen; the variables of the scoring process, whose configuration is written to `folder`."""
        configured = {
            name: {
                "enabled": str(settings.get("dataCollectionMode")).lower() == "enabled",
                "sampleRatePercentage": round(100 * float(settings.get("samplingRate") or 1)),
            }
            for name, settings in self._collections.items()
        }
        file = folder / "mdc-config.json"
        file.write_text(json.dumps({"runMode": "cloud", "collections": configured}), encoding="utf-8")
        self._server.start()
        return {
            "AZUREML_MDC_CONFIG_PATH": str(file),
            "AZUREML_MDC_HOST": "127.0.0.1",
            "AZUREML_MDC_PORT": str(self._server.port),
        }

    def stop(self) -> None:
        """Stop listening; harmless when repeated."""
        self._server.stop()

    async def _take(self, request: Request) -> Response:
        await run_in_threadpool(self._keep, dict(request.headers), await request.body())
        return Response(status_code=200)

    def _keep(self, headers: Mapping[str, str], body: bytes) -> None:
        kind = headers.get("ce-type", "")
        at = datetime.fromtimestamp(int(headers["ce-time"]), UTC)
        line = {
            "specversion": "1.0",
            "id": headers.get("trace-id") or str(uuid.uuid4()),
            "source": self._source,
            "type": kind,
            "datacontenttype": "application/json",
            "time": format_time(at),
            "data": json.loads(body),
            "contentrange": f"bytes 0-{max(len(body) - 1, 0)}/{len(body)}",
            "correlationid": headers.get("ce-x-request-id"),
            "xrequestid": headers.get("ce-x-request-id"),
            "modelversion": headers.get("ce-model-version", "default"),
            "collectdatatype": headers.get("ce-collect-data-type"),
            "agent": headers.get("ce-agent"),
        }
        container = self._shop.storage.datastores["workspaceblobstore"]
        path = f"{self._folder}/{kind.removeprefix(_PREFIX)}/{at:%Y/%m/%d/%H}/{self._instance}.jsonl"
        self._shop.storage.append(Location(container, path), json.dumps(line).encode() + b"\n")
