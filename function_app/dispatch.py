"""Sending an event to whoever runs workflows, and finding the run that it started.

A target knows nothing of the ledger.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from driftloop.config import AzureDevOpsTarget, DryRunTarget, GitHubTarget, Target
from driftloop.errors import DispatchError
from driftloop.events import DriftDetected, ModelRegistered

Event = DriftDetected | ModelRegistered


class DispatchRefusedError(DispatchError):
    """The target did not take the event, for certain.

    `retry_at`: when it said that it may; `wait`: whether waiting helps at all.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None, wait: bool = False) -> None:
        super().__init__(message)
        self.retry_at, self.wait = retry_at, wait


class DispatchUncertainError(DispatchError):
    """The connection broke, or the target failed, after the request was sent: it may have been taken.

    Look for the run before sending again.
    """


@dataclass(frozen=True)
class Run:
    """A workflow run, in the target's words. `conclusion` is None while it is not completed."""

    run_id: str
    url: str
    completed: bool
    conclusion: str | None = None


def always() -> bool:
    """There is no lease to keep."""
    return True


def too_late() -> DispatchRefusedError:
    """What `send` raises where `may_send` said no."""
    return DispatchRefusedError("the lease on this drift was about to end before the request began", wait=True)


class Dispatcher(Protocol):
    """One target."""

    dry: bool  # True: nothing is ever sent

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        """Sends the event; the run, where the target's answer names it.

        `may_send` is asked at the last moment, after everything that may take long: where it says no, nothing is sent.
        Raises DispatchRefusedError or DispatchUncertainError.
        """
        ...

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        """The newest run that carries `correlation` and was started at or after `since`, other than those in
        `exclude`. Raises DispatchError.
        """
        ...

    def run(self, run_id: str) -> Run | None:
        """The run as it stands now; None when it does not exist any more. Raises DispatchError."""
        ...


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
    """The dispatcher for a target of driftloop.toml; what it signs in with comes from the application settings.

    Raises ConfigError.
    """
    match target:
        case GitHubTarget():
            from function_app.dispatch_github import GitHubDispatcher
            from function_app.github_tokens import token_source

            return GitHubDispatcher(target, token_source(target, environ))
        case AzureDevOpsTarget():
            from function_app.dispatch_devops import AzureDevOpsDispatcher

            return AzureDevOpsDispatcher(target)
        case DryRunTarget():
            return DryRunDispatcher()
