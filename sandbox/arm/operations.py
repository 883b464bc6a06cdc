"""Long-running operations: accepted at once, finished in a thread, asked about at the URL in `Azure-AsyncOperation`."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.arm.wire import Answer, ArmError, Call, Json, Scope, not_found, now

RETRY_AFTER_MS = 100


@dataclass
class _Operation:
    status: str
    started: str
    error: Json | None = None


class Operations:
    """What is under way."""

    def __init__(self, scope: Scope) -> None:
        self._base = f"{scope.url}/operations"
        self._operations: dict[str, _Operation] = {}

    def begin(self, work: Callable[[], None]) -> Mapping[str, str]:
        """Start `work` in a thread; the headers that send the client to its status. An ArmError out of `work` fails the
        operation.
        """
        name = str(uuid.uuid4())
        operation = _Operation("InProgress", now())
        self._operations[name] = operation

        def run() -> None:
            try:
                work()
                operation.status = "Succeeded"
            except ArmError as error:
                operation.error = error.body()["error"]
                operation.status = "Failed"
            except Exception as error:  # noqa: BLE001 - one that never ends keeps its client waiting for ever
                operation.error = {"code": "InternalServerError", "message": f"{type(error).__name__}: {error}"}
                operation.status = "Failed"

        threading.Thread(target=run, name=f"operation-{name[:8]}", daemon=True).start()
        return {
            "azure-asyncoperation": f"{self._base}/{name}?api-version=2023-04-01-preview",
            "location": f"{self._base}/{name}/result?api-version=2023-04-01-preview",
            "retry-after-ms": str(RETRY_AFTER_MS),
        }

    def status(self, call: Call) -> Answer:
        """GET of an operation: InProgress, Succeeded or Failed with its error."""
        operation = self._require(call["operation"])
        body: Json = {"name": call["operation"], "status": operation.status, "startTime": operation.started}
        if operation.error is not None:
            body["error"] = operation.error
        return Answer(body, headers={"retry-after-ms": str(RETRY_AFTER_MS)})

    def result(self, call: Call) -> Answer:
        """GET of the Location of an operation: 202 while it runs, then 200 or its error."""
        operation = self._require(call["operation"])
        if operation.status == "InProgress":
            return Answer(None, 202, {"retry-after-ms": str(RETRY_AFTER_MS)})
        if operation.error is not None:
            raise ArmError(400, operation.error["code"], operation.error["message"])
        return Answer(None, 200)

    def _require(self, name: str) -> _Operation:
        if name not in self._operations:
            raise not_found("operation", name)
        return self._operations[name]
