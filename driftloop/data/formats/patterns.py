"""Regular expressions that are compiled when they are first used: a table of numbers needs none of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


class Pattern:
    """A regular expression, compiled at its first match.

    Examples
    --------
    >>> Pattern(r"\\d+").fullmatch("12")
    <re.Match object; span=(0, 2), match='12'>
    """

    fullmatch: Callable[[str], re.Match[str] | None]
    search: Callable[[str], re.Match[str] | None]

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """The compiled expression's method. Python asks here until it is set, so only the first match is slower."""
        if name not in Pattern.__annotations__:
            raise AttributeError(name)
        compiled = re.compile(self._pattern, self._flags)
        self.fullmatch, self.search = compiled.fullmatch, compiled.search
        return getattr(compiled, name)
