"""The running app against its own OpenAPI description: schemathesis makes up requests, the description judges the
answers.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from function_app.storage.accounts import Storage
from sandbox.functions_host import FunctionsHost

ROOT = Path(__file__).resolve().parents[3]
CONFIG = '[[model]]\nname = "fuzzed"\n[model.dispatch]\ntarget = "dry-run"\n'


@pytest.fixture(scope="module")
def host(
    storage: Storage, identity_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FunctionsHost]:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "driftloop.toml").write_text(CONFIG)
    settings = {"DRIFT_CHECK_SCHEDULE": "0 0 6 * * *", "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml")}
    with FunctionsHost(ROOT, {**identity_environment, **settings}, folder, retry_seconds=0) as running:
        yield running


@pytest.mark.slow
def test_the_app_keeps_what_its_description_promises(host: FunctionsHost, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(host.http("GET", "/api/openapi.json").text)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(tmp_path / "openapi.json")),
        *("--url", f"{host.url}/api", "-H", f"x-functions-key: {host.function_key}"),
        *("--max-examples", "8", "--seed", "4", "--no-color"),
        # The host, not the app, answers a wrong key and a method that no function has, and without a body.
        *("--exclude-checks", "unsupported_method,ignored_auth"),
    ]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    host.wait_idle()
    assert "Traceback" not in host.log.read_text()
