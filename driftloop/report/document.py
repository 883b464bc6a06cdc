"""A check as JSON: the fields by name, of which docs/schemas/check.json is the JSON Schema.

`schema_version` is raised when a field changes its meaning or goes; a new field leaves it as it is. Readers should pass
over fields that they do not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from driftloop.impact.impact import ImpactDocument
from driftloop.report.context import VerdictName
from driftloop.segments.segments import Segments

if TYPE_CHECKING:
    from driftloop.report.shown import Shown
    from driftloop.subgroups.found import Subgroups

SCHEMA_VERSION = 1


class ColumnDocument(msgspec.Struct, frozen=True):
    """One compared column; `driftloop.FeatureRow` says what each field means."""

    name: str
    kind: Literal["numeric", "categorical", "datetime"]
    role: Literal["feature", "prediction"]
    unit: str
    aspect: str
    """What changed most surely: location, side, spread, given, dependence, pair, share, missing, range, repeat."""
    statistic: float | None
    effect: float | None
    effect_text: str
    p_value: float | None
    """Corrected for everything that was looked at in this check."""
    drift: bool
    importance: float | None
    retrains: bool
    """False: the model does not use the column, so its drift is reported and nothing more."""
    missing_baseline: float
    missing_window: float
    sentence: str


class NotComparedDocument(msgspec.Struct, frozen=True):
    """A column that the verdict says nothing of, and why."""

    name: str
    reason: str


class EvidenceDocument(msgspec.Struct, frozen=True):
    """What all windows since the last retrain say together; the state for the next check is not part of it."""

    p: float
    """The chance of evidence this strong at one check without drift."""
    alarm: bool
    checks: int
    """Windows since the last retrain."""
    windows: int
    """Over how many of the last windows it is strongest."""
    feature: str | None
    """In what."""
    since: str | None
    """Time of the first record of these windows, ISO 8601; null without an alarm."""


class SubgroupDocument(msgspec.Struct, frozen=True):
    """Records whose change stands out."""

    rule: list[str]
    """Conditions, all of which hold, as a person reads them; none: every record."""
    conditions: list[tuple[str, str, float | str | None]]
    """The same as column, operator (`>=`, `<`, `=`, `is missing`) and value."""
    content: str | None
    """The column whose values moved inside it; null where its share of the records did."""
    baseline: float | None
    """That share, or the mean of that column inside the subgroup; null where no record has a value."""
    window: float | None
    baseline_records: int
    window_records: int
    p: float
    """The chance that a search would find as much without a change."""
    sentence: str


class SubgroupsDocument(msgspec.Struct, frozen=True):
    """What `--where` found."""

    found: list[SubgroupDocument]
    """At most three, what changed most first; each among the records that are not in those before."""
    rest_p: float | None
    """Of what remains when these are taken out; null: too few records, or nothing was found."""
    alpha: float


class CheckDocument(msgspec.Struct, frozen=True):
    """What one check says."""

    schema_version: Literal[1]
    verdict: VerdictName
    drift: bool
    """Whether to retrain."""
    reasons: list[str]
    """Sentences, the most important first."""
    notes: list[str]
    """What is worth knowing and changes nothing."""
    chance: float | None
    """The chance of what the verdict rests on without drift; null for an incident and for too few records."""
    alarm: float
    """The chance at or below which the verdict is drift."""
    p_value: float | None
    """Of this window alone."""
    alpha: float
    rows: int
    baseline_rows: int
    first_time: str | None
    last_time: str | None
    baseline_sha256: str
    window_sha256: str
    features: list[ColumnDocument]
    columns_not_compared: list[NotComparedDocument]
    evidence: EvidenceDocument | None
    """null where the check was made by itself."""
    where: SubgroupsDocument | UnsetType = UNSET
    """The subgroups behind the change, where somebody asked for them (`driftloop check --where`)."""
    impact: ImpactDocument | UnsetType = UNSET
    """What the change does to the model, where somebody asked for it (`driftloop check --holdout`)."""
    segments: Segments | UnsetType = UNSET
    """A verdict for each segment that the schema names (`segment = true`)."""
    check_id: str | UnsetType = UNSET
    """Of the files that the function app writes: its name,"""
    model: str | UnsetType = UNSET
    """of which model,"""
    baseline_version: str | UnsetType = UNSET
    """and which version of it was in service."""


def to_document(check: Shown, where: Subgroups | None = None) -> dict[str, Any]:
    """The fields of `CheckDocument` as plain values."""
    evidence = check.evidence
    asked: dict[str, Any] = {} if where is None else {"where": where.to_dict()}
    if check.estimated is not None:
        asked["impact"] = check.estimated.to_dict()
    if check.segments is not None:
        asked["segments"] = check.segments.to_dict()
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": check.verdict.value,
        "drift": check.verdict.value == "drift",
        "reasons": list(check.reasons),
        "notes": list(check.notes),
        "chance": check.chance,
        "alarm": check.alarm,
        "p_value": check.p_value,
        "alpha": check.alpha,
        "rows": check.rows,
        "baseline_rows": check.baseline_rows,
        "first_time": check.first_time,
        "last_time": check.last_time,
        "baseline_sha256": check.baseline_sha256,
        "window_sha256": check.window_sha256,
        "features": [row.to_dict() for row in check.features],
        "columns_not_compared": [column._asdict() for column in check.columns_not_compared],
        "evidence": None
        if evidence is None
        else {
            "p": evidence.p,
            "alarm": evidence.alarm,
            "checks": evidence.checks,
            "windows": evidence.windows,
            "feature": evidence.feature,
            "since": evidence.since,
        },
        **asked,
    }
