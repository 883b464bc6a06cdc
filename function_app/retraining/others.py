"""What a drift must know of the other models' before it is sent: whether many drift at once, and when its turn is."""

from datetime import datetime
from typing import Protocol

from driftloop.ledger.drifts import Drift


class Others(Protocol):
    """The drifts of all models. Its methods raise LedgerError: what cannot be counted is not sent."""

    def hold(self, drift: Drift) -> str | None:
        """Why a drift must not be sent yet; None where it may be."""
        ...

    def turn(self, drift: Drift) -> datetime | None:
        """When a drift may be sent that many others came with, the same at each call; None for one that drifts alone.

        To be asked for when nothing else holds it: a turn is taken once.
        """
        ...


class NoOthers:
    """One model by itself."""

    def hold(self, drift: Drift) -> str | None:  # noqa: ARG002
        return None

    def turn(self, drift: Drift) -> datetime | None:  # noqa: ARG002
        return None
