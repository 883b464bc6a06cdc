"""Write published_bodies.json: what Azure's own client libraries can send for each resource type that infra/ deploys.

    pip install azure-mgmt-web azure-mgmt-storage ...   (the names in LIBRARIES; in a throwaway environment)
    python tests/infra/extract_published_bodies.py

Run by hand when a resource type or a property is added; the tests read the file that it wrote. It follows what infra/
uses and writes all names that would have been allowed beside each name used. Azure ML is left out: its published schema
is checked instead.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import sys
from pathlib import Path
from typing import Any

# resource type -> (library, model of the PUT body)
LIBRARIES = {
    "Microsoft.ContainerRegistry/registries": ("containerregistry", "Registry"),
    "Microsoft.EventGrid/systemTopics": ("eventgrid", "SystemTopic"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": ("eventgrid", "EventSubscription"),
    "Microsoft.Insights/actionGroups": ("monitor", "ActionGroupResource"),
    "Microsoft.Insights/metricAlerts": ("monitor", "MetricAlertResource"),
    "Microsoft.Insights/scheduledQueryRules": ("monitor", "ScheduledQueryRuleResource"),
    "Microsoft.KeyVault/vaults": ("keyvault", "VaultCreateOrUpdateParameters"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("msi", "Identity"),
    "Microsoft.Network/privateDnsZones": ("privatedns", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": ("privatedns", "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": ("network", "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": ("network", "PrivateDnsZoneGroup"),
    "Microsoft.Network/virtualNetworks": ("network", "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("loganalytics", "Workspace"),
    "Microsoft.OperationalInsights/workspaces/savedSearches": ("loganalytics", "SavedSearch"),
    "Microsoft.Storage/storageAccounts": ("storage", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": ("storage", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("storage", "BlobContainer"),
    "Microsoft.Storage/storageAccounts/managementPolicies": ("storage", "ManagementPolicy"),
    "Microsoft.Web/serverfarms": ("web", "AppServicePlan"),
    "Microsoft.Web/sites": ("web", "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": ("web", "CsmPublishingCredentialsPoliciesEntity"),
}


def main() -> None:
    bodies, versions = {}, {}
    used = _used()
    for kind, (library, model) in LIBRARIES.items():
        module = importlib.import_module(f"azure.mgmt.{library}.models")
        bodies[kind] = _shape(module, model, used[kind])
        versions[f"azure-mgmt-{library}"] = importlib.metadata.version(f"azure-mgmt-{library}")
    target = Path(__file__).with_name("published_bodies.json")
    target.write_text(json.dumps({"from": versions, "bodies": bodies}, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{target}: {len(bodies)} resource types\n")


def _used() -> dict[str, Any]:
    """One merged body a resource type, over all that both templates can deploy."""
    sys.path.insert(0, str(Path(__file__).parent))
    from scenarios import everything

    merged: dict[str, Any] = {}
    for resource in everything():
        merged[resource.kind] = _merge(merged.get(resource.kind, {}), resource.body)
    return merged


def _merge(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: _merge(first.get(key), second.get(key)) for key in {**first, **second}}
    if isinstance(first, list) or isinstance(second, list):
        merged: Any = None
        for item in [*(first or []), *(second or [])]:
            merged = _merge(merged, item)
        return [merged]
    return second if first is None else first


def _shape(module: Any, name: str, used: Any) -> Any:
    model = getattr(module, name, None)
    if model is None:
        return "any"
    if hasattr(model, "__members__"):
        return sorted(member.value for member in model)
    fields = _old_style(model) if hasattr(model, "_attribute_map") else _new_style(model)
    for kinds in getattr(model, "_subtype_map", {}).values():  # a union: what any of its kinds may carry
        for child in kinds.values():
            fields |= _old_style(getattr(module, child))
    if not fields or not isinstance(used, dict):
        return "any"
    shape: dict[str, Any] = {}
    for path, kind in fields.items():
        *parents, leaf = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))
        where, sample = shape, used
        for parent in parents:
            where, sample = where.setdefault(parent, {}), (sample or {}).get(parent)
        value = _kind(module, kind, (sample or {}).get(leaf))
        if isinstance(where.get(leaf), dict) and isinstance(value, dict):
            where[leaf].update(value)
        else:
            where[leaf] = value
    return shape


def _old_style(model: Any) -> dict[str, str]:
    rules = model._validation
    return {
        entry["key"]: entry["type"]
        for name, entry in model._attribute_map.items()
        if not rules.get(name, {}).get("readonly")
    }


def _new_style(model: Any) -> dict[str, str]:
    return {
        field._rest_name_input or name: str(base.__annotations__.get(name, "any"))
        for base in reversed(model.__mro__)
        for name, field in vars(base).items()
        if type(field).__name__ == "_RestField" and field._visibility != ["read"]
    }


def _kind(module: Any, kind: str, used: Any) -> Any:
    names = re.findall(r"_models\.(\w+)", kind) or re.findall(r"^[\[{]*(\w+)[\]}]*$", kind)
    many = kind.startswith("[") or "list[" in kind
    mapping = kind.startswith("{") or "dict[" in kind
    if many:
        used = used[0] if used else None
    if mapping:
        used = next(iter(used.values()), None) if used else None
    inner = _shape(module, names[0], used) if names and hasattr(module, names[0]) else "any"
    if mapping:
        return {"*": inner}
    return [inner] if many else inner


if __name__ == "__main__":
    main()
