"""Rules for the tests themselves: none asserts a time, none waits too briefly, none shares a random generator."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "getrusage", "times"}
GENERATORS = {"default_rng", "RandomState", "Random"}
WAITS = {"wait", "wait_idle", "join", "communicate"}
PAUSE = 1.0  # below it a number is the pause between two looks, or a limit that the test wants to be reached
ALLOWED = {
    # the campaign is a simulation that one asks for by an environment variable, and plays for an hour
    "tests/function_app/test_campaign.py": {"a limit of its own"},
    "tests/conftest.py": {"a deadline"},
    # fifty thousand files, by an environment variable
    "tests/driftloop/data/test_fuzz.py": {"a limit of its own"},
    # how long SQLite waits for another writer
    "tests/driftloop/sqlite_ledger.py": {"a short wait"},
    # a campaign reports how long it took, and ends once nothing more happens
    "tests/function_app/outside/world.py": {"a clock"},
    # a mutant that hangs is told by the time that its tests take without it
    "tests/mutation/__main__.py": {"a clock"},
}


def broken(source: str) -> Iterator[str]:
    """The rules that a test file breaks."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and isinstance(node.value, ast.Name):
            yield "a clock"
        if isinstance(node, ast.Attribute) and node.attr == "timeout" and ast.unparse(node.value).endswith("mark"):
            yield "a limit of its own"
        if isinstance(node, ast.keyword) and node.arg == "deadline":
            yield "a deadline"
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            given = [keyword.value for keyword in node.keywords if keyword.arg == "timeout"]
            given += node.args[:1] if name in WAITS else []
            if any(isinstance(value, ast.Constant) and _number(value.value) >= PAUSE for value in given):
                yield "a short wait"
    if any(_called(node) in GENERATORS for node in _outside_functions(tree)):
        yield "a shared generator"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func).rsplit(".", 1)[-1] if isinstance(node, ast.Call) else ""


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: a function's body does not, its defaults do."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ast.walk(child.args)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from _outside_functions(child)


def test_no_test_asserts_a_time_waits_too_briefly_or_shares_a_generator() -> None:
    files = subprocess.run(
        ["git", "ls-files", "tests/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(files) > 100
    found = {
        name: rules
        for name in files
        if (ROOT / name).is_file()
        and (rules := set(broken((ROOT / name).read_text(encoding="utf-8"))) - ALLOWED.get(name, set()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import time\ndef test():\n    began = time.monotonic()\n", "a clock"),
        ("import os\ndef test():\n    assert os.times().user < 9\n", "a clock"),
        ("import pytest\npytestmark = pytest.mark.timeout(60)\n", "a limit of its own"),
        ("@settings(max_examples=3, deadline=200)\ndef test(): ...\n", "a deadline"),
        ("def test():\n    subprocess.run(command, timeout=60)\n", "a short wait"),
        ("def test():\n    process.wait(5)\n", "a short wait"),
        ("import numpy as np\nRNG = np.random.default_rng(1)\n", "a shared generator"),
        ("class Test:\n    dice = random.Random(1)\n", "a shared generator"),
        ("def draw(rng=np.random.default_rng(1)): ...\n", "a shared generator"),
    ],
)
def test_each_mistake_is_found(source: str, rule: str) -> None:
    assert list(broken(source)) == [rule]


def test_what_is_allowed_is_not_found() -> None:
    source = """
import numpy as np

def test(rng=None):
    rng = np.random.default_rng(1)
    process.wait(HANG_SECONDS)
    while not over.wait(0.02): ...
    ", ".join(names)
"""
    assert list(broken(source)) == []
