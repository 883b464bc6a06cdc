"""What `driftloop doctor --github` asks, against the stand-in: nothing that it asks starts a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding
from driftloop.config.models import parse
from function_app.doctor.github import repository_takes_dispatches
from sandbox.github import GitHubStandIn, Instant
from tests.sandbox.github.client import write_tree

JOBS = "jobs:\n  a: {runs-on: ubuntu-latest, steps: [{run: x}]}\n"
TRAIN = f"on:\n  repository_dispatch:\n    types: [drift-detected]\n{JOBS}"
MAY = {"contents": "write", "actions": "read"}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStandIn]:
    tree = write_tree(
        tmp_path / "tree", {".github/workflows/train.yml": TRAIN, ".github/workflows/ci.yml": f"on: [push]\n{JOBS}"}
    )
    with GitHubStandIn(tree, folder=tmp_path / "github", runner=Instant()) as standin:
        yield standin


def asked(
    github: GitHubStandIn, token: str | None = None, repository: str = "proseware/driftloop", **environ: str
) -> list[Finding]:
    dispatch = {"target": "github", "repository": repository, "api_url": github.url}
    config = parse(
        {"model": [{"name": "one", "dispatch": dispatch}, {"name": "two", "dispatch": dispatch}]}, sends=False
    )
    environment = {"DRIFTLOOP_GITHUB_TOKEN": github.tokens.issue(MAY) if token is None else token, **environ}
    runs = list(github.runs)
    found = list(repository_takes_dispatches(SetUp(Path("driftloop.toml"), config, environment)))
    assert github.runs == runs, "asking starts nothing"
    return found


def test_a_repository_that_is_set_up_needs_no_mending_and_is_asked_once(github: GitHubStandIn) -> None:
    assert asked(github) == []
    assert [path for _, path, _ in github.api.requests].count("/repos/proseware/driftloop") == 1


def test_a_github_app_is_asked_with_its_own_token(github: GitHubStandIn) -> None:
    app = {"DRIFTLOOP_GITHUB_APP_ID": str(github.tokens.app_id), "DRIFTLOOP_GITHUB_APP_KEY": github.tokens.app_key}
    assert asked(github, token="", **app) == []


@pytest.mark.parametrize(
    ("permissions", "what", "fix"),
    [
        ({"contents": "read", "actions": "read"}, "may not send a dispatch (403)", "contents: write"),
        ({"actions": "read"}, "may not send a dispatch (403)", "contents: write"),
        ({"contents": "write"}, "its workflows cannot be listed (403)", "actions: read"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    github: GitHubStandIn, permissions: dict[str, str], what: str, fix: str
) -> None:
    told = asked(github, github.tokens.issue(permissions))
    assert any(f.severity == "error" and what in f.what and fix in f.fix for f in told), told


def test_a_token_that_is_no_longer_valid_or_sees_nothing_is_told(github: GitHubStandIn) -> None:
    (finding,) = asked(github, "github_pat_gone")
    assert "renew" in finding.fix
    (finding,) = asked(github, github.tokens.issue(MAY, sees_repository=False))
    assert "(404)" in finding.what
    (finding,) = asked(github, repository="proseware/driftlop")
    assert "check the name" in finding.fix


def test_a_workflow_that_is_switched_off_is_told(github: GitHubStandIn) -> None:
    github.disable("train.yml")
    (finding,) = asked(github)
    assert ".github/workflows/train.yml is disabled manually" in finding.what


def test_a_default_branch_on_which_nothing_listens_is_told(github: GitHubStandIn, tmp_path: Path) -> None:
    (tmp_path / "tree/.github/workflows/train.yml").unlink()
    github.push(paths=[])
    (finding,) = asked(github)
    assert "no workflow on main listens to drift-detected" in finding.what


def test_a_server_that_fails_is_told_and_is_not_health(github: GitHubStandIn) -> None:
    github.stop()
    (finding,) = asked(github)
    assert finding.severity == "error"
    assert "cannot be reached" in finding.what


def test_a_repository_that_no_variable_names_is_told(github: GitHubStandIn) -> None:
    (finding,) = asked(github, repository="${DRIFTLOOP_REPOSITORY}")
    assert "${DRIFTLOOP_REPOSITORY}" in finding.what
