"""The check of two sides: which verdict a window has beside a baseline, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from driftloop.column_results import FeatureRow, feature_rows
from driftloop.config.policy import INCIDENT_SHARE, Policy
from driftloop.coverage import columns_not_compared
from driftloop.data_quality.incidents import assess
from driftloop.errors import SchemaError
from driftloop.profile.window import Baseline, Window
from driftloop.two_sample.comparable import cluster_notes, season_notes, too_little
from driftloop.two_sample.compare import Comparison, compare
from driftloop.verdict import Check, Verdict
from driftloop.window_size import unusual_rate
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.segments.segments import Segments
    from driftloop.sequential.evidence import Evidence


def check_sides(
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
    notes = (*season_notes(baseline, window), *cluster_notes(baseline, window))
    context = _Context(baseline, window, policy, (*_notes(window), *unusual_rate(baseline, window), *notes))
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
