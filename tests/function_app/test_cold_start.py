"""A cold process: it reaches its first verdict with the deployed packages alone, and loads nothing that is heavy.

How long it takes: `make bench ARGS="--only cold_start"`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each costs a cold start 0.3 s or more; a check needs none of them.
HEAVY = {"pandas", "scipy.stats", "sklearn", "rich", "opentelemetry.sdk", "azure.ai.ml"}


@pytest.mark.slow
def test_a_cold_process_reaches_a_verdict_with_the_deployed_packages_and_loads_nothing_heavy(
    clinic: Any, identity_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "driftloop.toml").write_text(f'[[model]]\nname = "{clinic.name}"\n')
    environment = {
        **identity_environment,
        "DRIFTLOOP_CONFIG": str(tmp_path / "driftloop.toml"),
        "PYTHONPATH": str(ROOT),
    }
    clinic.deploy()
    clinic.land(clinic.rows(442))
    command = [sys.executable, "-m", "benchmarks.cold_process", "check", clinic.name]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["verdict"] == "stable"
    assert HEAVY & set(found["modules"]) == set()
    assert "function_app.queue.handling" in found["modules"]
