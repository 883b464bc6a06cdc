"""What a monitor has seen: a row a check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import msgspec

from driftloop.config.policy import DRIFT_SHARE
from driftloop.wording.number_formats import format_short_rarity

if TYPE_CHECKING:
    from driftloop.sequential.evidence import Evidence
    from driftloop.verdict import Check

KEPT = 5_200
"""Checks that are remembered: ten times the default budget, a hundred years of weeks. Older ones are forgotten, so that
a monitor which is asked every minute stays small."""
PRINTED = 10
"""Rows of a repr: what a terminal shows without scrolling."""
DRAWN = 60
"""Rows of a notebook's table."""


class HistoryRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check of a monitor.

    Attributes
    ----------
    at : when it was made, ISO 8601 in UTC.
    verdict, rows : what it said, and of how many records (those of windows that waited included).
    p : the chance that one check shows evidence this strong without drift; `alarm_p`: at or below it is the alarm.
    strongest, windows : what the evidence is strongest in, and over how many windows.
    since : first record of those windows, ISO 8601; None without an alarm, or where no column holds times.
    incidents : why the feed was found broken.
    moved : where the verdict is drift, the columns that evidence is strongest in, then those that moved in this window
        by itself, the surest first.
    epoch : how often the evidence had begun again.
    """

    at: str
    verdict: str
    rows: int
    p: float
    alarm_p: float
    strongest: str | None
    windows: int
    since: str | None
    incidents: tuple[str, ...]
    moved: tuple[str, ...]
    epoch: int

    @property
    def evidence(self) -> float:
        """1 - p: the share of checks without drift whose evidence would be weaker."""
        return 1.0 - self.p

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        row = {name: getattr(self, name) for name in self.__struct_fields__}
        return row | {"evidence": self.evidence, "incidents": list(self.incidents), "moved": list(self.moved)}


def row_of(check: Check, evidence: Evidence, budget: int, at: str) -> HistoryRow:
    """What is kept of a check; `evidence` is as it was after it."""
    verdict = check.verdict.value
    return HistoryRow(
        at=at,
        verdict=verdict,
        rows=check.rows,
        p=evidence.p,
        alarm_p=DRIFT_SHARE / budget,
        strongest=evidence.feature,
        windows=evidence.windows,
        since=evidence.since,
        incidents=check.reasons if verdict == "incident" else (),
        moved=_moved(check, evidence) if check.drift else (),
        epoch=evidence.epoch,
    )


def _moved(check: Check, evidence: Evidence) -> tuple[str, ...]:
    from driftloop.sequential.evidence import strongest_columns

    alone = sorted((row for row in check.features if row.drift), key=lambda row: row.p_value or 0.0)
    over_time = () if check.baseline is None else strongest_columns(evidence, check.baseline)
    return tuple(dict.fromkeys((*over_time, *(row.name for row in alone))))


class History(Sequence[HistoryRow]):
    """The checks of a monitor, oldest first: a sequence of `HistoryRow`, which a notebook shows as a table."""

    def __init__(self, rows: Sequence[HistoryRow] = (), forgotten: int = 0) -> None:
        self._rows, self.forgotten = tuple(rows), forgotten

    def followed_by(self, row: HistoryRow) -> History:
        """The same and one more; the oldest is forgotten where there would be more than are kept."""
        rows = (*self._rows, row)
        return History(rows[-KEPT:], self.forgotten + max(0, len(rows) - KEPT))

    @overload
    def __getitem__(self, index: int) -> HistoryRow: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[HistoryRow, ...]: ...

    def __getitem__(self, index: int | slice) -> HistoryRow | tuple[HistoryRow, ...]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[HistoryRow]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and (self._rows, self.forgotten) == (other._rows, other.forgotten)

    def __hash__(self) -> int:
        return hash(self._rows)

    def to_dict(self) -> list[dict[str, Any]]:
        """A list of rows as plain values, ready for JSON."""
        return [row.to_dict() for row in self._rows]

    def to_frame(self, library: str | None = None) -> Any:
        """A data frame with a row for each check; incidents and columns that moved are texts, joined by semicolons.

        Parameters
        ----------
        library
            "pandas" or "polars"; when left out, the one that the program uses already, else the one that is installed.

        Raises
        ------
        InputError
            When neither is installed.
        """
        from driftloop.report.frames import frame_of

        rows = [{**row, **{name: "; ".join(row[name]) for name in ("incidents", "moved")}} for row in self.to_dict()]
        names = ("at", "verdict", "evidence", "incidents", "moved", "rows", "p", "alarm_p", "strongest", "windows")
        return frame_of(rows, (*names, "since", "epoch"), library)

    def __repr__(self) -> str:
        shown = self._rows[-PRINTED:]
        earlier = len(self) + self.forgotten - len(shown)
        lines = [f"{'at':<20} {'verdict':<12} {'without drift':>16}  what stands out"]
        lines += [f"and {earlier:,} earlier"] if earlier else []
        lines += [
            f"{row.at[:19]:<20} {row.verdict:<12} {_rarity(row):>16}  {_outstanding(row)}".rstrip() for row in shown
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows: the table, the newest check first."""
        from driftloop.report.html import render_history

        newest = self._rows[: -DRAWN - 1 : -1]
        return render_history(newest, len(self) + self.forgotten - len(newest))


def _rarity(row: HistoryRow) -> str:
    """In how many checks such evidence is seen without drift; nothing of a check that adds none."""
    return "–" if row.verdict in ("incident", "insufficient") else format_short_rarity(row.p)


def _outstanding(row: HistoryRow) -> str:
    """The one thing to know of a check."""
    if row.incidents:
        return row.incidents[0]
    return ", ".join(row.moved) or row.strongest or ""
