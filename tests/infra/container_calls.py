"""Which blob containers each caller's code reads and writes, from the code itself.

A call that names a container is recognised by its first arguments; its function's name says whether it writes. A new
function that takes a container's name is refused until it is in one of the lists.
"""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.infra.deployed import ROOT, small

READS = {"_read", "_storage_errors", "read", "versions", "address", "container", "Wanted"}
WRITES = {"_write", "write", "put", "replace"}
# A path that is handed to a job is read by the job.
HANDED_ON = frozenset({"address"})
CONTAINERS = {
    one.name
    for one in small().of("Microsoft.Storage/storageAccounts/blobServices/containers")
    if "/storageAccounts/stdata" in one.id
}


@functools.cache
def calls(caller: str) -> frozenset[tuple[str, str]]:
    """(container, "read" or "write") of the function app, the training cluster, or a workflow run (train, deploy)."""
    match caller:
        case "function app":
            return frozenset(_accesses(_folder("function_app"))) | _configured()
        case "training cluster":
            handed = {(container, "read") for container, name in _named(_reached("train")) if name in HANDED_ON}
            return frozenset(_accesses(_folder("training"))) | handed
        case "train" | "deploy":
            return frozenset(_accesses(_reached(caller), without=HANDED_ON))
    raise AssertionError(f"nobody is called {caller}")


def _accesses(code: list[ast.AST], without: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    for container, name in _named(code):
        assert name in READS | WRITES, f"{name}(…{container}…): does it read or write? Add it to the list"
        if name not in without:
            yield container, "write" if name in WRITES else "read"


def _named(code: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """(container, function) of every call of which one of the first two arguments names a container."""
    for tree in code:
        constants = {
            target.id: {one.value.value}
            for one in ast.walk(tree)
            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
            for target in one.targets
            if isinstance(target, ast.Name) and target.id == "CONTAINER"
        }
        loops = constants | {
            one.target.id: {item.value for item in one.iter.elts if isinstance(item, ast.Constant)}
            for one in ast.walk(tree)
            if isinstance(one, ast.comprehension)
            and isinstance(one.target, ast.Name)
            and isinstance(one.iter, ast.Tuple)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            arguments = node.args
            if name == "upload_blob" and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
                arguments, name = node.func.value.args, "put"  # container(NAME).upload_blob(...)
            for argument in arguments[:2]:
                values = {argument.value} if isinstance(argument, ast.Constant) else set()
                values |= loops.get(argument.id, set()) if isinstance(argument, ast.Name) else set()
                yield from ((str(value), name) for value in values if value in CONTAINERS)


def _folder(name: str) -> list[ast.AST]:
    """A folder's code but for its `doctor`, which a person runs with their own rights."""
    paths = sorted((ROOT / name).rglob("*.py"))
    return [_tree(path) for path in paths if "doctor" not in path.relative_to(ROOT / name).parts]


def _reached(entry: str) -> list[ast.AST]:
    """The code of workflows/ that a run may reach: its module, and each function or class referred to from there."""
    found: dict[tuple[Path, str], ast.AST] = {}
    waiting = [(ROOT / "workflows" / f"{entry}.py", "")]
    while waiting:
        path, name = waiting.pop()
        if (path, name) in found:
            continue
        tree = _tree(path)
        own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        code = own.get(name, tree) if name else tree
        found[path, name] = code
        modules, names = _imported(tree)
        for node in ast.walk(code):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                waiting.append((modules[node.value.id], node.attr))
            elif isinstance(node, ast.Name) and node.id in names:
                waiting.append(names[node.id])
            elif isinstance(node, ast.Name) and node.id in own:
                waiting.append((path, node.id))
    return list(found.values())


def _imported(tree: ast.Module) -> tuple[dict[str, Path], dict[str, tuple[Path, str]]]:
    """Modules of workflows/ by local name, and what is imported from them by local name."""
    modules, names = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "workflows":
            for one in node.names:
                folder = ROOT / str(node.module).replace(".", "/")
                if (folder / f"{one.name}.py").is_file():
                    modules[one.asname or one.name] = folder / f"{one.name}.py"
                else:
                    names[one.asname or one.name] = (folder.with_suffix(".py"), one.name)
    return modules, names


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _configured() -> frozenset[tuple[str, str]]:
    """Where driftloop.toml has the function app look for records and labels: `<container>/<pattern>`."""
    text = (ROOT / "driftloop.toml").read_text(encoding="utf-8")
    found = set[tuple[str, str]]()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for item in value.values():
                look(item)
        elif isinstance(value, str) and value.partition("/")[0] in CONTAINERS:
            found.add((value.partition("/")[0], "read"))

    look(tomllib.loads(text))
    return frozenset(found)
