"""Plain values as typed ones: a mistake is one line that says where it is and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import force_setattr

from driftloop.errors import ConfigError, DriftloopError, InputError

_UNKNOWN = re.compile(r"unknown field `(?P<name>.+?)`(?: - at `(?P<path>.+)`)?$")
_CHOICE = re.compile(r"Invalid (?:enum )?value '(?P<name>.*)' - at `(?P<path>.+)`$")
_REQUIRED = re.compile(r"Object missing required field `(?P<name>.+?)`(?: - at `(?P<path>.+)`)?$")
_Kind = TypeVar("_Kind")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding JSON of unknown origin raises: no JSON or none of the type, no UTF-8, or brackets in brackets."""


def convert(value: Any, kind: type[_Kind], where: str, error: type[DriftloopError] = ConfigError) -> _Kind:
    """Plain values as a struct. Raises `error`; an unknown entry is answered with the nearest known name."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as wrong:
        raise error(f"{where}: {explained(str(wrong), kind, value)}") from None


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any, Any], ...]:
    return tuple((field.name, field.type, field.default) for field in msgspec.structs.fields(kind))


def hold_types(struct: msgspec.Struct, where: str, error: type[DriftloopError], but: Collection[str] = ()) -> None:
    """Hold a struct that was made in Python to the types of its fields, as one that is decoded is.

    A list becomes a tuple and a whole number a float where the field wants one; numbers and texts of numpy become
    Python's. Raises `error`, which names the field; those that are named in `but` have been looked at.

    Examples
    --------
    >>> class Limits(msgspec.Struct):
    ...     least: float = 0.0
    >>> limits = Limits(3)
    >>> hold_types(limits, "limits", ConfigError)
    >>> limits
    Limits(least=3.0)
    """
    for name, kind, default in _fields(type(struct)):
        value = getattr(struct, name)
        if value is default or type(value) is kind or name in but:
            continue
        try:
            held = msgspec.convert(_of_python(value), kind)
        except msgspec.ValidationError as wrong:
            raise error(f"{where}.{name}: {explained(str(wrong), kind, value)}") from None
        force_setattr(struct, name, held)


def _of_python(value: Any) -> Any:
    """A number or text of numpy as Python's own, and those in a list as well."""
    if isinstance(value, list | tuple):
        return [_of_python(each) for each in value]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return str(value) if isinstance(value, str) and type(value) is not str else value


def file_path(path: Any) -> Path:
    """The path of a file. Raises InputError for what is neither a path nor a text, and for an empty text."""
    if not isinstance(path, str | Path) or not str(path):
        raise InputError(f"{with_article(path)} was given: pass the path of a file")
    return Path(path)


def with_article(value: Any) -> str:
    """What a value is, as an error names it.

    Examples
    --------
    >>> with_article([]), with_article(3), with_article(None), with_article("")
    ('a list', 'an int', 'None', 'an empty text')
    """
    if value is None or (isinstance(value, str) and not value):
        return "None" if value is None else "an empty text"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def explained(message: str, kind: Any, value: Any) -> str:
    """A validation error in the words of a configuration file."""
    if unknown := _UNKNOWN.search(message):
        path = _plain(unknown["path"] or "")
        known = [field.encode_name for field in getattr(_type_at(kind, path, value), "fields", ())]
        return f"unknown entry {unknown['name']!r}{f' in {path}' if path else ''}{nearest(unknown['name'], known)}"
    if choice := _CHOICE.search(message):
        path = _plain(choice["path"])
        return f"{path} = {choice['name']!r}{nearest(choice['name'], _choices_at(kind, path, value))}"
    if lacking := _REQUIRED.search(message):
        path = _plain(lacking["path"] or "")
        return f"the entry {lacking['name']!r} is missing{f' in {path}' if path else ''}"
    return message.replace(" - at `$.", " - at `").replace(" - at `$`", "")


def _plain(path: str) -> str:
    return path.removeprefix("$").lstrip(".")


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean 'alpha'?`, or the names there are when none is near."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, 1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f": known are {', '.join(sorted(names))}" if names else ""


def _type_at(kind: Any, path: str, value: Any) -> Any:
    """The type that stands at a path such as `dispatch` or `columns[0]`."""
    found = msgspec.inspect.type_info(kind)
    for step in re.findall(r"[^.\[\]]+", path):
        value = _step(value, step)
        field = next((f for f in getattr(found, "fields", ()) if f.encode_name == step), None)
        found = field.type if field is not None else getattr(found, "item_type", found)
        if isinstance(found, msgspec.inspect.UnionType):
            found = _tagged(found, value)
    return found


def _choices_at(kind: Any, path: str, value: Any) -> list[str]:
    """What may stand at a path: a literal's values, or the tags of several structs."""
    at = _type_at(kind, path, value)
    literals = [each for each in getattr(at, "types", (at,)) if isinstance(each, msgspec.inspect.LiteralType)]
    if literals:
        return [str(each) for literal in literals for each in literal.values if each != ""]
    above = _type_at(kind, path.rpartition(".")[0], value)
    return [str(each.tag) for each in getattr(above, "types", ()) if getattr(each, "tag", None) is not None]


def _step(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None


def _tagged(union: msgspec.inspect.UnionType, value: Any) -> Any:
    """Of several structs the one that the value's tag names."""
    for each in union.types:
        tag = getattr(each, "tag", None)
        if isinstance(each, msgspec.inspect.StructType) and (
            tag is None or (isinstance(value, Mapping) and value.get(each.tag_field) == tag)
        ):
            return each
    return union
