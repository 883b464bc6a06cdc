"""Recorded requests against Azure Resource Manager's published JSON Schemas for Azure Machine Learning.

The schemas lie beside the repository in `shared/contracts`; `AVAILABLE` says whether they do here.
"""

import copy
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from sandbox.arm.recorder import Recorded
from sandbox.arm.wire import Json

_SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "arm.py"
AVAILABLE = _SCHEMAS.exists()

_RESOURCES = {
    r"/workspaces/[^/]+/jobs/[^/]+$": "workspaces_jobs",
    r"/workspaces/[^/]+/computes/[^/]+$": "workspaces_computes",
    r"/components/[^/]+/versions/[^/]+$": "workspaces_components_versions",
    r"/environments/[^/]+/versions/[^/]+$": "workspaces_environments_versions",
    r"/models/[^/]+/versions/[^/]+$": "workspaces_models_versions",
    r"/data/[^/]+/versions/[^/]+$": "workspaces_data_versions",
    r"/codes/[^/]+/versions/[^/]+$": "workspaces_codes_versions",
    r"/onlineEndpoints/[^/]+$": "workspaces_onlineEndpoints",
    r"/onlineEndpoints/[^/]+/deployments/[^/]+$": "workspaces_onlineEndpoints_deployments",
}


def kind(request: Recorded) -> str | None:
    """The schema's name for what a request puts, or None for what is no resource of Azure ML's."""
    if request.method != "PUT":
        return None
    return next((name for pattern, name in _RESOURCES.items() if re.search(pattern, request.path)), None)


def violations(requests: Iterable[Recorded]) -> list[str]:
    """A line for everything in a PUT body that its schema does not allow; empty when all is well."""
    schemas = _load()
    found = []
    for request in requests:
        resource = kind(request)
        if resource is None or request.body is None or request.api_version is None:
            continue
        name = request.path.rpartition("/")[2]
        for message in schemas.errors(resource, request.api_version, _forgiven(request.body), name):
            found.append(f"{request.method} {resource} {request.api_version}: {message}")
    return found


def _forgiven(body: Json) -> Json:
    """The SDK sends the version of a code's hash as a number where the schema wants text; the service takes it."""
    body = copy.deepcopy(body)
    extra = (body.get("properties") or {}).get("properties") or {}
    if "hash_version" in extra:
        extra["hash_version"] = str(extra["hash_version"])
    return body


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("published_arm_schemas", _SCHEMAS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
