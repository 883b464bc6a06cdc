"""An event for GitHub, and a dispatcher that signs in with a fixed token."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from driftloop.config.models import GitHubTarget
from driftloop.events import DriftDetected
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.github_tokens import FixedToken
from sandbox.github import GitHubStandIn

ROOT = Path(__file__).resolve().parents[3]
EVENT = DriftDetected(
    "drift-0123456789ab", "chk-0123456789ab", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z"
)
START = datetime.now(UTC) - timedelta(minutes=1)


def dispatcher(github: GitHubStandIn, token: str | None = None) -> GitHubDispatcher:
    return GitHubDispatcher(GitHubTarget("proseware/driftloop", github.url), FixedToken(token or github.token))
