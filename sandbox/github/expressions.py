"""The part of GitHub's expression language that stands outside jobs: `run-name`, `concurrency`, `if` of a job.

GitHub evaluates these before a job exists, so `act` never sees them and the stand-in has to.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Contexts = Mapping[str, Any]
Functions = Mapping[str, Callable[..., Any]]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>==|!=|<=|>=|&&|\|\||[!<>().\[\],*]))"
)
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class ExpressionError(ValueError):
    """An expression that GitHub would refuse, or that uses what the stand-in does not play."""


def interpolate(text: Any, contexts: Contexts, functions: Functions | None = None) -> Any:
    """`text` with every `${{ }}` replaced; a text that is one expression keeps the value's own type."""
    if not isinstance(text, str):
        return text
    whole = re.fullmatch(r"\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*", text, re.DOTALL)
    if whole:
        return evaluate(whole.group(1), contexts, functions)
    return _EMBEDDED.sub(lambda found: as_text(evaluate(found.group(1), contexts, functions)), text)


def evaluate(expression: str, contexts: Contexts, functions: Functions | None = None) -> Any:
    """The value of one expression without its braces. Raises ExpressionError for what cannot be read."""
    return _Parser(expression, contexts, functions or FUNCTIONS).run()


def truthy(value: Any) -> bool:
    """GitHub's truth: false, 0, NaN, '' and null are false, everything else is true."""
    return not (value is None or value is False or value == "" or value == 0 or value != value)


def as_text(value: Any) -> str:
    """How a value appears inside a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _as_number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(int(value, 16)) if str(value).lower().startswith("0x") else float(value)
    except (TypeError, ValueError):
        return math.nan


def equal(left: Any, right: Any) -> bool:
    """Loose equality: texts without regard to case, other kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right) or isinstance(left, dict | list) or isinstance(right, dict | list):
        return bool(left == right)
    return _as_number(left) == _as_number(right)


def _less(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() < right.lower()
    return _as_number(left) < _as_number(right)


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        wanted = as_text(key).lower()
        return next((item for name, item in value.items() if name.lower() == wanted), None)
    if isinstance(value, list) and isinstance(key, int | float) and 0 <= int(key) < len(value):
        return value[int(key)]
    return None


def _contains(within: Any, item: Any) -> bool:
    if isinstance(within, list):
        return any(equal(entry, item) for entry in within)
    return as_text(item).lower() in as_text(within).lower()


def _format(template: Any, *values: Any) -> str:
    def replace(found: re.Match[str]) -> str:
        if found.group(0) in ("{{", "}}"):
            return found.group(0)[0]
        at = int(found.group(1))
        if at >= len(values):
            raise ExpressionError(f"format() has no value for {{{at}}}")
        return as_text(values[at])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", replace, as_text(template))


def _join(items: Any, separator: Any = ",") -> str:
    return as_text(separator).join(as_text(item) for item in items) if isinstance(items, list) else as_text(items)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "endswith": lambda text, end: as_text(text).lower().endswith(as_text(end).lower()),
    "format": _format,
    "fromjson": lambda text: json.loads(as_text(text)),
    "join": _join,
    "startswith": lambda text, start: as_text(text).lower().startswith(as_text(start).lower()),
    "tojson": lambda value: json.dumps(value, indent=2),
}
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None, "nan": math.nan, "infinity": math.inf}


class _Parser:
    """Recursive descent over the tokens: or, and, comparison, not, value with its members."""

    def __init__(self, expression: str, contexts: Contexts, functions: Functions) -> None:
        self._source, self._contexts, self._functions = expression.strip(), contexts, functions
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(self._source):
            found = _TOKEN.match(self._source, at)
            if not found or found.lastgroup is None:
                raise ExpressionError(f"cannot read {self._source[at:]!r} in {self._source!r}")
            self._tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        self._at = 0

    def run(self) -> Any:
        value = self._either()
        if self._at != len(self._tokens):
            raise ExpressionError(f"something is left over after the expression in {self._source!r}")
        return value

    def _accept(self, *signs: str) -> str | None:
        if self._at < len(self._tokens):
            kind, token = self._tokens[self._at]
            if kind == "sign" and token in signs:
                self._at += 1
                return token
        return None

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise ExpressionError(f"expected {sign!r} in {self._source!r}")

    def _either(self) -> Any:
        value = self._both()
        while self._accept("||"):
            other = self._both()
            value = value if truthy(value) else other
        return value

    def _both(self) -> Any:
        value = self._comparison()
        while self._accept("&&"):
            other = self._comparison()
            value = other if truthy(value) else value
        return value

    def _comparison(self) -> Any:
        left = self._negation()
        while sign := self._accept("==", "!=", "<=", ">=", "<", ">"):
            right = self._negation()
            left = {
                "==": equal(left, right),
                "!=": not equal(left, right),
                "<": _less(left, right),
                ">": _less(right, left),
                "<=": _less(left, right) or equal(left, right),
                ">=": _less(right, left) or equal(left, right),
            }[sign]
        return left

    def _negation(self) -> Any:
        return not truthy(self._negation()) if self._accept("!") else self._value()

    def _value(self) -> Any:
        if self._accept("("):
            value = self._either()
            self._expect(")")
        else:
            if self._at >= len(self._tokens):
                raise ExpressionError(f"the expression {self._source!r} ends too early")
            kind, token = self._tokens[self._at]
            self._at += 1
            if kind == "number":
                value = _as_number(token)
            elif kind == "text":
                value = token.replace("''", "'")
            elif kind == "name":
                value = self._named(token)
            else:
                raise ExpressionError(f"{token!r} is out of place in {self._source!r}")
        while sign := self._accept(".", "["):
            if sign == "[":
                value = _member(value, self._either())
                self._expect("]")
            else:
                value = _member(value, self._name())
        return value

    def _name(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise ExpressionError(f"expected a name after a dot in {self._source!r}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _named(self, name: str) -> Any:
        if self._accept("("):
            if name.lower() not in self._functions:
                raise ExpressionError(f"{name}() is not a function that can be used here, in {self._source!r}")
            values = []
            while not self._accept(")"):
                values.append(self._either())
                self._accept(",")
            try:
                return self._functions[name.lower()](*values)
            except (TypeError, ValueError) as error:
                raise ExpressionError(f"{name}() cannot be used like that in {self._source!r}: {error}") from error
        if name.lower() in _LITERALS:
            return _LITERALS[name.lower()]
        if name.lower() not in self._contexts:
            raise ExpressionError(f"the context {name!r} is not available here, in {self._source!r}")
        return self._contexts[name.lower()]
