"""The house rules that no linter knows: which way imports go, and what the tree must not hold."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"driftloop", "function_app", "training", "workflows", "infra", "sandbox", "benchmarks", "tests"}
ALLOWED = {
    "driftloop": {"driftloop"},
    "function_app": {"function_app", "driftloop"},
    "training": {"training", "driftloop"},
    "workflows": {"workflows", "training", "driftloop"},
    "infra": {"infra"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of the packages that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_go_one_way(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    wrong = {str(f.relative_to(ROOT)): sorted((imported(f) & OURS) - ALLOWED[package]) for f in files}
    assert {name: packages for name, packages in wrong.items() if packages} == {}


def test_the_engine_imports_no_azure_package() -> None:
    wrong = {str(f.relative_to(ROOT)) for f in (ROOT / "driftloop").rglob("*.py") if {"azure", "azureml"} & imported(f)}
    assert wrong == set()


def test_the_function_app_needs_no_training_package() -> None:
    heavy = {"sklearn", "pandas", "mlflow", "azureml", "skops"}
    wrong = {str(f.relative_to(ROOT)): heavy & imported(f) for f in (ROOT / "function_app").rglob("*.py")}
    assert {name: packages for name, packages in wrong.items() if packages} == {}
    pinned = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    assert pinned.isdisjoint({"azure-ai-ml", "scikit-learn", "pandas", "mlflow-skinny"})


def test_a_check_loads_neither_pandas_nor_scipy_stats() -> None:
    code = "import sys, json; from driftloop import check, Window, Baseline; print(json.dumps(sorted(sys.modules)))"
    loaded = set(
        json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    )
    assert {"pandas", "scipy.stats", "sklearn", "matplotlib"} & loaded == set()


def test_the_locks_agree_and_name_no_registry() -> None:
    others = ("training", "run", "dev", "uv", "build", "engine", "engine-oldest", "engine-tests", "worker", "spark")
    names = ("requirements.txt", *(f"requirements/{name}.txt" for name in others))
    assert {f"requirements/{path.name}" for path in (ROOT / "requirements").glob("*.txt")} <= set(names)
    locks = {name: (ROOT / name).read_text() for name in names}
    versions = {
        name: {line.split(" ")[0] for line in text.splitlines() if "==" in line and not line.startswith(" ")}
        for name, text in locks.items()
    }
    run, dev = versions["requirements/run.txt"], versions["requirements/dev.txt"]
    assert versions["requirements.txt"] | versions["requirements/training.txt"] < run, "the loop runs both"
    assert run < dev, "`make test` adds to what `make run` set up"
    tools = {"pytest", "mypy", "ruff", "hypothesis", "schemathesis", "zizmor"}
    assert tools.isdisjoint(pin.split("==")[0] for pin in run), "no test tool is needed to run the loop"
    assert [pin.split("==")[0] for pin in versions["requirements/uv.txt"]] == ["uv"]
    worker = {line.split(" ")[0] for line in locks["requirements/worker.txt"].splitlines() if "==" in line}
    newer = {pin for pin in worker if pin.startswith(("azure-functions", "azurefunctions-"))}
    assert len(newer) == 3, "the worker's code, its extensions and the SDK that it brings"
    assert worker - newer < versions["requirements.txt"], "all else is what Azure gets"
    engine, tested = versions["requirements/engine.txt"], versions["requirements/engine-tests.txt"]
    assert engine < tested, "what is tested is what is installed"
    own = {"pandas", "py4j", "pyspark", "python-dateutil", "pytz", "tzdata"}
    brought = {pin for pin in versions["requirements/spark.txt"] if pin.split("==")[0] not in own}
    assert brought < engine, "on Spark the engine has the same versions"
    assert versions["requirements/build.txt"] | {pin for pin in engine if _on_the_oldest(locks, pin)} < dev
    for name, text in locks.items():
        assert "://" not in text, f"{name} names a registry"
        entries = [entry for entry in text.replace("\\\n", " ").splitlines() if "==" in entry]
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries), f"{name} has a pin without a hash"
    assert '"resolved"' not in (ROOT / "sandbox/package-lock.json").read_text()


def _on_the_oldest(locks: dict[str, str], pin: str) -> bool:
    """Whether the engine's lock has a pin on the Python of the other locks, too: there the versions are the same."""
    return f"{pin} ; python_full_version >= " not in locks["requirements/engine.txt"]


def test_nothing_that_is_committed_is_large_or_generated() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    large = [name for name in files if (ROOT / name).is_file() and (ROOT / name).stat().st_size > 1_000_000]
    assert large == []
    assert [
        name for name in files if name.startswith(("out/", ".venv/", ".tools/")) or name.endswith((".skops", ".pkl"))
    ] == []


def test_modules_stay_readable() -> None:
    files = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    long = {
        name: lines
        for name in files
        if (ROOT / name).is_file()
        and (lines := (ROOT / name).read_text().count("\n")) > (500 if name.startswith("tests/") else 310)
    }
    assert long == {}


MOST_LINES = 45
"""Of a function, its signature and docstring aside: what is read without scrolling, and holds one concern."""


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, *rest = function.body
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        if not rest:
            return 0
        first = rest[0]
    return (function.body[-1].end_lineno or 0) - first.lineno + 1


def test_functions_stay_readable() -> None:
    counted = ast.parse('def f(\n    a,\n):\n    """Two\n    lines."""\n    a = 1\n    return a\n').body[0]
    assert isinstance(counted, ast.FunctionDef)
    assert lines_of_code(counted) == 2
    found = {
        f"{path.relative_to(ROOT)}: {node.name}": lines
        for package in (*ALLOWED, "sandbox", "benchmarks")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := lines_of_code(node)) > MOST_LINES
    }
    assert {name: lines for name, lines in found.items() if lines > MOST_LINES} == {}


def _ends_silently(handler: ast.ExceptHandler) -> bool:
    """Whether all that it does is to go on or to return nothing."""
    (*before, last) = handler.body
    returns = isinstance(last, ast.Return) and last.value is None
    return not before and (returns or isinstance(last, ast.Pass | ast.Continue))


def unexplained_swallows(source: str) -> list[int]:
    """Lines on which an error ends without a word: neither handled, nor a comment that says why that is right."""
    places: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and _ends_silently(node):
            places.append((node.lineno, node.body[-1].lineno))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            places.append((node.lineno, node.end_lineno or node.lineno))
    lines = source.splitlines()
    return [first for first, last in places if not any("#" in line for line in lines[first - 1 : last])]


def test_an_error_that_ends_without_a_word_says_why() -> None:
    assert unexplained_swallows("try:\n    f()\nexcept OSError:\n    pass\n") == [3]
    assert unexplained_swallows("with suppress(OSError):\n    f()\n") == [1]
    assert unexplained_swallows("try:\n    f()\nexcept OSError:\n    pass  # it is gone, as was asked\n") == []
    assert unexplained_swallows("try:\n    f()\nexcept OSError as error:\n    tell(error)\n") == []
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("driftloop", "function_app", "training", "workflows")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in unexplained_swallows(path.read_text(encoding="utf-8"))
    }
    assert found == set()
