"""TOML as text that people edit: strings, numbers and comments that are read back as they were, whatever they hold."""

from __future__ import annotations

_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_QUOTES = {'"': '\\"', "\\": "\\\\"}
WHOLE = 1e15
"""Numbers from here on are written with an exponent: beyond it a reader counts digits."""


def quoted(text: str) -> str:
    r"""A basic string.

    Examples
    --------
    >>> print(quoted('a "b"\n'))
    "a \"b\"\n"
    """
    return f'"{"".join(_QUOTES.get(character) or _escaped(character) for character in text)}"'


def number(value: float) -> str:
    """A finite number, whole ones without a point.

    Examples
    --------
    >>> number(120.0), number(0.5), number(1e300)
    ('120', '0.5', '1e+300')
    """
    return str(int(value)) if value == int(value) and abs(value) < WHOLE else repr(float(value))


def array(items: list[str]) -> str:
    """An array of what is written already."""
    return f"[{', '.join(items)}]"


def comment(text: str) -> str:
    r"""A comment of one line; what would end it, or cannot be seen, is shown escaped.

    Examples
    --------
    >>> comment("two\nlines")
    '# two\\nlines'
    """
    return f"# {printable(text)}"


def printable(text: str) -> str:
    """The text with what a terminal or a file would act upon shown escaped. That is control characters, line ends of
    all scripts, and marks that change the direction of what follows.
    """
    return "".join(map(_escaped, text)) if not text.isprintable() else text


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
