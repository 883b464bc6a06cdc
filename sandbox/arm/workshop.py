"""What a process that does the workspace's work, a step or a scoring server, needs of the service around it."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.access.control import AccessControl
from sandbox.access.roles import BLOBS
from sandbox.access.storage_operations import container_scope
from sandbox.arm.catalog import Catalog
from sandbox.arm.references import References
from sandbox.arm.runs import Runs
from sandbox.arm.storage import Location, Storage
from sandbox.arm.wire import Scope
from sandbox.arm.workspace import Workspace
from sandbox.principals import Principal

# What a container would have of the machine around it; all else of our own environment stays out, as it does in Azure.
_KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Workshop:
    """Handles on the service. `identity` gives the variables of a machine that has a managed identity, or none.
    `folder` is where work is done, `tracking` whether steps are told of the MLflow server.
    """

    scope: Scope
    workspace: Workspace
    storage: Storage
    runs: Runs
    catalogs: Mapping[str, Catalog]
    references: References
    access: AccessControl
    identity: Callable[[Principal | None], Mapping[str, str]]
    folder: Path
    tracking: bool

    def require(self, principal: Principal, verb: str, place: Location) -> None:
        """That the identity may `read` or `write` blobs there. Raises DeniedError."""
        self.access.require(principal, (f"{BLOBS}/{verb}",), container_scope(place.container), data=True)

    def environment(self, principal: Principal | None) -> dict[str, str]:
        """What every process gets: this Python, the identity if it has one, and the names of the workspace."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        return {
            **kept,
            **self.identity(principal),
            "PATH": path,
            "PYTHONUNBUFFERED": "1",
            "AZUREML_ARM_SUBSCRIPTION": self.scope.subscription,
            "AZUREML_ARM_RESOURCEGROUP": self.scope.group,
            "AZUREML_ARM_WORKSPACE_NAME": self.scope.workspace,
        }
