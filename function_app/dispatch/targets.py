"""Which dispatcher a target of driftloop.toml gets."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from driftloop.config.models import AzureDevOpsTarget, DryRunTarget, GitHubTarget, Target
from function_app.dispatch.requests import Dispatcher, DispatchRefusedError, Event, Run, always


class DryRunDispatcher:
    """Sends nothing: drifts stay held, and their history says what would have been sent."""

    dry = True

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:  # noqa: ARG002
        raise DispatchRefusedError(f"dry run: {event.event_type} was not sent")

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:  # noqa: ARG002
        return None

    def run(self, run_id: str) -> Run | None:  # noqa: ARG002
        return None


def dispatcher(target: Target, environ: Mapping[str, str]) -> Dispatcher:
    """The dispatcher for a target of driftloop.toml.

    Parameters
    ----------
    target : Target
        Of one model.
    environ : Mapping[str, str]
        The application settings: what it signs in with.

    Raises
    ------
    ConfigError
        They name no way to sign in, or a Key Vault reference that is not resolved.
    """
    match target:
        case GitHubTarget():
            from function_app.dispatch.github import GitHubDispatcher
            from function_app.dispatch.github_tokens import token_source

            return GitHubDispatcher(target, token_source(target, environ))
        case AzureDevOpsTarget():
            from function_app.dispatch.devops import AzureDevOpsDispatcher

            return AzureDevOpsDispatcher(target)
        case DryRunTarget():
            return DryRunDispatcher()
