"""Azure ML's data plane as far as the SDK uses it: run history, logs, and where a run's outputs lie."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.arm.runs import Runs
from sandbox.arm.storage import Location
from sandbox.arm.wire import Answer, Call, Json, now


class History:
    """Runs as the run history shows them."""

    def __init__(self, runs: Runs, artifact_container: str) -> None:
        self._runs = runs
        self._artifact_container = artifact_container

    def run(self, call: Call) -> Answer:
        """One run."""
        return Answer(self._runs.history(self._runs.require(call["run"])))

    def details(self, call: Call) -> Answer:
        """One run with its error and the addresses of its logs."""
        return Answer(self._runs.details(self._runs.require(call["run"])))

    def children(self, call: Call) -> Answer:
        """The steps of a pipeline job."""
        parent = self._runs.require(call["run"])
        return Answer({"value": [self._runs.history(child) for child in self._runs.children(parent)]})

    def change(self, call: Call) -> Answer:
        """Merge tags and properties, set names, hide: what the studio does."""
        run = self._runs.require(call["run"])
        changed: Json = {key: call.body[key] for key in ("displayName", "description") if call.body.get(key)}
        for key in ("tags", "properties"):
            if call.body.get(key):
                changed[key] = {**(run.properties.get(key) or {}), **call.body[key]}
        if call.body.get("hidden") is not None:
            changed["isArchived"] = call.body["hidden"]
        run.properties = {**run.properties, **changed}
        return Answer(self._runs.history(run))

    def data(self, call: Call) -> Answer:
        """A run and its outputs' asset ids."""
        run = self._runs.require(str(call.body.get("runId")))
        return Answer({"runMetadata": self._runs.history(run), "runDefinition": {}, "jobSpecification": {}})

    def data_uris(self, call: Call) -> Answer:
        """The datastore URIs of data assets that were written by runs."""
        return Answer({"values": {name: {"uri": self._uri(name), "type": "UriFolder"} for name in _names(call)}})

    def model_uris(self, call: Call) -> Answer:
        """The same for outputs of type model."""
        return Answer({"values": {name: {"path": self._uri(name), "type": "CUSTOM"} for name in _names(call)}})

    def log_route(self) -> Route:
        """Logs, while they are written; the address holds a key instead of asking for a token, as a SAS does."""

        async def answer(request: Request) -> Response:
            run = self._runs.get(request.path_params["run"])
            if run is None or request.path_params["key"] != run.log_key or request.path_params["name"] != run.log_name:
                return PlainTextResponse("The specified blob does not exist.", 404)
            return PlainTextResponse(_text(run.log))

        return Route("/logs/{run}/{key}/{name:path}", answer, methods=["GET"])

    def _uri(self, asset: str) -> str:
        run, output = self._runs.of_asset(asset)
        if output == "default":
            return self._runs.uri(Location(self._artifact_container, run.artifacts))
        return self._runs.uri(run.outputs[output].place) + "/"


def _names(call: Call) -> list[str]:
    return [str(name) for name in call.body.get("values") or []]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else f"[{now()}] no output yet\n"
