"""The identities that act: managed identities, applications of workflows, and the person who sets everything up."""

import uuid
from dataclasses import dataclass

_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-00000000d71f")


@dataclass(frozen=True)
class Principal:
    """An identity, by the name that docs/identities.md calls it."""

    name: str

    @property
    def client_id(self) -> str:
        """What a process names that is to act as this identity."""
        return str(uuid.uuid5(_NAMESPACE, f"client {self.name}"))

    @property
    def object_id(self) -> str:
        """Whom role assignments and refusals name."""
        return str(uuid.uuid5(_NAMESPACE, f"object {self.name}"))


FUNCTION_APP = Principal("function app")
CLUSTER = Principal("training cluster")
WORKSPACE = Principal("Azure ML workspace")
EVENT_GRID = Principal("Event Grid")
ENDPOINT = Principal("endpoint")
TRAIN = Principal("train")
DEPLOY = Principal("deploy")
OWNER = Principal("owner")  # of the subscription: whoever provisions, and tests that are not about roles
ALL = {
    principal.object_id: principal
    for principal in (FUNCTION_APP, CLUSTER, WORKSPACE, EVENT_GRID, ENDPOINT, TRAIN, DEPLOY, OWNER)
}
