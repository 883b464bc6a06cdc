"""What Azure Pipelines does before a run: parameters checked, templates included, `${{ }}` expressions replaced."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.github.expressions import FUNCTIONS, ExpressionError, as_text, equal, interpolate, truthy

_DIRECTIVE = re.compile(r"^\$\{\{\s*(if|elseif|else|insert|each)\b(.*)\}\}$", re.DOTALL)


class TemplateError(ValueError):
    """A pipeline that Azure DevOps would refuse to queue."""


def _first(*values: Any) -> Any:
    return next((value for value in values if truthy(value)), "")


COMPILE_TIME: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "and": lambda *values: all(map(truthy, values)),
    "coalesce": _first,
    "eq": equal,
    "in": lambda value, *others: any(equal(value, other) for other in others),
    "ne": lambda left, right: not equal(left, right),
    "not": lambda value: not truthy(value),
    "or": lambda *values: any(map(truthy, values)),
}


def expand(file: Path, given: Mapping[str, Any], reason: str = "Manual") -> dict[str, Any]:
    """The final YAML of a pipeline or template, of a run that was started for `reason` (Azure's word). Raises
    TemplateError where Azure DevOps would refuse it.
    """
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared = {entry["name"]: entry for entry in document.pop("parameters", [])}
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise TemplateError(f"{file.name}: Unexpected parameter '{unknown[0]}'")
    parameters = {name: _value(file, entry, given) for name, entry in declared.items()}
    contexts = {"parameters": parameters, "variables": {"Build.Reason": reason}}
    expanded = _Expansion(file, contexts).node(document)
    if not isinstance(expanded, dict):
        raise TemplateError(f"{file.name}: a pipeline is a mapping")
    return expanded


def _value(file: Path, entry: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    name = entry["name"]
    if name not in given and "default" not in entry:
        raise TemplateError(f"{file.name}: A value for the '{name}' parameter must be provided.")
    value = given.get(name, entry.get("default"))
    if entry.get("type", "string") == "string" and isinstance(value, dict | list):
        raise TemplateError(f"{file.name}: The '{name}' parameter is not a valid String.")
    if "values" in entry and value not in entry["values"]:
        raise TemplateError(f"{file.name}: The '{name}' parameter value '{value}' is not a valid value.")
    return value


class _Expansion:
    """One file's nodes, with what its expressions may see."""

    def __init__(self, file: Path, contexts: Mapping[str, Any]) -> None:
        self._file, self._contexts = file, contexts

    def node(self, node: Any) -> Any:
        if isinstance(node, dict):
            return self._mapping(node)
        if isinstance(node, list):
            return self._sequence(node)
        try:
            return interpolate(node, self._contexts, COMPILE_TIME)
        except ExpressionError as error:
            raise TemplateError(f"{self._file.name}: {error}") from error

    def _mapping(self, node: dict[Any, Any]) -> Any:
        found: dict[str, Any] = {}
        for content in self._chosen(node):
            if isinstance(content, tuple):
                key, value = content
                found[as_text(self.node(key))] = self.node(value)
            else:
                expanded = self.node(content)
                if not isinstance(expanded, dict):
                    raise TemplateError(f"{self._file.name}: a mapping was expected at {str(content)[:60]}")
                found |= expanded
        return found

    def _sequence(self, node: list[Any]) -> list[Any]:
        found: list[Any] = []
        taken = False
        for item in node:
            keys = list(item) if isinstance(item, dict) else []
            directive = _DIRECTIVE.match(str(keys[0])) if len(keys) == 1 else None
            if directive:
                taken, chosen = self._branch(directive, taken)
                if chosen:
                    found += self._sequence(item[keys[0]])
            elif isinstance(item, dict) and "template" in item:
                found += self._template(item)
            else:
                found.append(self.node(item))
        return found

    def _chosen(self, node: dict[Any, Any]) -> list[Any]:
        """Pairs that stay as they are, and mappings to be merged in their place."""
        chosen: list[Any] = []
        taken = False
        for key, value in node.items():
            directive = _DIRECTIVE.match(str(key))
            if directive is None:
                chosen.append((key, value))
            elif directive.group(1) == "insert":
                chosen.append(value)
            else:
                taken, now = self._branch(directive, taken)
                if now:
                    chosen.append(value)
        return chosen

    def _branch(self, directive: re.Match[str], taken: bool) -> tuple[bool, bool]:
        """Whether an if-elseif-else chain has found its branch, and whether this is it."""
        word, condition = directive.group(1), directive.group(2)
        if word == "else":
            return True, not taken
        if word not in ("if", "elseif"):
            raise TemplateError(f"{self._file.name}: `{word}` is not played here")
        holds = truthy(self.node(f"${{{{ {condition} }}}}")) and not (word == "elseif" and taken)
        return holds or (word == "elseif" and taken), holds

    def _template(self, item: Mapping[str, Any]) -> list[Any]:
        file = (self._file.parent / str(self.node(item["template"]))).resolve()
        if not file.exists():
            raise TemplateError(f"{self._file.name}: template {item['template']} does not exist")
        reason = self._contexts["variables"]["Build.Reason"]
        expanded = expand(file, self.node(item.get("parameters") or {}), reason)
        for kind in ("stages", "jobs", "steps", "variables"):
            if kind in expanded:
                content: list[Any] = expanded[kind]
                return content
        raise TemplateError(f"{file.name}: a template holds stages, jobs, steps or variables")
