"""Which dispatcher a model's target gets, and that a dry run sends nothing."""

from datetime import UTC, datetime

import pytest

from driftloop.config.models import AzureDevOpsTarget, DryRunTarget, GitHubTarget
from driftloop.errors import ConfigError
from function_app.dispatch.devops import AzureDevOpsDispatcher
from function_app.dispatch.github import GitHubDispatcher
from function_app.dispatch.requests import DispatchRefusedError
from function_app.dispatch.targets import DryRunDispatcher, dispatcher
from tests.function_app.dispatch.sending import EVENT

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_each_kind_of_target_has_its_dispatcher_and_only_a_dry_run_is_dry() -> None:
    github = dispatcher(GitHubTarget("o/r"), {"DRIFTLOOP_GITHUB_TOKEN": "t"})
    devops = dispatcher(AzureDevOpsTarget("org", "project", 5), {})
    dry = dispatcher(DryRunTarget(), {})
    assert (type(github), type(devops), type(dry)) == (GitHubDispatcher, AzureDevOpsDispatcher, DryRunDispatcher)
    assert (github.dry, devops.dry, dry.dry) == (False, False, True)


def test_github_without_a_way_to_sign_in_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="no way to sign in"):
        dispatcher(GitHubTarget("o/r"), {})


def test_a_dry_run_sends_nothing_and_finds_nothing() -> None:
    dry = DryRunDispatcher()
    with pytest.raises(DispatchRefusedError, match=r"^dry run: drift-detected was not sent$") as caught:
        dry.send(EVENT)
    assert not caught.value.wait
    assert dry.find(EVENT.drift_id, NOW) is None
    assert dry.run("1") is None
