"""The process is killed at each step from verdict to confirmation, and started again: one run, no drift lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driftloop.ledger.drifts import DriftState
from function_app.storage.accounts import Storage
from sandbox.github import GitHubStandIn, Instant
from sandbox.waiting import HANG_SECONDS
from tests.function_app.dying_process import MOMENTS

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
[[model]]
name = "{name}"
labels_required = 0
[model.dispatch]
target = "github"
repository = "proseware/driftloop"
api_url = "{url}"
"""


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubStandIn]:
    with GitHubStandIn(ROOT, folder=tmp_path_factory.mktemp("github"), runner=Instant("success")) as running:
        yield running


ALWAYS = ("after the state's row", "after the claim", "after the request", "after it is sent")
# A process for each moment and another for what comes after: all ten take half a minute.
CHOSEN = MOMENTS if "DRIFTLOOP_CAMPAIGN" in os.environ else ALWAYS


@pytest.mark.slow
@pytest.mark.parametrize("moment", CHOSEN)
def test_killed_and_run_again_there_is_one_run_and_no_lost_drift(
    moment: str,
    clinic: Any,
    github: GitHubStandIn,
    identity_environment: dict[str, str],
    tmp_path: Path,
    storage: Storage,
) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    (tmp_path / "driftloop.toml").write_text(CONFIG.format(name=clinic.name, url=github.url))
    settings = {"DRIFTLOOP_CONFIG": str(tmp_path / "driftloop.toml"), "DRIFTLOOP_GITHUB_TOKEN": github.token}
    runs = len(github.runs)

    def check(at: str, later: int) -> int:
        command = [sys.executable, str(Path(__file__).with_name("dying_process.py")), clinic.name, at, str(later)]
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**identity_environment, **settings, "PYTHONPATH": str(ROOT)},
            check=False,
            timeout=HANG_SECONDS,
        ).returncode

    assert check(moment, 0) == -signal.SIGKILL, "the moment was never reached"
    if moment == "after the request":
        assert check("", 1) == 0, "at once, while the lease of the dead one lasts"
    assert check("", 600) == 0, "ten minutes later, when leases have ended"
    github.wait_idle()

    drift = clinic.drift()
    assert drift.state in (DriftState.CONFIRMED, DriftState.HELD), drift.history
    assert len(clinic.ledger.drifts(clinic.name)) == 1
    assert [run.display_title for run in github.runs[runs:]] == [f"train {drift.drift_id}"]
    assert drift.run_id is not None or drift.past_runs, "the run is known to the ledger"
