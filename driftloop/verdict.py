"""The check: a window against a baseline, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from driftloop.column_results import FeatureRow, feature_rows
from driftloop.config.policy import INCIDENT_SHARE, Policy
from driftloop.coverage import NotCompared, columns_not_compared
from driftloop.data_quality.incidents import assess
from driftloop.errors import InputError, SchemaError
from driftloop.profile.window import Baseline, Window
from driftloop.report.result import Result
from driftloop.two_sample.comparable import season_notes, too_little
from driftloop.two_sample.compare import Comparison, compare
from driftloop.window_size import unusual_rate
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.impact.impact import Impact
    from driftloop.segments.segments import Segments
    from driftloop.sequential.evidence import Evidence
    from driftloop.subgroups.found import Subgroups

__all__ = ["Check", "FeatureRow", "Verdict", "check"]


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


def check(
    baseline: Baseline,
    window: Window,
    policy: Policy | None = None,
    evidence: Evidence | None = None,
    *,
    now: float | None = None,
) -> Check:
    """Compare a window with a baseline. Pure: the same arguments give the same answer on every machine.

    Without `evidence` the verdict is `drift` when the comparison's p is at most `policy.alpha`. With it, the verdict is
    `drift` when the evidence of this and earlier windows together raises the alarm (`driftloop.sequential.evidence`).
    An incident or a window that is too small leaves the evidence as it was.

    Parameters
    ----------
    baseline, window : Baseline, Window
        Both read with one schema.
    policy : Policy, optional
        Error rates and smallest effects; the defaults unless given.
    evidence : Evidence, optional
        From earlier windows of the same baseline.
    now : float, optional
        When the check is made, in seconds since 1970: records from later than that are an incident.

    Raises
    ------
    SchemaError
        When the two were read with different schemas.
    """
    policy = policy or Policy()
    context = _Context(
        baseline, window, policy, (*_notes(window), *unusual_rate(baseline, window), *season_notes(baseline, window))
    )
    if [(c.name, c.kind) for c in baseline.schema.features] != [(c.name, c.kind) for c in window.schema.features]:
        raise SchemaError("the window was read with another schema than the baseline: read it with baseline.schema")
    if (reason := _too_few(baseline, window, policy) or too_little(baseline, window, policy)) is not None:
        return _answer(Verdict.INSUFFICIENT, (reason,), None, context, evidence)
    tolerated = policy.alpha if evidence is None else 1 / policy.budget
    quality = assess(baseline, window, INCIDENT_SHARE * tolerated, now=now, repeats_allowed=policy.repeats_allowed)
    # Lost and turned-over columns are left out: they would seem to break every correlation with the others.
    comparison = compare(baseline, window, policy, refine=evidence is not None, excluded=quality.excluded)
    context = replace(context, notes=(*context.notes, *quality.notes), excluded=quality.excluded)
    if quality.incidents:
        return _answer(Verdict.INCIDENT, quality.incidents, comparison, context, evidence)
    if any(column.segment for column in baseline.schema.features):
        from driftloop.segments.verdicts import judge_segments

        segments = judge_segments(baseline, window, policy, tolerated, quality.excluded)
        context = replace(context, segments=segments)
    if evidence is None:
        moved = comparison.p <= policy.check_level and comparison.matters
        return _answer(Verdict.DRIFT if moved else Verdict.STABLE, (), comparison, context, None)
    from driftloop.sequential.evidence import update

    columns = baseline.schema.features
    evidence = update(
        evidence,
        baseline,
        window,
        comparison,
        window_id=window.sha256,
        since=window.first_time,
        policy=policy,
        excluded=[columns[column_index].name for column_index in quality.excluded],
    )
    verdict = Verdict.DRIFT if evidence.alarm else Verdict.STABLE
    said = (evidence.sentence,) if evidence.alarm else ()
    return _answer(verdict, said, comparison, context, evidence)


def _too_few(baseline: Baseline, window: Window, policy: Policy) -> str | None:
    if min(window.rows, baseline.rows) >= policy.min_rows:
        return None
    few, where = (window.rows, "") if window.rows < policy.min_rows else (baseline.rows, " in the baseline")
    counted = count_of(few, f"row{where} is", f"rows{where} are")
    return f"{counted} too few to say anything (at least {policy.min_rows} are needed)"


@dataclass(frozen=True)
class _Context:
    """What is compared, and how carefully."""

    baseline: Baseline
    window: Window
    policy: Policy
    notes: tuple[str, ...] = ()
    excluded: frozenset[int] = frozenset()
    """Indices of compared columns that were left out, because their values turned over or are lost."""
    segments: Segments | None = None


def _answer(
    verdict: Verdict,
    said: tuple[str, ...],
    comparison: Comparison | None,
    context: _Context,
    evidence: Evidence | None,
) -> Check:
    baseline, window, policy = context.baseline, context.window, context.policy
    features = feature_rows(baseline, window, comparison, policy)
    return Check(
        verdict=verdict,
        reasons=_reasons(verdict, said, comparison, features, policy),
        features=features,
        rows=window.rows,
        baseline_rows=baseline.rows,
        p_value=None if comparison is None else comparison.p,
        alpha=policy.alpha,
        baseline_sha256=baseline.sha256,
        window_sha256=window.sha256,
        first_time=window.first_time,
        last_time=window.last_time,
        notes=context.notes,
        evidence=evidence,
        columns_not_compared=columns_not_compared(baseline, window, context.excluded),
        baseline=baseline,
        window=window,
        policy=policy,
        comparison=comparison,
        segments=context.segments,
    )


def _notes(window: Window) -> tuple[str, ...]:
    unknown = window.profile.extra
    return (f"not in the schema, so not compared: {', '.join(unknown)}",) if unknown else ()


def _reasons(
    verdict: Verdict,
    said: tuple[str, ...],
    comparison: Comparison | None,
    features: tuple[FeatureRow, ...],
    policy: Policy,
) -> tuple[str, ...]:
    if verdict in (Verdict.INCIDENT, Verdict.INSUFFICIENT):
        return said
    moved = sorted((row for row in features if row.drift), key=lambda row: (not row.retrains, row.p_value or 0.0))
    reasons = (*said, *(row.sentence for row in moved))
    if verdict is Verdict.DRIFT:
        return reasons or ("the columns have moved together, none of them alone for sure",)
    if reasons:
        return reasons
    if comparison is not None and comparison.p <= policy.alpha and not comparison.matters:
        return ("a change beyond chance, but too small to matter",)
    return ("no change beyond chance",)
