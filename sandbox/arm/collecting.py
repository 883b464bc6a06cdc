"""The data collector's sidecar: what a scoring script hands to `azureml-ai-monitoring` is appended to storage.

A line is a CloudEvent, as in Azure; the files are
`modelDataCollector/ENDPOINT/DEPLOYMENT/COLLECTION/yyyy/MM/dd/HH/INSTANCE.jsonl` in the default datastore. As in Azure,
requests that come close in time may share a line, and inputs and outputs are grouped separately. It happens by chance,
with a seed. A shared line has the head of its first request.
"""

import json
import random
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
HELD_BACK = 0.5  # the chance that a request waits for the next one
HOLD_SECONDS = 0.2  # and how long it waits at most: Azure waits longer, and a test should not


Received = tuple[Mapping[str, str], list[Any]]


class Sidecar:
    """One for each deployment that collects; `variables()` tell the scoring process where it listens."""

    def __init__(
        self, shop: Workshop, endpoint: str, deployment: str, collections: Mapping[str, Json], seed: int = 442
    ) -> None:
        self._shop = shop
        self._source = shop.scope.resource_id("onlineEndpoints", endpoint, "deployments", deployment)
        self._folder = f"modelDataCollector/{endpoint}/{deployment}"
        self._instance = uuid.uuid4().hex
        self._collections = {name.lower(): settings for name, settings in collections.items()}
        self._random = random.Random(seed)
        self._held: dict[str, list[Received]] = {}
        self._timers: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()
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
        """Stop listening, and write what waits; harmless when repeated."""
        self._server.stop()
        with self._lock:
            for kind in list(self._held):
                self._write(kind)

    async def _take(self, request: Request) -> Response:
        await run_in_threadpool(self._keep, dict(request.headers), json.loads(await request.body()))
        return Response(status_code=200)

    def _keep(self, headers: Mapping[str, str], rows: list[Any]) -> None:
        kind = headers.get("ce-type", "")
        with self._lock:
            self._held.setdefault(kind, []).append((headers, rows))
            if self._random.random() >= HELD_BACK:
                self._write(kind)
            elif kind not in self._timers:
                self._timers[kind] = threading.Timer(HOLD_SECONDS, self._release, [kind])
                self._timers[kind].daemon = True
                self._timers[kind].start()

    def _release(self, kind: str) -> None:
        with self._lock:
            self._write(kind)

    def _write(self, kind: str) -> None:
        """All that waits, as one line."""
        if (timer := self._timers.pop(kind, None)) is not None:
            timer.cancel()
        held = self._held.pop(kind, [])
        if not held:
            return
        headers, rows = held[0][0], [row for _, more in held for row in more]
        body = json.dumps(rows)
        at = datetime.fromtimestamp(int(headers["ce-time"]), UTC)
        line = {
            "specversion": "1.0",
            "id": headers.get("trace-id") or str(uuid.uuid4()),
            "source": self._source,
            "type": kind,
            "datacontenttype": "application/json",
            "time": format_time(at),
            "data": rows,
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
