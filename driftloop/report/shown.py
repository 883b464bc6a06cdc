"""What a presentation needs to know of a check, and of a row of a history."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from driftloop.column_results import FeatureRow
    from driftloop.config.policy import Policy
    from driftloop.coverage import NotCompared
    from driftloop.impact.impact import Impact
    from driftloop.profile.window import Baseline, Window
    from driftloop.segments.segments import Segments
    from driftloop.sequential.evidence import Evidence
    from driftloop.two_sample.compare import Comparison


class Shown:
    """The fields of a check that are shown; `driftloop.verdict.Check` says what each means."""

    verdict: StrEnum
    reasons: tuple[str, ...]
    features: tuple[FeatureRow, ...]
    rows: int
    baseline_rows: int
    p_value: float | None
    alpha: float
    baseline_sha256: str
    window_sha256: str
    first_time: str | None
    last_time: str | None
    notes: tuple[str, ...]
    columns_not_compared: tuple[NotCompared, ...]
    baseline: Baseline | None
    window: Window | None
    policy: Policy | None
    comparison: Comparison | None
    evidence: Evidence | None
    estimated: Impact | None
    segments: Segments | None

    @property
    def chance(self) -> float | None:
        """The chance of what the verdict rests on without drift."""
        raise NotImplementedError

    @property
    def alarm(self) -> float:
        """The chance at or below which the verdict is drift."""
        raise NotImplementedError


class HistoryLine(Protocol):
    """The fields of a row of a history that are shown; `driftloop.monitor.history.HistoryRow` says what each means."""

    @property
    def at(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def alarm_p(self) -> float: ...
    @property
    def epoch(self) -> int: ...
    @property
    def strongest(self) -> str | None: ...
    @property
    def incidents(self) -> tuple[str, ...]: ...
    @property
    def moved(self) -> tuple[str, ...]: ...
