"""Regular expressions that are compiled at their first match."""

import re
from types import SimpleNamespace

import pytest

from driftloop.data.formats import patterns
from driftloop.data.formats.patterns import Pattern


def test_a_pattern_is_compiled_once_and_not_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[tuple[str, int]] = []

    def compile_(pattern: str, flags: int) -> "re.Pattern[str]":
        compiled.append((pattern, flags))
        return re.compile(pattern, flags)

    monkeypatch.setattr(patterns, "re", SimpleNamespace(compile=compile_))
    pattern = Pattern("a+", re.IGNORECASE)
    assert compiled == []
    assert [pattern.fullmatch(text) is not None for text in ("aA", "b")] == [True, False]
    assert pattern.search("xax") is not None
    assert compiled == [("a+", re.IGNORECASE)]


def test_a_pattern_has_no_other_method() -> None:
    with pytest.raises(AttributeError, match="finditer"):
        Pattern("a").finditer  # noqa: B018
