"""GitHub over HTTP: the stand-in, an event to send, and a dispatcher for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftloop.events import DriftDetected
from sandbox.github import GitHubStandIn, Instant

ROOT = Path(__file__).resolve().parents[3]
EVENT = DriftDetected(
    "drift-0123456789ab", "chk-0123456789ab", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z"
)
START = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubStandIn]:
    with GitHubStandIn(ROOT, folder=tmp_path_factory.mktemp("github"), runner=Instant("success")) as running:
        yield running


@pytest.fixture
def github(standin: GitHubStandIn) -> Iterator[GitHubStandIn]:
    standin.faults.clear()
    standin.api.requests.clear()
    yield standin
    standin.faults.clear()
    standin.wait_idle()
