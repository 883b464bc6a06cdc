"""The answer of a check: its verdict, and everything that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from driftloop.column_results import FeatureRow
from driftloop.config.policy import Policy
from driftloop.coverage import NotCompared
from driftloop.errors import InputError
from driftloop.profile.window import Baseline, Window
from driftloop.report.result import Result
from driftloop.two_sample.compare import Comparison

if TYPE_CHECKING:
    from driftloop.impact.impact import Impact
    from driftloop.segments.segments import Segments
    from driftloop.sequential.evidence import Evidence
    from driftloop.subgroups.found import Subgroups

__all__ = ["Check", "FeatureRow", "Verdict"]


class Verdict(StrEnum):
    """What a check says."""

    STABLE = "stable"
    DRIFT = "drift"
    """The population has moved: retrain."""
    INCIDENT = "incident"
    """The feed is broken: alert, never retrain."""
    INSUFFICIENT = "insufficient"
    """Too few rows to say anything."""


@dataclass(frozen=True, repr=False)
class Check(Result):
    """The answer of one check, with everything that it rests on.

    Examples
    --------
    >>> import driftloop, pyarrow as pa
    >>> sizes = pa.table({"size": [float(n % 17) for n in range(200)]})
    >>> result = driftloop.check(sizes, sizes.slice(0, 100))
    >>> result.verdict.value, result.reasons
    ('stable', ('no change beyond chance',))
    >>> result.raise_for_drift()  # stable: nothing is raised
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    """Sentences, the most important first."""
    features: tuple[FeatureRow, ...]
    rows: int
    baseline_rows: int
    p_value: float | None
    """The chance of a comparison as striking as this one without drift; None where none was made."""
    alpha: float
    baseline_sha256: str
    window_sha256: str
    first_time: str | None = None
    last_time: str | None = None
    notes: tuple[str, ...] = ()
    """What is worth knowing and changes nothing, e.g. columns that the baseline does not have."""
    evidence: Evidence | None = None
    """What to store for the next check of this model; None when the check was made without evidence."""
    columns_not_compared: tuple[NotCompared, ...] = ()
    """Columns of either side that the verdict says nothing of, and why."""
    baseline: Baseline | None = field(default=None, compare=False)
    """The two sides, for the report's pictures."""
    window: Window | None = field(default=None, compare=False)
    policy: Policy | None = field(default=None, compare=False)
    """Under which error rates it was made."""
    estimated: Impact | None = field(default=None, compare=False)
    """What the change does to the model, where somebody asked (`impact`, `with_impact`)."""
    comparison: Comparison | None = field(default=None, compare=False)
    """Every statistic of the window alone, for the report; None where none was made."""
    segments: Segments | None = None
    """A verdict for each segment that the schema names (`segment = true`), of this window alone; None without any, and
    where the whole window was not compared. They change nothing of the verdict."""

    @property
    def chance(self) -> float | None:
        """The one number of the verdict: the chance of what it rests on without drift.

        That of the evidence over all windows where it is kept, else of this window alone. None for an incident, most of
        which are certain from one sign, and where nothing was compared.
        """
        if self.verdict in (Verdict.INCIDENT, Verdict.INSUFFICIENT):
            return None
        return self.p_value if self.evidence is None else self.evidence.p

    @property
    def alarm(self) -> float:
        """The chance at or below which the verdict is drift."""
        policy = self.policy or Policy(alpha=self.alpha)
        return policy.check_level if self.evidence is None else policy.evidence_level

    @property
    def drift(self) -> bool:
        """Whether to retrain."""
        return self.verdict is Verdict.DRIFT

    def where(self) -> Subgroups:
        """The records behind a change: at most three subgroups, as rules that a person can read.

        It takes about a second, so no check does it by itself. The chance that anything is named without a change is at
        most the policy's alpha, whatever was searched. Raises InputError for a result that was read from a file: it
        holds no records.
        """
        from driftloop.subgroups.found import find_subgroups

        if self.baseline is None or self.window is None:
            raise InputError("this result holds no records: make the check again, and ask that one where the change is")
        return find_subgroups(self.baseline, self.window, self.policy or Policy(alpha=self.alpha))

    def impact(self, holdout: Any, *, labelled: Any = None, tolerance: float | None = None) -> Impact:
        """What the change does to the model: its error on this window, estimated before outcomes are known.

        Parameters
        ----------
        holdout
            Records that the model was not fitted on, with predictions and outcomes (or a column `model_error`). It is a
            table, a path, or what was registered with the version.
        labelled
            Records of this window whose outcomes are known, in the same form; at least 20 of them count.
        tolerance
            By which part the error may grow before it matters; the policy's when left out.

        Returns
        -------
        Impact
            An estimate with a 90 % interval, or why nothing can be said. Without labels it assumes that outcomes depend
            on the inputs as they did on the holdout.

        Raises
        ------
        InputError
            Where the holdout cannot be read, and for a result that was read from a file: it holds no records.
        """
        from driftloop.impact.estimating import find_impact

        if self.baseline is None or self.window is None:
            raise InputError("this result holds no records: make the check again, and ask that one about the model")
        policy = self.policy or Policy(alpha=self.alpha)
        allowed = policy.tolerance if tolerance is None else tolerance
        return find_impact(self.window, holdout, self.baseline.schema, tolerance=allowed, labelled=labelled)

    def with_impact(self, impact: Impact) -> Check:
        """This result with what an impact says among its notes, so that every report shows it."""
        cluster = None if self.baseline is None else self.baseline.schema.role("cluster")
        narrow = (
            ()
            if cluster is None
            else (f"records of one {cluster.name!r} are alike: the interval of the error is too narrow",)
        )
        return replace(self, notes=(*impact.sentences, *narrow, *self.notes), estimated=impact)
