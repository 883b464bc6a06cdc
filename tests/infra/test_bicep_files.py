"""What a Bicep compiler would refuse or warn of, checked without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bicep_evaluate import BicepError, evaluate
from bicep_syntax import INFRA, all_files, literal, parse, text, walk
from scenarios import FULL, SMALL, everything, full, small, subscriptions

FILES = all_files()
BUILT_IN_TYPES = {"string", "int", "bool", "object", "array", "resourceInput"}


def named(path: Path) -> str:
    return str(path.relative_to(INFRA))


def test_every_file_of_infra_is_looked_at() -> None:
    assert {named(path) for path in FILES} >= {
        "main.bicep",
        "events.bicep",
        "modules/grants.bicep",
        "modules/function-app.bicep",
    }


@pytest.mark.parametrize("path", FILES, ids=named)
def test_parses_without_a_syntax_error(path: Path) -> None:
    assert parse(path).declarations or parse(path).outputs


def test_a_syntax_error_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bicep"
    broken.write_text("param a string\nresource x 'Microsoft.Web/sites@2024-04-01' = {\n  name: (a\n}\n")
    with pytest.raises(BicepError, match="syntax error"):
        parse(broken)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_declared_or_imported_is_used(path: Path) -> None:
    file = parse(path)
    used = {name for name, _ in file.identifiers()}
    exported = {name for name, one in file.declarations.items() if one.decorator("export")}
    unused = (
        {name for name, one in file.declarations.items() if one.keyword in {"param", "var", "type"}} - used - exported
    )
    unused |= {name for name, one in file.declarations.items() if one.existing} - used
    assert not unused
    assert set(file.imports) <= used


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_name_that_is_used_exists(path: Path) -> None:
    from bicep_functions import FUNCTIONS

    file = parse(path)
    known = set(file.declarations) | set(file.imports) | set(FUNCTIONS) | BUILT_IN_TYPES
    known |= {
        "description",
        "minLength",
        "maxLength",
        "minValue",
        "maxValue",
        "allowed",
        "export",
        "secure",
        "metadata",
    }
    for node in walk(file.root):  # what loops and lambdas bind
        if node.type == "for_loop_parameters":
            known |= {text(child) for child in node.named_children}
        elif node.type == "for_statement":
            known.add(text(node.named_children[0]))
        elif node.type == "lambda_expression":
            known |= {text(child) for child in walk(node.named_children[0]) if child.type == "identifier"}
    unknown = {
        f"{name} (line {node.start_point[0] + 1})"
        for name, node in file.identifiers()
        if name not in known and not _is_property(node)
    }
    assert not unknown


def _is_property(node: object) -> bool:
    parent = node.parent  # type: ignore[attr-defined]
    return (
        parent is not None
        and parent.type in {"object_property", "resource_declaration"}
        and parent.named_children[0] == node
    )


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_module_is_called_with_the_parameters_that_it_has(path: Path) -> None:
    for one in parse(path).of("module").values():
        target = (path.parent / one.label).resolve()
        assert target.is_file(), f"{one.label} does not exist"
        called = next(
            node
            for node in walk(one.node)
            if node.type == "object_property" and text(node.named_children[0]) == "params"
        )
        given = {
            text(p.named_children[0]) for p in called.named_children[1].named_children if p.type == "object_property"
        }
        module = parse(target)
        assert given <= set(module.of("param")), f"{one.label} has no parameter {given - set(module.of('param'))}"
        assert module.required_parameters() <= given, f"{one.label} misses {module.required_parameters() - given}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_output_of_a_module_that_is_read_is_put_out(path: Path) -> None:
    file = parse(path)
    for module, output in re.findall(r"(\w+)!?\.outputs\.(\w+)", path.read_text()):
        target = parse((path.parent / file.declarations[module].label).resolve())
        assert output in target.outputs, f"{module} puts out no {output}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_resource_pins_a_dated_version_and_no_two_files_disagree(path: Path) -> None:
    versions = {one.kind: one.version for one in everything()}
    for one in parse(path).of("resource").values():
        kind, _, version = one.label.partition("@")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", version), f"{one.label}: a released, dated version"
        assert versions.get(kind, version) == version


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_cloud_address_is_written_out(path: Path) -> None:
    """The linter's no-hardcoded-env-urls: sovereign clouds have other addresses."""
    strings = [literal(node) for node in walk(parse(path).root) if node.type == "string"]
    for host in ("core.windows.net", "vault.azure.net", "management.azure.com", "login.microsoftonline.com"):
        assert not [value for value in strings if host in value]


@pytest.mark.parametrize("path", [path for path in FILES if path.parent == INFRA], ids=named)
def test_every_parameter_that_an_operator_may_set_is_described(path: Path) -> None:
    speaking = {"tags", "clusterMaxNodes", "logRetentionDays", "logDailyCapGb", "storageSku", "functionMaxInstances"}
    silent = {name for name, one in parse(path).of("param").items() if not one.decorator("description")}
    assert silent <= speaking


def test_the_parameter_file_sets_only_parameters_that_exist_and_all_that_are_required() -> None:
    source = (INFRA / "main.bicepparam").read_text()
    parse(INFRA / "main.bicepparam")
    main = parse(INFRA / "main.bicep")
    given = set(re.findall(r"^param (\w+) =", source, flags=re.MULTILINE))
    assert given <= set(main.of("param"))
    assert main.required_parameters() <= given


def test_parameter_defaults_agree_between_the_parameter_file_and_the_template() -> None:
    source = (INFRA / "main.bicepparam").read_text()
    run = small()
    for name, default in re.findall(
        r"^param (\w+) = (?:bool|int)?\(?readEnvironmentVariable\('\w+', '([^']*)'\)\)?$", source, re.M
    ):
        declared = run.values[name]
        assert str(declared).lower() == default.lower(), name


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"environmentName": ""}, "minLength"),
        ({"githubSignIn": "password"}, "none of"),
        ({"clusterMaxNodes": 0}, "minValue"),
        ({"nameSuffix": "much-too-long-suffix"}, "maxLength"),
        ({"location": 7}, "not string"),
        ({"vnet": True}, "no parameter vnet"),
    ],
)
def test_a_wrong_parameter_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(BicepError, match=said):
        evaluate(INFRA / "main.bicep", {**SMALL, **wrong})


@pytest.mark.parametrize("suffix", ["abcde", "abcdefghijklm"])
def test_derived_names_keep_azures_limits_for_the_shortest_and_the_longest_suffix(suffix: str) -> None:
    run = evaluate(INFRA / "main.bicep", {**FULL, "nameSuffix": suffix})
    limits = {
        "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
        "Microsoft.KeyVault/vaults": r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
        "Microsoft.ContainerRegistry/registries": r"[a-zA-Z0-9]{5,50}",
        "Microsoft.MachineLearningServices/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
        "Microsoft.MachineLearningServices/workspaces/computes": r"[a-zA-Z][a-zA-Z0-9-]{1,23}",
        "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]",
        "Microsoft.EventGrid/systemTopics": r"[a-zA-Z0-9-]{3,50}",
        "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "Microsoft.Storage/storageAccounts/queueServices/queues": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "Microsoft.Storage/storageAccounts/tableServices/tables": r"[A-Za-z][A-Za-z0-9]{2,62}",
        "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    }
    for kind, pattern in limits.items():
        found = run.of(kind)
        assert found
        for one in found:
            assert re.fullmatch(pattern, one.name), f"{kind} {one.name}"


def test_a_name_that_a_convention_asks_for_replaces_the_derived_one() -> None:
    run = evaluate(
        INFRA / "main.bicep", {**SMALL, "names": {"dataStorage": "hospitalrecords", "workspace": "mlw-diabetes"}}
    )
    assert run.outputs["AZURE_DATA_STORAGE"] == "hospitalrecords"
    assert run.outputs["DRIFTLOOP_BLOB_URL"] == "https://hospitalrecords.blob.core.windows.net"
    assert run.outputs["AZURE_ML_WORKSPACE"] == "mlw-diabetes"


def test_nothing_is_deployed_twice() -> None:
    run = full()
    ids = [one.id for one in [*run.resources, *subscriptions(run).resources] if one.deployed and not one.existing]
    assert len(ids) == len(set(ids))


def test_the_outputs_of_the_template_are_all_that_the_second_one_needs() -> None:
    assert subscriptions(small()).of("Microsoft.EventGrid/systemTopics/eventSubscriptions")


# Azure publishes a length for these names. A compiler warns (BCP334) of a value that might be shorter.
LIMITED = {
    "Microsoft.ContainerRegistry/registries": (5, 50),
    "Microsoft.EventGrid/systemTopics": (3, 128),
    "Microsoft.OperationalInsights/workspaces": (4, 63),
    "Microsoft.Storage/storageAccounts": (3, 24),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (3, 63),
    "Microsoft.Storage/storageAccounts/queueServices/queues": (3, 63),
    "Microsoft.Storage/storageAccounts/tableServices/tables": (3, 63),
}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_name_of_limited_length_comes_from_a_parameter_with_these_limits(path: Path) -> None:
    file = parse(path)
    for one in file.of("resource").values():
        limits = LIMITED.get(one.label.partition("@")[0])
        if limits is None:
            continue
        name = next(text(p.named_children[1]) for p in properties(one.node) if text(p.named_children[0]) == "name")
        if name.startswith("'"):
            assert limits[0] <= len(name) - 2 <= limits[1]
            continue
        source = file.declarations.get(name)
        if source is None:  # bound by a loop over a parameter: the limits stand on the type of its items
            loop = next(node for node in walk(one.node) if node.type == "for_statement")
            items = file.declarations[text(loop.named_children[1])]
            source = next(file.declarations[text(n)] for n in walk(items.node) if text(n) in file.of("type"))
        low, high = (
            int(text(source.decorator(d).named_children[1].named_children[0])) for d in ("minLength", "maxLength")
        )  # type: ignore[union-attr]
        assert limits[0] <= low <= high <= limits[1], f"{one.name}: {name}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_property_name_is_quoted_without_need(path: Path) -> None:
    """The linter's prefer-unquoted-property-names."""
    for found in properties(parse(path).root):
        key = found.named_children[0]
        if key.type == "string" and not any(child.type == "interpolation" for child in key.named_children):
            assert not re.fullmatch(r"[A-Za-z_]\w*", literal(key)), f"line {key.start_point[0] + 1}"


def _bound(decorator: Any) -> int:
    assert decorator is not None, "no limit"
    return int(text(decorator.named_children[1].named_children[0]))


def properties(root: Any) -> Iterator[Any]:
    return (node for node in walk(root) if node.type == "object_property" and len(node.named_children) > 1)
