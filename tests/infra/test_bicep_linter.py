"""Rules of Bicep's linter that a parser can hold; each is seen to find its mistake. The real linter runs in CI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bicep_syntax import INFRA, BicepFile, all_files, parse, text, walk
from tree_sitter import Node


def properties(root: Node, name: str) -> Iterator[Node]:
    """Values of the properties of this name, at any depth."""
    for node in walk(root):
        if node.type == "object_property" and len(node.named_children) > 1 and text(node.named_children[0]) == name:
            yield node.named_children[1]


def names(root: Node) -> set[str]:
    return {text(node) for node in walk(root) if node.type == "identifier"}


def lint(file: BicepFile) -> set[str]:
    """The rules that the file breaks, each with the name that breaks it."""
    found = set()
    secure = {name for name, one in file.of("param").items() if one.decorator("secure")}
    for name, one in file.of("param").items():
        if re.search("password|pwd|secret|accountkey|acctkey", name, re.IGNORECASE) and name not in secure:
            found.add(f"secure-secrets-in-params {name}")
        if name in secure and one.value is not None and text(one.value) not in {"''", "newGuid()"}:
            found.add(f"secure-parameter-default {name}")
    for name, one in file.outputs.items():
        if re.search(r"\blist[A-Z]?\w*\(", text(one.node)) or names(one.node) & secure or "password" in name.lower():
            found.add(f"outputs-should-not-contain-secrets {name}")
    for name, one in (file.of("resource") | file.of("module")).items():
        assert one.value is not None
        for value in properties(one.value, "location"):
            if value.type == "string" and text(value) != "'global'":
                found.add(f"no-hardcoded-location {name}")
        if one.label.count("/") > 1 and "@" in one.label and any("/" in text(v) for v in own(one.value, "name")):
            found.add(f"use-parent-property {name}")
        waits = set().union(*(names(value) for value in own(one.value, "dependsOn")))
        rest = text(one.value)
        for value in own(one.value, "dependsOn"):
            rest = rest.replace(text(value), "")
        found |= {f"no-unnecessary-dependson {name}" for other in waits if re.search(rf"\b{other}\b(?!:)", rest)}
    for node in walk(file.root):
        if node.type == "call_expression" and text(node).startswith("concat('"):
            found.add("prefer-interpolation")
        if node.type == "string" and re.fullmatch(r"'\$\{[\w.]+\}'", text(node)) and not is_key(node):
            found.add("simplify-interpolation")
        if node.type == "call_expression" and text(node).startswith(("resourceGroup()", "deployment()")):
            around = node.parent
            while around is not None and around.type not in {"parameter_declaration", "resource_declaration"}:
                around = around.parent
            member = node.parent is not None and text(node.parent).endswith(".location")
            if member and (around is None or around.type != "parameter_declaration"):
                found.add("no-loc-expr-outside-params")
    return found


def own(value: Node, name: str) -> Iterator[Node]:
    """Values of the property of this name of a resource itself: the outermost ones."""
    depth = min((indent(v) for v in properties(value, name)), default=0)
    return (v for v in properties(value, name) if indent(v) == depth)


def indent(node: Node) -> int:
    assert node.parent is not None
    return node.parent.start_point[1]


def is_key(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "object_property" and node.parent.named_children[0] == node


@pytest.mark.parametrize("path", all_files(), ids=lambda path: str(path.relative_to(INFRA)))
def test_no_rule_is_broken(path: Path) -> None:
    assert lint(parse(path)) == set()


RESOURCE = "resource x 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {{\n  {}\n}}\n"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("param adminPassword string\n", "secure-secrets-in-params adminPassword"),
        ("@secure()\nparam word string = 'abc'\n", "secure-parameter-default word"),
        ("@secure()\nparam word string\noutput said string = word\n", "outputs-should-not-contain-secrets said"),
        ("output keys object = account.listKeys()\n", "outputs-should-not-contain-secrets keys"),
        (RESOURCE.format("location: 'westeurope'"), "no-hardcoded-location x"),
        (RESOURCE.format("name: '${account}/default'"), "use-parent-property x"),
        (RESOURCE.format("parent: y\n  dependsOn: [y]"), "no-unnecessary-dependson x"),
        (RESOURCE.format("location: resourceGroup().location"), "no-loc-expr-outside-params"),
        ("param a string\nvar b = '${a}'\n", "simplify-interpolation"),
        ("param a string\nvar b = concat('x', a)\n", "prefer-interpolation"),
    ],
)
def test_each_rule_finds_its_mistake(tmp_path: Path, source: str, rule: str) -> None:
    file = tmp_path / "wrong.bicep"
    file.write_text(source)
    assert rule in lint(parse(file))
