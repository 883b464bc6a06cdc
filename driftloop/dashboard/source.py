"""Where the dashboard's data come from: the function app reads a storage account, tests a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from driftloop.config.models import Config, Model
from driftloop.events import InService
from driftloop.ledger.ledger import Ledger


class SetAside(msgspec.Struct, frozen=True):
    """A file that training leaves out: its note in the container `quarantine`.

    file : `<container>/<path>`.
    note : the note's path within `quarantine`; deleting it releases the file.
    reason : why; None where the note does not say.
    model : whose file it is; None where no model's pattern fits.
    """

    file: str
    note: str
    reason: str | None = None
    at: str | None = None
    check_id: str | None = None
    model: str | None = None


class SetAsideFiles(NamedTuple):
    """Files that are set aside, and whether there are more of them."""

    files: tuple[SetAside, ...]
    more: bool


class Source(Protocol):
    """Reads, and never writes. What fails raises DriftloopError."""

    @property
    def config(self) -> Config:
        """Which models are watched."""
        ...

    @property
    def schedule(self) -> str | None:
        """Cron expression of models that have none of their own."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The ledger; only its reading methods are used, and not `state`, which writes."""
        ...

    @property
    def account(self) -> str | None:
        """The storage account's name, for commands that people copy."""
        ...

    @property
    def studio(self) -> str | None:
        """The workspace of Azure Machine Learning, `/subscriptions/<id>/resourceGroups/<name>/workspaces/<name>`: there
        jobs and models are looked at. None: they are shown without links.
        """
        ...

    def in_service(self, model: str) -> InService | None:
        """The version that takes all traffic."""
        ...

    def set_aside(self, models: Sequence[Model], most: int) -> SetAsideFiles:
        """The files of some models that are set aside, at most so many."""
        ...

    def report(self, model: str, check_id: str) -> bytes | None:
        """A stored report's page."""
        ...
