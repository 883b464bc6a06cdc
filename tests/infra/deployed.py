"""What a deployment would make: the committed snapshots of tests/infra/deployments, read.

The Bicep compiler writes them (make snapshots) and validates them (test_compiler.py). What only Azure knows stays an
expression there; of those, the few kinds that tests look at are resolved here.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
_SNAPSHOTS = Path(__file__).resolve().parent / "deployments"
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z]\w*)|(\d+)|([().,])|\s+")


@dataclass(frozen=True)
class Resource:
    """`name` is the last segment of the resource's name; `body` is what the template says of it."""

    kind: str
    version: str
    id: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body["name"]).rsplit("/", 1)[-1]

    @property
    def scope(self) -> str:
        """What a role assignment is for: the resource, or the container, whose id its own begins with."""
        return self.id.partition("/providers/Microsoft.Authorization/")[0]


@dataclass(frozen=True)
class Deployment:
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    def of(self, kind: str) -> list[Resource]:
        return [one for one in self.resources if one.kind == kind]


@functools.cache
def deployed(name: str) -> Deployment:
    """The snapshot of deployments/<name>.bicepparam."""
    found = json.loads((_SNAPSHOTS / f"{name}.snapshot.json").read_text(encoding="utf-8"))
    assert found["diagnostics"] == []
    resources = [resolve(one) for one in found["predictedResources"]]
    return Deployment(
        tuple(Resource(one["type"], one["apiVersion"], one["id"], one) for one in resources),
        resolve(found.get("outputs") or {}),
    )


def small() -> Deployment:
    """What is deployed when nothing is asked for."""
    return deployed("small")


def full() -> Deployment:
    """Every option that adds something. The derived suffix is the longest that there may be."""
    return deployed("full")


def operator() -> Deployment:
    """What an operator may set by hand, with the shortest suffix."""
    return deployed("operator")


def subscriptions(of: str) -> Deployment:
    """infra/events.bicep, given what main.bicep put out."""
    return deployed(f"events-{of}")


def everything() -> list[Resource]:
    """Every resource that any option deploys."""
    names = sorted(path.name.removesuffix(".snapshot.json") for path in _SNAPSHOTS.glob("*.snapshot.json"))
    return [one for name in names for one in deployed(name).resources]


def settings(run: Deployment) -> dict[str, str]:
    """Application settings of the function app."""
    (site,) = run.of("Microsoft.Web/sites")
    return {one["name"]: one["value"] for one in site.body["properties"]["siteConfig"]["appSettings"]}


def parameters(file: str) -> set[str]:
    """Names of a template's parameters."""
    return set(re.findall(r"^param (\w+) ", (INFRA / file).read_text(encoding="utf-8"), re.MULTILINE))


def table(name: str) -> dict[str, str]:
    """A map of names to texts in grants.bicep."""
    source = (INFRA / "modules" / "grants.bicep").read_text(encoding="utf-8")
    lines = source.split(f"var {name} = {{\n", 1)[1].split("\n}", 1)[0]
    return {key.strip("'"): value for key, value in re.findall(r"^  ([\w']+(?: [\w ]+')?): '([^']+)'$", lines, re.M)}


def resolve(value: Any) -> Any:
    """Expressions in a snapshot, as far as they can be known: `<vault.vaultUri>` stands for what Azure will say."""
    if isinstance(value, dict):
        return {resolve(key): resolve(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, str) or not value.startswith("["):
        return value
    tokens = [found.groups() for found in _TOKEN.finditer(value[1:-1]) if found.lastindex]
    try:
        parsed, rest = _parse(tokens)
    except KeyError:  # a function that no test needs: the expression stays as it is
        return value
    assert not rest
    return parsed


def _parse(tokens: list[Any]) -> tuple[Any, list[Any]]:
    (text, name, number, _), *rest = tokens
    if text is not None:
        return text.replace("''", "'"), rest
    if number is not None:
        return int(number), rest
    arguments = []
    rest = rest[1:]  # the opening bracket
    while rest[0][3] != ")":
        argument, rest = _parse(rest[1:] if rest[0][3] == "," else rest)
        arguments.append(argument)
    value, rest = _FUNCTIONS[name](*arguments), rest[1:]
    while rest and rest[0][3] == ".":
        key, rest = rest[1][1], rest[2:]
        value = value[key] if isinstance(value, dict) else f"<{value}.{key}>"
    return value, rest


def _resource_id(subscription: str, group: str, kind: str, *names: str) -> str:
    space, *types = kind.split("/")
    path = "/".join(f"{one}/{name}" for one, name in zip(types, names, strict=True))
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{space}/{path}"


_FUNCTIONS: dict[str, Any] = {
    "environment": lambda: {"suffixes": {"storage": "core.windows.net"}},
    "format": lambda pattern, *values: pattern.format(*values),
    "reference": lambda resource, *_: resource.rsplit("/", 1)[-1],
    "resourceId": _resource_id,
}
