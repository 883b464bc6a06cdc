"""Small faults for a Python file: each mutant replaces one expression or statement by a plausible wrong one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "minimum": "maximum", "argmin": "argmax", "any": "all", "floor": "ceil", "sum": "max"}
CALLS |= {opposite: name for name, opposite in CALLS.items() if name != "sum"}
# Only where a number is expected: the sign of anything else would be a crash, which every test sees.
NUMERIC = {"np", "math", "special"}


@dataclass(frozen=True)
class Mutant:
    """One fault: the file, the line, the bytes `start` to `stop` of the source, and what stands there instead."""

    path: Path
    line: int
    start: int
    stop: int
    before: str
    after: str

    def applied(self, source: bytes) -> bytes:
        """The whole source with the fault."""
        return source[: self.start] + self.after.encode() + source[self.stop :]

    def __str__(self) -> str:
        before, after = (" ".join(text.split())[:90] for text in (self.before, self.after))
        return f"{self.path}:{self.line}: `{before}` -> `{after}`"


def mutants_of(path: Path, source: bytes) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines; imports, annotations and docstrings are left alone.

    Examples
    --------
    >>> [mutant.after for mutant in mutants_of(Path("x.py"), b"small = n < 3")]
    ['n <= 3', 'n > 3', '4']
    """
    starts = [0]
    for row in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    found = []
    for node, replacement in _walk(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        stop = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before, after = source[start:stop].decode(), ast.unparse(replacement)
        # Parentheses keep the priority of an operator, and a statement over several lines in one piece.
        inside = isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.IfExp)
        found.append(Mutant(path, node.lineno, start, stop, before, f"({after})" if inside else after))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.stop))


def _walk(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, ast.AST]]:
    """Nodes and what may replace them, below `node`."""
    if isinstance(node, ast.expr | ast.stmt):
        for replacement in _replacements(node):
            yield node, replacement
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_comment"} or isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ClassDef) and name == "keywords":  # `frozen=True`: a declaration, like a type
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _replacements(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [operator], [right]):
            for other in COMPARISONS[type(operator)]:
                yield ast.Compare(left, [other()], [right])
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS and not isinstance(left, ast.JoinedStr):
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)
        case ast.AugAssign(target, operator, value) if type(operator) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub() | ast.Invert(), operand):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(float(value)):
            yield ast.Constant(2 * value if value else 1.0)
        case ast.Call():
            yield from _calls(node)
        case ast.Return(ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Continue() | ast.Break() | ast.Expr(ast.Call()):
            yield ast.Pass()
        case ast.Assign([ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()
        case _:
            pass


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """The opposite function, and each argument of a numeric one with the other sign."""
    match node.func:
        case ast.Name(name) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name]), node.args, node.keywords)
        case ast.Attribute(value, name) if name in CALLS:
            yield ast.Call(ast.Attribute(value, CALLS[name]), node.args, node.keywords)
        case _:
            pass
    match node.func:
        case ast.Attribute(ast.Name(module)) if module in NUMERIC:
            for index, argument in enumerate(node.args):
                if isinstance(argument, ast.Name | ast.BinOp | ast.Call | ast.Subscript | ast.Attribute):
                    args = [*node.args[:index], ast.UnaryOp(ast.USub(), argument), *node.args[index + 1 :]]
                    yield ast.Call(node.func, args, node.keywords)
        case _:
            pass
