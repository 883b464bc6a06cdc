"""Sending an event to whoever runs workflows, and finding the run that it started.

A target knows nothing of the ledger.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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
    """Default `may_send`: always allow."""
    return True


def too_late() -> DispatchRefusedError:
    """What `send` raises where `may_send` said no."""
    return DispatchRefusedError("the lease on this drift was about to end before the request began", wait=True)


class Dispatcher(Protocol):
    """One target."""

    dry: bool  # True: nothing is ever sent

    def send(self, event: Event, may_send: Callable[[], bool] = always) -> Run | None:
        """Sends the event.

        Parameters
        ----------
        event : Event
            What the workflow starts with.
        may_send : Callable[[], bool]
            Asked at the last moment, after everything that may take long: where it says no, nothing is sent.

        Returns
        -------
        Run | None
            The run, where the target's answer names it.

        Raises
        ------
        DispatchRefusedError
            The target did not take the event, or the request cannot have arrived.
        DispatchUncertainError
            The target may have taken it.
        """
        ...

    def find(self, correlation: str, since: datetime, exclude: Collection[str] = ()) -> Run | None:
        """The newest run that carries `correlation` and was started at or after `since`, other than those in `exclude`.

        Parameters
        ----------
        correlation : str
            The drift's id, or a model and its version: a whole word of the run's title, or one of its parameters.
        since : datetime
            Runs that were started before are not looked at.
        exclude : Collection[str]
            Ids of runs that are known already.

        Raises
        ------
        DispatchError
            The runs cannot be listed: that is no absence.
        """
        ...

    def run(self, run_id: str) -> Run | None:
        """The run as it stands now; None when it does not exist any more.

        Parameters
        ----------
        run_id : str
            As `find` or `send` told it.

        Raises
        ------
        DispatchError
            It cannot be looked at.
        """
        ...
