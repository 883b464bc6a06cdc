"""Environments of the repository and their variables: a job that names one sees them before the repository's own.

act knows no environments, so the copy of a workflow file that it reads has such a variable's value written in.
"""

import re
from collections.abc import Mapping

import yaml


def with_variables(text: str, environments: Mapping[str, Mapping[str, str]]) -> str:
    """The workflow file with `vars.NAME` replaced in each job whose environment sets NAME."""
    lines = text.splitlines(keepends=True)
    for first, last, name in _jobs(text):
        for variable, value in environments.get(name, {}).items():
            literal = "'" + value.replace("'", "''") + "'"
            found = re.compile(rf"\bvars\.{re.escape(variable)}\b")
            lines[first:last] = [literal.join(found.split(line)) for line in lines[first:last]]
    return "".join(lines)


def _jobs(text: str) -> list[tuple[int, int, str]]:
    """First and last line of each job that names an environment, and the environment's name."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    found = []
    for _, job in _entries(_named(document, "jobs")):
        environment = _named(job, "environment")
        if isinstance(environment, yaml.MappingNode):
            environment = _named(environment, "name")
        if isinstance(environment, yaml.ScalarNode):
            found.append((job.start_mark.line, job.end_mark.line, str(environment.value)))
    return found


def _named(node: yaml.Node | None, key: str) -> yaml.Node | None:
    return next((value for name, value in _entries(node) if name == key), None)


def _entries(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    return [(str(key.value), value) for key, value in node.value] if isinstance(node, yaml.MappingNode) else []
