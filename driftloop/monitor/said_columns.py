"""What the caller of a monitor said of columns, as attributes by the names of the arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftloop.data.schema import Schema
    from driftloop.monitor.reference import Reference


class SaidColumns:
    """The arguments of `driftloop.Monitor` that say how columns are read."""

    _reference: Reference

    @property
    def schema(self) -> Schema | None:
        """How columns are read, where the caller said it; `baseline.schema` is the schema in use."""
        return self._reference.settings.schema

    @property
    def target(self) -> str | None:
        """The column that the caller named as the target."""
        return self._reference.settings.roles.target

    @property
    def id(self) -> str | None:
        """The column that the caller named as the id."""
        return self._reference.settings.roles.id

    @property
    def time(self) -> str | None:
        """The column that the caller named as the time of a record."""
        return self._reference.settings.roles.time

    @property
    def cluster(self) -> str | None:
        """The column that the caller named as the dependent group of a record."""
        return self._reference.settings.roles.cluster

    @property
    def season(self) -> str | None:
        """The season within which the caller asked to compare."""
        return self._reference.settings.roles.season

    @property
    def segments(self) -> tuple[str, ...]:
        """The columns of which each value is judged by itself."""
        return self._reference.settings.roles.segments

    @property
    def ignore(self) -> tuple[str, ...]:
        """The columns that the caller left out."""
        return self._reference.settings.roles.ignore
