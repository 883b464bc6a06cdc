"""The examples in docstrings and in docs/python.md run as they are written."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import driftloop

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["driftloop"] + [
    found.name
    for found in pkgutil.walk_packages(driftloop.__path__, "driftloop.")
    if not found.name.endswith("__main__")
]
EXAMPLES = ("Baseline", "Check", "Monitor", "Schema", "Window", "check")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_page_on_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # it writes a report
    found = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert (found.failed, found.attempted >= 10) == (0, True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_a_user_starts_with_has_an_example(name: str) -> None:
    finder = doctest.DocTestFinder()
    assert any(test.examples for test in finder.find(getattr(driftloop, name), name))
