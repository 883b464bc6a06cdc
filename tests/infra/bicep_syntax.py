"""Bicep files as trees: what a file declares, and where the grammar disagrees with it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

INFRA = Path(__file__).parents[2] / "infra"
_PARSER = Parser(Language(tree_sitter_bicep.language()))
_POSTFIX = {"subscript_expression", "member_expression", "call_expression"}


class BicepError(AssertionError):
    """A Bicep file that a compiler would refuse."""


@dataclass(frozen=True)
class Declaration:
    """One `param`, `var`, `resource`, `module`, `output`, `type` or `func`; `value` is what stands right of `=`."""

    keyword: str
    name: str
    node: Node
    value: Node | None
    decorators: tuple[Node, ...]
    label: str = ""  # type@version of a resource, path of a module
    existing: bool = False

    def decorator(self, name: str) -> Node | None:
        for node in self.decorators:
            call = node.named_children[0]
            if call.named_children[0].text == name.encode():
                return call
        return None


@dataclass
class BicepFile:
    path: Path
    root: Node
    declarations: dict[str, Declaration] = field(default_factory=dict)
    outputs: dict[str, Declaration] = field(default_factory=dict)
    imports: dict[str, tuple[Path, str]] = field(default_factory=dict)  # local name -> (file, exported name or "*")

    def of(self, keyword: str) -> dict[str, Declaration]:
        return {name: one for name, one in self.declarations.items() if one.keyword == keyword}

    def required_parameters(self) -> set[str]:
        return {
            name
            for name, one in self.of("param").items()
            if one.value is None and not any(child.type == "nullable_type" for child in walk(one.node))
        }

    def identifiers(self) -> Iterator[tuple[str, Node]]:
        """Every name that an expression or a type refers to, declarations and property names left out."""
        for node in walk(self.root):
            if node.type == "identifier" and not _is_declared_here(node):
                yield node.text.decode(), node


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    return node.text.decode()


def literal(node: Node) -> str:
    """The value of a string without interpolation."""
    return "".join(text(child) for child in node.named_children if child.type != "interpolation")


@functools.cache
def parse(path: Path) -> BicepFile:
    source = path.read_text()
    if path.suffix == ".bicepparam":  # the grammar wants a type after `param NAME`; a parameter file has none
        source = re.sub(r"^param (\w+) =", r"var param_\1 =", source, flags=re.MULTILINE)
    root = _PARSER.parse(source.encode()).root_node
    wrong = [node for node in walk(root) if node.is_error or node.is_missing]
    if wrong:
        at = wrong[0]
        raise BicepError(f"{path.name}:{at.start_point[0] + 1}: syntax error near {text(at)[:60]!r}")
    file = BicepFile(path, root)
    decorators: list[Node] = []
    for node in root.named_children:
        if node.type == "decorators":
            decorators = [child for child in node.named_children if child.type == "decorator"]
            continue
        _declare(file, node, tuple(decorators))
        decorators = []
    return file


def all_files() -> list[Path]:
    return sorted(INFRA.rglob("*.bicep"))


def _declare(file: BicepFile, node: Node, decorators: tuple[Node, ...]) -> None:
    match node.type:
        case "parameter_declaration" | "variable_declaration" | "output_declaration" | "type_declaration":
            keyword = node.children[0].type if node.children[0].type != "parameter" else "param"
            equals = [i for i, child in enumerate(node.children) if child.type == "="]
            value = node.children[equals[0] + 1] if equals else None
            _add(
                file,
                Declaration(text(node.children[0]) or keyword, text(node.named_children[0]), node, value, decorators),
            )
        case "resource_declaration" | "module_declaration":
            label = next(child for child in node.children if child.type == "string")
            value = node.named_children[-1]
            existing = any(child.type == "existing" for child in node.children)
            name = text(node.named_children[0])
            _add(file, Declaration(node.type.split("_")[0], name, node, value, decorators, literal(label), existing))
        case "user_defined_function":
            _add(file, Declaration("func", text(node.named_children[0]), node, node.named_children[-1], decorators))
        case "import_statement" | "import_functionality":
            _import(file, node)
        case "comment" | "metadata_declaration" | "target_scope_assignment" | "using_statement" | "diagnostic_comment":
            pass
        case other:
            raise BicepError(f"{file.path.name}: no test understands {other}: {text(node)[:60]}")


def _add(file: BicepFile, one: Declaration) -> None:
    table = file.outputs if one.keyword == "output" else file.declarations
    if one.name in table:
        raise BicepError(f"{file.path.name}: {one.name} is declared twice")
    table[one.name] = one


def _import(file: BicepFile, node: Node) -> None:
    found = re.fullmatch(r"import\s+(\*\s+as\s+(\w+)|\{([^}]*)\})\s+from\s+'([^']+)'\s*", text(node))
    if not found:
        raise BicepError(f"{file.path.name}: import not understood: {text(node)}")
    target = (file.path.parent / found[4]).resolve()
    if found[2]:
        file.imports[found[2]] = (target, "*")
        return
    for item in filter(None, (part.strip() for part in found[3].replace("\n", ",").split(","))):
        exported, _, local = item.partition(" as ")
        file.imports[(local or exported).strip()] = (target, exported.strip())


def _is_declared_here(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    first = parent.named_children[0] == node
    if parent.type.endswith(("_declaration", "user_defined_function", "parameter")) or parent.type == "parameter":
        return first
    if parent.type in {"object_property"}:
        return first
    return parent.type in {"for_loop_parameters", "import_statement", "import_functionality", "as_statement"}


def is_postfix(node: Node) -> bool:
    return node.type in _POSTFIX
