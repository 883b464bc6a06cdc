"""The app as the Functions worker loads it: an app with zero functions, or another one than is meant, cannot ship."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.functions_host.loading import LoadedFunction, load

ROOT = Path(__file__).resolve().parents[2]
STORAGE = {"queueName": "checks", "connection": "DRIFTLOOP_STORAGE"}
EXPECTED = {
    "check_drift": ("timerTrigger", {"schedule": "%DRIFT_CHECK_SCHEDULE%", "runOnStartup": False, "useMonitor": True}),
    "check_model": ("queueTrigger", STORAGE),
    "check_poisoned": ("queueTrigger", {**STORAGE, "queueName": "checks-poison"}),
    "incoming_data": ("eventGridTrigger", {}),
    "model_registered": ("eventGridTrigger", {}),
    "start_check": ("httpTrigger", {"route": "checks", "methods": ["POST"], "authLevel": "FUNCTION"}),
    "list_checks": ("httpTrigger", {"route": "checks", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "get_check": ("httpTrigger", {"route": "checks/{check_id}", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "list_common_causes": (
        "httpTrigger",
        {"route": "common-causes", "methods": ["GET"], "authLevel": "FUNCTION"},
    ),
    "release_common_cause": (
        "httpTrigger",
        {"route": "common-causes/{cause_id}/release", "methods": ["POST"], "authLevel": "FUNCTION"},
    ),
    "health": ("httpTrigger", {"route": "health", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "dashboard": ("httpTrigger", {"route": "dashboard", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "metrics": ("httpTrigger", {"route": "metrics", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "openapi": ("httpTrigger", {"route": "openapi.json", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "predict": ("httpTrigger", {"route": "predict", "methods": ["GET"], "authLevel": "FUNCTION"}),
    "predict_model": ("httpTrigger", {"route": "predict/{model}", "methods": ["GET", "POST"], "authLevel": "FUNCTION"}),
}


@pytest.fixture(scope="module")
def functions() -> dict[str, LoadedFunction]:
    """Indexed once: an app refuses a second time in one process."""
    return load(ROOT, {})


def test_the_worker_finds_exactly_these_functions_and_bindings(functions: dict[str, LoadedFunction]) -> None:
    found = {}
    for name, function in functions.items():
        trigger = {key: value for key, value in function.trigger.items() if key not in ("type", "name", "direction")}
        found[name] = (function.trigger["type"], trigger)

    assert found == EXPECTED


def test_each_function_has_a_trigger_and_at_most_an_http_answer(functions: dict[str, LoadedFunction]) -> None:
    for function in functions.values():
        others = [binding["type"] for binding in function.bindings if binding is not function.trigger]
        assert others == (["http"] if function.trigger["type"] == "httpTrigger" else [])


def test_the_marker_is_a_comment_only() -> None:
    lines = (ROOT / "function_app.py").read_text().splitlines()

    assert lines
    assert all(line.startswith("#") for line in lines), (
        "the package is imported in its place; code here would never run"
    )


def test_host_json_has_what_the_worker_and_the_poison_queue_need() -> None:
    host = json.loads((ROOT / "host.json").read_text())

    assert host["version"] == "2.0"
    assert host["extensions"]["queues"]["maxDequeueCount"] == 5, "what check_poisoned's alert says"
    assert "extensionBundle" in host


@pytest.mark.parametrize(
    "module", ["scipy", "pandas", "sklearn", "azure.ai.ml", "pyarrow", "numpy", "azure.identity", "jinja2"]
)
def test_loading_the_app_imports_nothing_heavy(module: str) -> None:
    code = f"import function_app, sys; sys.exit({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, check=False).returncode == 0


def test_a_check_imports_neither_pandas_nor_all_of_scipy_stats() -> None:
    code = (
        "import function_app.checks.checking, function_app.storage.ledger_table, driftloop, driftloop.report.html, sys;"
        "import driftloop.sequential.evidence;"
        "[getattr(driftloop, name) for name in ('check', 'Window', 'Evidence')];"
        "sys.exit(str([name for name in ('pandas', 'scipy.stats', 'sklearn', 'azure.ai.ml') if name in sys.modules] "
        "or ''))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.strip()) == (0, "") or done.stderr.strip() == ""
