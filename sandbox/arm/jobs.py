"""Jobs as Resource Manager shows them: submit, look, list, cancel."""

import threading
from collections.abc import Mapping

from sandbox.arm.faults import Faults
from sandbox.arm.graph import read_graph
from sandbox.arm.operations import Operations
from sandbox.arm.pipeline import Pipeline
from sandbox.arm.reuse import Memory
from sandbox.arm.runs import FINAL, Run
from sandbox.arm.wire import Answer, ArmError, Call, Json, not_found
from sandbox.arm.workshop import Workshop
from sandbox.waiting import HANG_SECONDS

_CHANGEABLE = ("displayName", "description", "tags", "properties", "isArchived")
_EXISTS = (
    "A job with this name already exists. If you are trying to submit a new job, use a different name. If you are "
    "trying to update an existing job, only its description, displayName, tags and isArchived can be updated."
)


class Jobs:
    """Pipeline jobs; other kinds of jobs are refused."""

    def __init__(self, shop: Workshop, operations: Operations, faults: Faults) -> None:
        self._shop = shop
        self._operations = operations
        self._faults = faults
        self._memory = Memory()
        self._pipelines: dict[str, Pipeline] = {}
        self._sent: dict[str, Json] = {}
        self._lock = threading.Lock()

    def put(self, call: Call) -> Answer:
        """Submit a job (201), or change what may change of one that exists (200)."""
        name, properties = call["name"], call.body.get("properties", {})
        with self._lock:
            known = self._shop.runs.get(name)
            if known is not None:
                return self._update(known, properties)
            if properties.get("jobType") != "Pipeline":
                raise ArmError(
                    400, "UserError", f"The sandbox plays pipeline jobs only, not {properties.get('jobType')}."
                )
            steps = read_graph(properties, self._specs())
            nodes = min((self._shop.workspace.nodes(step.compute) for step in steps.values()), default=1)
            root = Run(name=name, properties=properties, folder=self._shop.folder / "runs" / name)
            self._shop.runs.add(root)
            self._sent[name] = properties
            self._pipelines[name] = Pipeline(self._shop, self._memory, self._faults, root, steps, nodes)
        answer = Answer(self._shop.runs.arm(root), 201)
        self._pipelines[name].start()
        return answer

    def get(self, call: Call) -> Answer:
        """One job."""
        return Answer(self._shop.runs.arm(self._require(call["name"])))

    def list(self, call: Call) -> Answer:
        """Pipeline jobs, newest first; plays `tag` and `listViewType`."""
        view = call.query.get("listViewType", "ActiveOnly")
        wanted = call.query.get("tag", "")
        rows = []
        for run in reversed(self._shop.runs.roots()):
            archived = bool(run.properties.get("isArchived"))
            tags: Mapping[str, str] = run.properties.get("tags") or {}
            key, _, value = wanted.partition("=")
            if (view == "All" or archived == (view == "ArchivedOnly")) and (
                not wanted or (key in tags and (not value or tags[key] == value))
            ):
                rows.append(self._shop.runs.arm(run))
        return Answer({"value": rows})

    def cancel(self, call: Call) -> Answer:
        """Stop a job. One that has ended already cannot be cancelled: 400."""
        run = self._require(call["name"])
        pipeline = self._pipelines.get(run.name)
        if pipeline is None or run.status in FINAL:
            raise ArmError(400, "UserError", f"Job {run.name} is in state {run.status} and cannot be canceled.")
        pipeline.cancel()
        return Answer(None, 202, self._operations.begin(lambda: pipeline.join(HANG_SECONDS)))

    def stop(self) -> None:
        """Cancel everything and wait for it; for the end of the sandbox."""
        for pipeline in self._pipelines.values():
            pipeline.cancel()
        for pipeline in self._pipelines.values():
            pipeline.join(10)

    def _update(self, run: Run, properties: Json) -> Answer:
        sent = self._sent.get(run.name, {})
        if any(properties.get(key) != sent.get(key) for key in ("jobs", "inputs", "experimentName")):
            raise ArmError(400, "UserError", _EXISTS)
        run.properties = {**run.properties, **{key: properties[key] for key in _CHANGEABLE if key in properties}}
        return Answer(self._shop.runs.arm(run), 200)

    def _require(self, name: str) -> Run:
        run = self._shop.runs.get(name)
        if run is None:
            raise not_found("job", name)
        return run

    def _specs(self) -> dict[str, Json]:
        return {
            item["id"]: item["properties"].get("componentSpec", {})
            for item in self._shop.catalogs["components"].listing()
        }
