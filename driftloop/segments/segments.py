"""What is said of the segments that the schema names."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Segment(msgspec.Struct, frozen=True):
    """One value of a segment column, judged by itself."""

    column: str
    value: str
    verdict: Literal["stable", "drift", "insufficient"]
    baseline_records: int
    """Those that were compared: of a table beyond the profile's sample the sampled ones."""
    window_records: int
    p: float | None
    """Adjusted for all segments together; null where there were too few records."""
    moved: tuple[str, ...]
    """The columns that have moved inside it, the surest first; of a drift at least one."""
    sentence: str


class Segments(msgspec.Struct, frozen=True):
    """A verdict for each segment that the schema names (`segment = true`), of this window alone."""

    found: tuple[Segment, ...]
    """In the order of the schema's columns, and by value."""
    level: float
    """The chance that any of them is called drift without a change."""
    not_judged: int = 0
    """Values that are too rare to be named, or beyond the 50 with the most records."""

    @property
    def drifted(self) -> tuple[Segment, ...]:
        """Those that have moved, the surest first."""
        moved = (each for each in self.found if each.verdict == "drift")
        return tuple(sorted(moved, key=lambda each: (each.p or 0.0, each.column, each.value)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
