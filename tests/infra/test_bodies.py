"""Resource bodies against what Azure publishes: property names and closed lists of values."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bicep_evaluate import Resource
from scenarios import everything

PUBLISHED = json.loads(Path(__file__).with_name("published_bodies.json").read_text())["bodies"]
CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts" / "arm.py"
# Not among the libraries; their few properties are asserted in test_access.py and test_provisioned.py.
ELSEWHERE = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Insights/components",
    "Microsoft.Storage/storageAccounts/queueServices",
    "Microsoft.Storage/storageAccounts/queueServices/queues",
    "Microsoft.Storage/storageAccounts/tableServices",
    "Microsoft.Storage/storageAccounts/tableServices/tables",
}


def unknown(body: Any, shape: Any, where: str) -> Iterator[str]:
    if shape == "any" or body is None:
        return
    if isinstance(shape, list) and all(isinstance(option, str) for option in shape) and not isinstance(body, list):
        if body not in shape and "any" not in shape:
            yield f"{where}: {body!r} is none of {shape}"
        return
    if isinstance(body, list):
        for index, item in enumerate(body):
            yield from unknown(item, shape[0] if isinstance(shape, list) else shape, f"{where}[{index}]")
        return
    if not isinstance(body, dict) or not isinstance(shape, dict):
        return
    for key, value in body.items():
        if key in shape:
            yield from unknown(value, shape[key], f"{where}.{key}")
        elif "*" in shape:
            yield from unknown(value, shape["*"], f"{where}.{key}")
        else:
            yield f"{where}: no property {key} (there are {', '.join(sorted(shape))})"


@pytest.mark.parametrize("kind", sorted(PUBLISHED))
def test_bodies_have_only_published_properties_and_values(kind: str) -> None:
    bodies = [one for one in everything() if one.kind == kind]
    assert bodies
    problems = {problem for one in bodies for problem in unknown(one.body, PUBLISHED[kind], one.name)}
    assert not problems


def test_every_resource_type_is_checked_by_some_published_description() -> None:
    kinds = {one.kind for one in everything()}
    machine_learning = {kind for kind in kinds if kind.startswith("Microsoft.MachineLearningServices/")}
    assert kinds == set(PUBLISHED) | machine_learning | ELSEWHERE


def test_a_misspelt_property_is_found() -> None:
    shape = PUBLISHED["Microsoft.Storage/storageAccounts"]
    assert list(unknown({"properties": {"allowSharedKeysAccess": False}}, shape, "st"))
    assert list(unknown({"properties": {"networkAcls": {"defaultAction": "Refuse"}}}, shape, "st"))


@pytest.mark.skipif(
    not CONTRACTS.is_file(), reason="the published schemas of Azure ML lie beside the repository, not in it"
)
@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("Microsoft.MachineLearningServices/workspaces", "workspaces"),
        ("Microsoft.MachineLearningServices/workspaces/computes", "workspaces_computes"),
    ],
)
def test_azure_ml_bodies_satisfy_the_published_schema(kind: str, resource: str) -> None:
    spec = importlib.util.spec_from_file_location("arm_contract", CONTRACTS)
    assert spec
    assert spec.loader
    contract = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(contract)
    found = [one for one in everything() if one.kind == kind]
    assert found
    for one in found:
        assert contract.errors(resource, "2024-01-01-preview", without_nulls(one), name=one.name) == []


def without_nulls(one: Resource) -> dict[str, Any]:
    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items() if item is not None}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return clean(one.body)  # type: ignore[no-any-return]
