"""Versioned assets: models, data, environments, components, code. One store for each kind, with the rules that the
kinds share.
"""

import copy
import threading
from dataclasses import dataclass, field

from sandbox.arm.wire import Answer, ArmError, Call, Json, Scope, not_found, now, resource

# What an asset points to may never change under a version; the SDK recognises this message by its text.
_PATH_CHANGED = "Asset paths cannot be updated."
_PATHS = {"models": "modelUri", "data": "dataUri", "codes": "codeUri"}


@dataclass
class _Version:
    properties: Json
    created: str
    modified: str
    order: int


@dataclass
class _Container:
    versions: dict[str, _Version] = field(default_factory=dict)
    archived: bool = False
    properties: Json = field(default_factory=dict)


class Catalog:
    """All assets of one kind (`models`, `data`, ...), as the paths `KIND/NAME/versions/VERSION` show them."""

    def __init__(self, scope: Scope, kind: str) -> None:
        self.kind = kind
        self._scope = scope
        self._containers: dict[str, _Container] = {}
        self._lock = threading.RLock()
        self._count = 0

    def properties(self, name: str, version: str) -> Json:
        """What was stored, as a copy. Raises ArmError 404."""
        with self._lock:
            return copy.deepcopy(self._version(name, version).properties)

    def latest(self, name: str) -> str:
        """The version created last that is not archived. Raises ArmError 404."""
        with self._lock:
            versions = self._newest_first(name)
        if not versions:
            raise not_found(self.kind.removesuffix("s"), name)
        return versions[0]

    def listing(self) -> list[Json]:
        """Every version as an ARM resource, oldest first."""
        with self._lock:
            rows = [
                (version.order, self._resource(name, label))
                for name, container in self._containers.items()
                for label, version in container.versions.items()
            ]
        return [row for _, row in sorted(rows, key=lambda item: item[0])]

    def put(self, call: Call) -> Answer:
        """Create a version (201) or update what may change of it (200); 400 where its path would change."""
        return self.store(call["name"], call["version"], call.body.get("properties", {}))

    def store(self, name: str, version: str, properties: Json) -> Answer:
        """The same, for a caller inside the service."""
        path_key = _PATHS.get(self.kind)
        with self._lock:
            container = self._containers.setdefault(name, _Container())
            known = container.versions.get(version)
            if known is None:
                self._count += 1
                moment = now()
                container.versions[version] = _Version(copy.deepcopy(properties), moment, moment, self._count)
                return Answer(self._resource(name, version), 201)
            if path_key and properties.get(path_key, known.properties.get(path_key)) != known.properties.get(path_key):
                raise ArmError(400, "UserError", _PATH_CHANGED)
            known.properties = {**known.properties, **copy.deepcopy(properties)}
            known.modified = now()
            return Answer(self._resource(name, version), 200)

    def get(self, call: Call) -> Answer:
        """One version."""
        with self._lock:
            self._version(call["name"], call["version"])
            return Answer(self._resource(call["name"], call["version"]))

    def delete(self, call: Call) -> Answer:
        """Forget a version: 200, or 204 where there was none."""
        with self._lock:
            container = self._containers.get(call["name"], _Container())
            return Answer(None, 200 if container.versions.pop(call["version"], None) else 204)

    def versions(self, call: Call) -> Answer:
        """Versions of one name; plays `$top`, `$orderBy=createdtime [desc]`, `listViewType`, `hash`, `tags`,
        `properties`.
        """
        query = {key.lower().lstrip("$"): value for key, value in call.query.items()}
        descending = query.get("orderby", "createdtime desc").lower().endswith("desc")
        view = query.get("listviewtype", "ActiveOnly")
        with self._lock:
            # A hash is looked for under every name: the SDK gives code that it has not found yet a new name each time.
            names = list(self._containers) if "hash" in query else [call["name"]]
            found = [(name, label) for name in names for label in self._newest_first(name, view)]
            rows = [self._resource(*item) for item in (found if descending else found[::-1])]
        for key in ("tags", "properties"):
            for pair in filter(None, query.get(key, "").split(",")):
                wanted, _, value = pair.partition("=")
                rows = [
                    row
                    for row in rows
                    if wanted in (held := row["properties"].get(key) or {}) and (not value or held[wanted] == value)
                ]
        if "hash" in query:
            rows = [
                row for row in rows if (row["properties"].get("properties") or {}).get("hash_sha256") == query["hash"]
            ]
        if "top" in query:
            rows = rows[: int(query["top"])]
        return Answer({"value": rows})

    def put_container(self, call: Call) -> Answer:
        """Archive or restore a name, or describe it."""
        with self._lock:
            container = self._containers.setdefault(call["name"], _Container())
            container.properties = call.body.get("properties", {})
            container.archived = bool(container.properties.get("isArchived"))
            return Answer(self._container_resource(call["name"]))

    def get_container(self, call: Call) -> Answer:
        """A name with `latestVersion` and `nextVersion`."""
        with self._lock:
            if call["name"] not in self._containers:
                raise not_found(f"{self.kind} container", call["name"])
            return Answer(self._container_resource(call["name"]))

    def containers(self, _: Call) -> Answer:
        """All names."""
        with self._lock:
            return Answer({"value": [self._container_resource(name) for name in self._containers]})

    def _version(self, name: str, version: str) -> _Version:
        container = self._containers.get(name)
        if container is None or version not in container.versions:
            raise not_found(self.kind.removesuffix("s"), f"{name}:{version}")
        return container.versions[version]

    def _newest_first(self, name: str, view: str = "ActiveOnly") -> list[str]:
        container = self._containers.get(name, _Container())
        shown = {
            label: version
            for label, version in container.versions.items()
            if view == "All"
            or (container.archived or bool(version.properties.get("isArchived"))) == (view == "ArchivedOnly")
        }
        return sorted(shown, key=lambda label: shown[label].order, reverse=True)

    def _resource(self, name: str, version: str) -> Json:
        stored = self._version(name, version)
        properties = {"isArchived": False, "tags": {}, "properties": {}, **copy.deepcopy(stored.properties)}
        if self.kind == "models":
            properties.setdefault("flavors", {})
        parts = (self.kind, name, "versions", version)
        return resource(self._scope, parts, properties, stored.created, stored.modified)

    def _container_resource(self, name: str) -> Json:
        container = self._containers[name]
        newest = self._newest_first(name, "All")
        numbers = [int(label) for label in container.versions if label.isdigit()]
        properties = {
            "tags": {},
            "properties": {},
            **container.properties,
            "isArchived": container.archived,
            "latestVersion": newest[0] if newest else None,
            "nextVersion": str(max(numbers, default=0) + 1),
        }
        return resource(self._scope, (self.kind, name), properties, now())
