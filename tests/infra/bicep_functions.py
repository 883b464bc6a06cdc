"""The Bicep functions that infra/ calls: the same results, but for hashes, which are only stable."""

from __future__ import annotations

import hashlib
import ipaddress
import uuid
from collections.abc import Callable, Mapping
from typing import Any

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-test"


def _unique_string(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:13]


def _union(*parts: Any) -> Any:
    if all(isinstance(part, Mapping) for part in parts):
        return {key: value for part in parts for key, value in part.items()}
    return list(dict.fromkeys(item for part in parts for item in part))


def _contains(where: Any, what: Any) -> bool:
    return what in where


def _resource_id(kind: str, *names: str) -> str:
    namespace, *types = kind.split("/")
    return f"{GROUP}/providers/{namespace}/" + "/".join(f"{one}/{name}" for one, name in zip(types, names, strict=True))


def _cidr_subnet(network: str, prefix: int, index: int) -> str:
    return str(list(ipaddress.ip_network(network).subnets(new_prefix=prefix))[index])


def _items(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _bool(value: Any) -> bool:
    if str(value).lower() not in {"true", "false"}:
        raise ValueError(f"bool({value!r})")
    return str(value).lower() == "true"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "bool": _bool,
    "cidrSubnet": _cidr_subnet,
    "concat": lambda *parts: [item for part in parts for item in part],
    "contains": _contains,
    "empty": lambda value: not value,
    "environment": lambda: {"suffixes": {"storage": "core.windows.net"}},
    "filter": lambda values, keep: [value for value in values if keep(value)],
    "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_OID, "|".join(parts))),
    "indexOf": lambda where, what: where.index(what) if what in where else -1,
    "int": int,
    "items": _items,
    "join": lambda values, by: by.join(values),
    "map": lambda values, change: [change(value) for value in values],
    "resourceGroup": lambda: {"id": GROUP, "name": "rg-test", "location": "westeurope"},
    "resourceId": _resource_id,
    "split": lambda value, by: value.split(by),
    "subscription": lambda: {"id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rsplit("/", 1)[-1]},
    "subscriptionResourceId": lambda kind, name: f"{SUBSCRIPTION}/providers/{kind}/{name}",
    "tenant": lambda: {"tenantId": "00000000-0000-0000-0000-000000000002"},
    "union": _union,
    "uniqueString": _unique_string,
}
