"""What a reference means: the ways in which Azure ML names a file, a folder, a job's output or a registered asset."""

import re

from sandbox.arm.catalog import Catalog
from sandbox.arm.runs import Runs
from sandbox.arm.storage import Location, Storage
from sandbox.arm.wire import ArmError

_DATASTORE = re.compile(r"^azureml://(?:subscriptions/.+?/)?datastores/([^/]+)(?:/paths)?/(.*)$", re.IGNORECASE)
_JOB_OUTPUT = re.compile(r"^azureml://jobs/([^/]+)/outputs/([^/]+)(?:/paths)?(?:/(.*))?$")
_ASSET = re.compile(
    r"^(?:azureml:)?/subscriptions/.+/(models|data)/([^/]+)/(?:versions|labels)/([^/]+)$", re.IGNORECASE
)
_SHORT = re.compile(r"^(?:azureml:)?([A-Za-z0-9][\w.-]*)(?:@(\w+)|:([\w.-]+))$")


class References:
    """Finds the place in storage that a reference names."""

    def __init__(self, storage: Storage, runs: Runs, models: Catalog, data: Catalog) -> None:
        self._storage = storage
        self._runs = runs
        self._assets = {"models": models, "data": data}
        self._paths = {"models": "modelUri", "data": "dataUri"}

    def locate(self, reference: str) -> Location:
        """The place. Raises ArmError 400 for what cannot be understood and 404 for what is not there."""
        reference = reference.removeprefix("azureml:") if reference.startswith("azureml:http") else reference
        if found := self._storage.locate(reference):
            return found
        if match := _JOB_OUTPUT.match(reference):
            return self._output(*match.groups())
        if match := _DATASTORE.match(reference):
            container = self._storage.datastores.get(match[1])
            if container is None:
                raise ArmError(404, "UserError", f"Datastore '{match[1]}' was not found.")
            return Location(container, match[2].strip("/"))
        if match := _ASSET.match(reference):
            kind, name, version = match.groups()
            return self._asset(kind.lower(), name, version)
        if match := _SHORT.match(reference):
            return self._short(match[1], match[2] or match[3])
        raise ArmError(400, "UserError", f"'{reference}' is not a path that this workspace can read.")

    def _output(self, job: str, output: str, rest: str | None) -> Location:
        run = self._runs.require(job)
        if output == "artifacts":
            place = Location(self._storage.datastores["workspaceartifactstore"], run.artifacts)
        elif output in run.outputs:
            place = run.outputs[output].place
        else:
            raise ArmError(404, "UserError", f"Job '{job}' has no output '{output}'.")
        return place / rest.strip("/") if rest else place

    def _asset(self, kind: str, name: str, version: str) -> Location:
        catalog = self._assets[kind]
        if version == "latest":
            version = catalog.latest(name)
        return self.locate(str(catalog.properties(name, version)[self._paths[kind]]))

    def _short(self, name: str, version: str) -> Location:
        for kind in ("models", "data"):
            try:
                return self._asset(kind, name, version)
            except ArmError:
                continue
        raise ArmError(404, "UserError", f"No model and no data asset '{name}:{version}' is registered.")
