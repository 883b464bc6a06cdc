"""What goes over the wire: a call, its answer, and Azure Resource Manager's way to say no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from driftloop.times import format_time

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A request that has passed authentication: what a handler sees of it."""

    method: str
    path: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    claims: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        return self.names[name]


@dataclass(frozen=True)
class Answer:
    """What a handler returns; `body` None sends no body."""

    body: Json | list[Json] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


class ArmError(Exception):
    """A refusal with the status and the body that Azure Resource Manager would send."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def body(self) -> Json:
        """`{"error": {"code", "message"}}`."""
        return {"error": {"code": self.code, "message": self.message}}


def not_found(what: str, name: str) -> ArmError:
    """404 as Azure ML words it."""
    return ArmError(404, "ResourceNotFound", f"The {what} '{name}' was not found in the workspace.")


def now() -> str:
    """This moment in UTC, as ARM writes it."""
    return format_time(datetime.now(UTC), "microseconds")


@dataclass(frozen=True)
class Scope:
    """The one workspace that is played, at `url`, and the ids of what is in it."""

    subscription: str = "00000000-0000-4000-8000-000000000001"
    group: str = "driftloop"
    workspace: str = "driftloop-ml"
    tenant: str = ""
    location: str = "westeurope"
    url: str = ""

    @property
    def workspace_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )

    def resource_id(self, *parts: str) -> str:
        """`resource_id("models", "m", "versions", "1")`."""
        return "/".join((self.workspace_id, *parts))


def resource(scope: Scope, parts: tuple[str, ...], properties: Json, created: str, modified: str | None = None) -> Json:
    """`properties` in an ARM resource; `parts` is its path below the workspace, kinds and names by turns."""
    kinds = "/".join(parts[0::2])
    return {
        "id": scope.resource_id(*parts),
        "name": parts[-1],
        "type": f"Microsoft.MachineLearningServices/workspaces/{kinds}",
        "properties": properties,
        "systemData": {
            "createdAt": created,
            "createdBy": "Driftloop sandbox",
            "createdByType": "Application",
            "lastModifiedAt": modified or created,
        },
    }
