"""What a Bicep template would deploy for given parameters: every resource with its name, scope and body.

What only Azure knows (a principal id, a default host name) becomes a readable placeholder such as
`<app.properties.defaultHostName>`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bicep_functions import FUNCTIONS, GROUP
from bicep_syntax import BicepError, BicepFile, Declaration, is_postfix, parse, text, walk
from tree_sitter import Node

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "+": operator.add,
    "-": operator.sub,
}
_PYTHON = {"string": str, "int": int, "bool": bool, "array": list, "object": Mapping}
_ESCAPES = {"\\'": "'", "\\n": "\n", "\\\\": "\\", "\\$": "$", "\\t": "\t"}


@dataclass
class Resource:
    kind: str
    version: str
    name: str
    body: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    parent: Resource | None = None
    existing: bool = False
    file: str = ""
    deployed: bool = True

    @property
    def id(self) -> str:
        if self.parent:
            return f"{self.parent.id}/{self.kind.rsplit('/', 1)[-1]}/{self.name}"
        return f"{self.scope or GROUP}/providers/{self.kind}/{self.name}"

    def get(self, name: str) -> Any:
        if name in {"id", "name"}:
            return getattr(self, name)
        return Unknown(f"{self.name}.{name}")


class Unknown(str):
    """A value that only a deployment can tell."""

    __slots__ = ()

    def __new__(cls, path: str) -> Unknown:
        return super().__new__(cls, f"<{path.strip('<>')}>")


@dataclass
class Deployment:
    file: BicepFile
    values: dict[str, Any]
    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    deployed: bool = True

    def of(self, kind: str) -> list[Resource]:
        return [one for one in self.resources if one.kind == kind and one.deployed and not one.existing]

    def get(self, name: str) -> Any:
        if name != "outputs":
            raise BicepError(f"a module has outputs, not {name}")
        if not self.deployed:
            raise BicepError(f"outputs of {self.file.path.name} are read although its condition is false")
        return self.outputs


def evaluate(path: Path, parameters: Mapping[str, Any]) -> Deployment:
    file = parse(path)
    run = Deployment(file, {})
    declared = file.of("param")
    if unknown := sorted(set(parameters) - set(declared)):
        raise BicepError(f"{path.name} has no parameter {', '.join(unknown)}")
    if missing := sorted(file.required_parameters() - set(parameters)):
        raise BicepError(f"{path.name} needs parameter {', '.join(missing)}")
    for name, one in declared.items():
        run.values[name] = parameters[name] if name in parameters else _default(run, one)
        _check_parameter(file, one, run.values[name])
    for one in file.declarations.values():
        _value_of(run, one.name)
    for name, one in file.outputs.items():
        run.outputs[name] = _evaluate(run, one.value, {})
    return run


def constant(file: BicepFile, name: str) -> Any:
    return _value_of(Deployment(file, {}), name)


def _default(run: Deployment, one: Declaration) -> Any:
    return None if one.value is None else _evaluate(run, one.value, {})


def _check_parameter(file: BicepFile, one: Declaration, value: Any) -> None:
    where = f"{file.path.name}: {one.name} = {value!r}"
    kind = next((text(n) for n in walk(one.node) if n.type in {"primitive_type", "array_type"}), "")
    expected = list if kind.endswith("[]") else _PYTHON.get(kind)
    if expected and value is not None and not isinstance(value, expected):
        raise BicepError(f"{where} is not {kind}")
    if (allowed := one.decorator("allowed")) is not None:
        options = _evaluate(Deployment(file, {}), allowed.named_children[1].named_children[0], {})
        if value not in options:
            raise BicepError(f"{where} is none of {options}")
    for name, measure in {"minLength": len, "maxLength": len, "minValue": int, "maxValue": int}.items():
        limit = one.decorator(name)
        if limit is None or value is None or isinstance(value, Unknown):
            continue
        bound = int(text(limit.named_children[1].named_children[0]))
        if (measure(value) < bound) if name.startswith("min") else (measure(value) > bound):
            raise BicepError(f"{where} breaks @{name}({bound})")


def _value_of(run: Deployment, name: str) -> Any:
    if name in run.values:
        return run.values[name]
    if name in run.file.imports:
        path, exported = run.file.imports[name]
        other = parse(path)
        if exported == "*":
            run.values[name] = {key: constant(other, key) for key in other.of("var")}
        elif exported in other.of("type"):
            run.values[name] = None
        else:
            run.values[name] = constant(other, exported)
        return run.values[name]
    one = run.file.declarations.get(name)
    if one is None:
        raise BicepError(f"{run.file.path.name}: nothing is called {name}")
    if one.keyword == "type":
        return None
    run.values[name] = _loop(run, one) if one.keyword in {"resource", "module"} else _evaluate(run, one.value, {})
    return run.values[name]


def _loop(run: Deployment, one: Declaration) -> Any:
    build = _resource if one.keyword == "resource" else _module
    if one.value.type == "for_statement":
        return _for(run, one.value, {}, lambda node, local: build(run, one, node, local))
    return build(run, one, one.value, {})


def _for(run: Deployment, node: Node, local: dict[str, Any], build: Callable[[Node, dict[str, Any]], Any]) -> list[Any]:
    head, values, body = node.named_children[0], node.named_children[-2], node.named_children[-1]
    names = [text(n) for n in head.named_children] if head.type == "for_loop_parameters" else [text(head)]
    result = []
    for index, value in enumerate(_evaluate(run, values, local)):
        result.append(build(body, {**local, **dict(zip(names, (value, index), strict=False))}))
    return result


def _condition(run: Deployment, node: Node, local: dict[str, Any]) -> tuple[bool, Node]:
    if node.type == "if_statement":
        return bool(_evaluate(run, node.named_children[0], local)), node.named_children[1]
    return True, node


def _resource(run: Deployment, one: Declaration, node: Node, local: dict[str, Any]) -> Resource:
    deployed, node = _condition(run, node, local)
    kind, _, version = one.label.partition("@")
    body = _evaluate(run, node, local)
    scope, parent = body.pop("scope", None), body.pop("parent", None)
    body.pop("dependsOn", None)
    if isinstance(parent, list) or isinstance(scope, list):
        raise BicepError(f"{run.file.path.name}: {one.name} names a whole loop as its parent or scope")
    found = Resource(
        kind,
        version,
        body.pop("name"),
        body,
        scope.id if scope else "",
        parent,
        one.existing,
        run.file.path.name,
        deployed,
    )
    run.resources.append(found)
    return found


def _module(run: Deployment, one: Declaration, node: Node, local: dict[str, Any]) -> Deployment:
    deployed, node = _condition(run, node, local)
    path = (run.file.path.parent / one.label).resolve()
    if not path.is_file():
        raise BicepError(f"{run.file.path.name}: module {one.label} does not exist")
    if not deployed:
        return Deployment(parse(path), {}, deployed=False)
    inner = evaluate(path, _evaluate(run, node, local).get("params", {}))
    run.resources.extend(inner.resources)
    return inner


def _evaluate(run: Deployment, node: Node, local: dict[str, Any]) -> Any:
    look = functools.partial(_evaluate, run)
    if is_postfix(node) and node.named_children[0].type in {"ternary_expression", "binary_expression"}:
        return _regrouped(run, node, local)
    match node.type:
        case "identifier":
            name = text(node)
            return local[name] if name in local else _value_of(run, name)
        case "string":
            return _string(run, node, local)
        case "number":
            return int(text(node))
        case "boolean":
            return text(node) == "true"
        case "null":
            return None
        case "array":
            return [look(child, local) for child in node.named_children if child.type != "comment"]
        case "object":
            return _object(run, node, local)
        case "parenthesized_expression":
            return look(node.named_children[0], local)
        case "for_statement":
            return _for(run, node, local, look)
        case "ternary_expression":
            test, yes, no = node.named_children
            return look(yes if look(test, local) else no, local)
        case "unary_expression":
            value = look(node.named_children[0], local)
            return not value if text(node).startswith("!") else -value
        case "binary_expression":
            return _binary(run, node, local)
        case "lambda_expression":
            names = [text(n) for n in walk(node.named_children[0]) if n.type == "identifier"]
            return lambda *values: look(node.named_children[1], {**local, **dict(zip(names, values, strict=False))})
        case "call_expression":
            called, arguments = node.named_children
            if text(called) not in FUNCTIONS:
                raise BicepError(f"{run.file.path.name}: no function {text(called)}")
            return FUNCTIONS[text(called)](*(look(child, local) for child in arguments.named_children))
        case "member_expression":
            return _member(
                look(node.named_children[0], local), text(node.named_children[-1]), ".?" in text(node.children[-2])
            )
        case "subscript_expression":
            return _index(look(node.named_children[0], local), look(node.named_children[1], local))
    raise BicepError(f"{run.file.path.name}: cannot evaluate {node.type}: {text(node)[:60]}")


def _regrouped(run: Deployment, node: Node, local: dict[str, Any]) -> Any:
    """The grammar reads `a ? b : c.d` as `(a ? b : c).d`; Bicep applies `.d` to `c` alone."""
    inner = node.named_children[0]
    suffix = text(node)[len(text(inner)) :]
    if inner.type == "ternary_expression":
        test, yes, no = inner.named_children
        if _evaluate(run, test, local):
            return _evaluate(run, yes, local)
        source = f"var x = {text(no)}{suffix}\n"
    else:
        left, right = inner.named_children
        mark = text(inner)[len(text(left)) : len(text(inner)) - len(text(right))]
        source = f"var x = ({text(left)}){mark}({text(right)}{suffix})\n"
    from bicep_syntax import _PARSER

    root = _PARSER.parse(source.encode()).root_node
    return _evaluate(run, root.named_children[0].named_children[-1], local)


def _string(run: Deployment, node: Node, local: dict[str, Any]) -> str:
    parts = []
    for child in node.named_children:
        if child.type == "interpolation":
            value = _evaluate(run, child.named_children[0], local)
            parts.append(str(value).lower() if isinstance(value, bool) else str(value))
        else:
            parts.append(_ESCAPES.get(text(child), text(child)))
    return "".join(parts)


def _object(run: Deployment, node: Node, local: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for child in node.named_children:
        if child.type != "object_property":
            continue
        key = child.named_children[0]
        name = _string(run, key, local) if key.type == "string" else text(key)
        if name in result:
            raise BicepError(f"{run.file.path.name}: {name} is given twice")
        result[name] = _evaluate(run, child.named_children[1], local)
    return result


def _binary(run: Deployment, node: Node, local: dict[str, Any]) -> Any:
    left, right = node.named_children
    sign = text(node.children[1])
    first = _evaluate(run, left, local)
    if sign == "??":
        return first if first is not None else _evaluate(run, right, local)
    if sign == "&&":
        return bool(first and _evaluate(run, right, local))
    if sign == "||":
        return bool(first or _evaluate(run, right, local))
    return _OPERATORS[sign](first, _evaluate(run, right, local))


def _member(value: Any, name: str, lenient: bool) -> Any:
    if isinstance(value, Resource | Deployment):
        return value.get(name)
    if isinstance(value, Unknown):
        return Unknown(f"{value}.{name}".replace("<", "").replace(">", ""))
    if isinstance(value, Mapping) and (name in value or lenient):
        return value.get(name)
    raise BicepError(f"no property {name} on {value!r:.80}")


def _index(value: Any, key: Any) -> Any:
    if isinstance(value, Unknown):
        return Unknown(f"{value}[{key}]".replace("<", "").replace(">", ""))
    if isinstance(value, Mapping) and key not in value:
        raise BicepError(f"no key {key!r} among {sorted(value)}")
    return value[key]
