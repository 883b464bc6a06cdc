"""What a stored report says beside the check: the model, the checks before, the open drift, the model's error."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from driftloop.config.models import Model
from driftloop.events import InService
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord, Ledger
from driftloop.ledger.model_state import ModelState
from driftloop.report.context import ModelError, PastCheck, ReportContext, Started
from driftloop.times import format_time
from function_app.storage.model_blobs import ModelBlobs

if TYPE_CHECKING:
    from driftloop import Schema

DRAWN = 30
"""Checks in the picture of the evidence: a month of days, more than half a year of weeks."""


def report_context(
    check: CheckRecord,
    files: Sequence[str],
    model: Model,
    *,
    ledger: Ledger,
    blobs: ModelBlobs,
    state: ModelState,
    pointer: InService,
) -> ReportContext:
    """The context of a check that is about to be stored.

    Raises LedgerError, Azure's errors, and InputError for errors of the holdout that cannot be read.
    """
    before = [past for past in ledger.checks(model.name, limit=DRAWN) if past.check_id != check.check_id]
    drifts = ledger.drifts(model.name, open_only=True)
    return ReportContext(
        model=model.name,
        model_version=pointer.version,
        check_id=check.check_id,
        baseline_name=f"baselines/{model.name}/{pointer.version}.parquet",
        window_name=_named(files),
        made_at=format_time(check.at),
        history=tuple(_past(each) for each in (*reversed(before), check)),
        started=steps_of(drifts[-1]) if drifts else (),
        error=_error(model, blobs, state, pointer),
    )


def steps_of(drift: Drift) -> tuple[Started, ...]:
    """What a drift has started so far, and what came of it."""
    last = f": {drift.history[-1].note}" if drift.history else ""
    steps = [Started("drift", f"{drift.drift_id}, {drift.state}{last}")]
    if drift.run_id or drift.run_url:
        steps.append(Started("run", drift.run_id or "", drift.run_url))
    if drift.job:
        steps.append(Started("job", drift.job))
    if drift.model_version:
        steps.append(Started("model", f"{drift.model} {drift.model_version}"))
    return tuple(steps)


def _named(files: Sequence[str]) -> str | None:
    if not files:
        return None
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _past(check: CheckRecord) -> PastCheck:
    p = 1 - check.evidence if check.verdict in ("stable", "drift") and check.evidence is not None else None
    return PastCheck(format_time(check.at)[:16].replace("T", " "), check.verdict, p)


def _error(model: Model, blobs: ModelBlobs, state: ModelState, pointer: InService) -> ModelError | None:
    """What labels have said so far of the version in service; None where they have said nothing."""
    if state.performance is None:
        return None
    from driftloop.sequential.model_error import Performance

    seen = msgspec.json.decode(state.performance, type=Performance)
    if seen.growth is None or seen.baseline != pointer.baseline_sha256:
        return None
    holdout = blobs.holdout(pointer).errors
    if holdout is None:
        return None
    unit, classes = _target(blobs.baseline(pointer).schema)
    return ModelError(holdout.mean, seen.growth, seen.labels, seen.p, model.policy.error_level, unit, classes)


def _target(schema: "Schema") -> tuple[str, bool]:
    target = schema.role("target")
    return ("", False) if target is None else (target.unit, target.kind == "categorical")
