"""What registering an asset does besides storing it: paths are resolved, uploads get a place of their own."""

from collections.abc import Mapping

from sandbox.arm.catalog import Catalog
from sandbox.arm.events import Topic
from sandbox.arm.references import References
from sandbox.arm.runs import Runs
from sandbox.arm.storage import Storage
from sandbox.arm.wire import Answer, ArmError, Call, Scope


class Assets:
    """Registration of models, data and code."""

    def __init__(
        self,
        scope: Scope,
        storage: Storage,
        runs: Runs,
        references: References,
        catalogs: Mapping[str, Catalog],
        topic: Topic,
    ) -> None:
        self._scope = scope
        self._storage = storage
        self._runs = runs
        self._references = references
        self._catalogs = catalogs
        self._topic = topic

    def put_model(self, call: Call) -> Answer:
        """Register a model version: its path must exist and is written down as a datastore URI, its job with it."""
        answer = self._register(self._catalogs["models"], "modelUri", call)
        if answer.status == 201:
            properties = self._catalogs["models"].properties(call["name"], call["version"])
            self._topic.model_registered(call["name"], call["version"], properties)
        return answer

    def put_data(self, call: Call) -> Answer:
        """Register a data version."""
        return self._register(self._catalogs["data"], "dataUri", call)

    def start_upload(self, _: Call) -> Answer:
        """A place to upload to, and a token for it."""
        url, signed = self._storage.new_upload()
        account = (
            f"/subscriptions/{self._scope.subscription}/resourceGroups/{self._scope.group}"
            "/providers/Microsoft.Storage/storageAccounts/devstoreaccount1"
        )
        reference = {
            "blobUri": url,
            "storageAccountArmId": account,
            "credential": {"credentialType": "SAS", "sasUri": signed},
        }
        return Answer({"blobReferenceForConsumption": reference, "pendingUploadType": "TemporaryBlobReference"})

    def _register(self, catalog: Catalog, key: str, call: Call) -> Answer:
        properties = dict(call.body.get("properties") or {})
        uri = str(properties.get(key) or "")
        if not uri:
            raise ArmError(400, "UserError", f"The property '{key}' is required.")
        place = self._references.locate(uri)
        # Data may be registered before it is there: the collector's folders are.
        if catalog.kind == "models" and not self._storage.exists(place):
            raise ArmError(400, "UserError", f"The path {uri} of {call['name']}:{call['version']} has no files.")
        if uri.startswith("azureml://jobs/"):
            properties["jobName"] = uri.split("/")[3]
        if place.container in self._storage.datastores.values():
            properties[key] = self._runs.uri(place)
        return catalog.store(call["name"], call["version"], properties)
