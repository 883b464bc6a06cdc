"""The ledger's row of a check that compared a window: what it says, in as many words as a row holds."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftloop.config.models import Model
from driftloop.events import InService, check_id
from driftloop.ledger.ledger import CheckRecord
from driftloop.wording.counts import count_of
from function_app.checks.comparing import Compared
from function_app.checks.fitting import fitting_features, fitting_reasons
from function_app.incoming.quarantine import path_of
from function_app.incoming.watermark import Selection
from function_app.labels.performance import unwatched
from function_app.telemetry.announcing import summary

if TYPE_CHECKING:
    from driftloop import Check, Schema


def record_of(
    compared: Compared, model: Model, pointer: InService, selection: Selection, *, now: datetime, schema: "Schema"
) -> CheckRecord:
    """The row of a check that compared a window.

    Parameters
    ----------
    compared : Compared
        The window, read and judged.
    selection : Selection
        The files that it was made of: they name the check where none could be read.
    schema : Schema
        The baseline's: it tells what is not watched.

    Returns
    -------
    CheckRecord
        The ledger's row, without its report and its drift.
    """
    window, reading, result = compared.window, compared.reading, compared.result
    copies = len(reading.copies)
    also = (
        f"{count_of(copies, 'file holds', 'files hold')} what another one holds: it is read once" if copies else None,
        unwatched(schema),
    )
    evidence = None if result is None else result.evidence
    told = () if result is None else _told(result)
    return CheckRecord(
        check_id=check_id(model.name, pointer.baseline_sha256, window.sha256 if reading.read else selection.sha256),
        model=model.name,
        at=now,
        verdict=compared.verdict,
        reasons=fitting_reasons((*compared.reasons, *told, *(said for said in also if said), *selection.stragglers)),
        rows=window.rows,
        files=len(reading.read),
        baseline_version=pointer.version,
        baseline_sha256=pointer.baseline_sha256,
        window_sha256=window.sha256,
        window_first=window.first_time,
        window_last=window.last_time,
        evidence=None if evidence is None else evidence.certainty,
        quarantined=tuple(path_of(file) for file in compared.guilty),
        summary={} if result is None else _fitting(summary(result)),
    )


def _told(result: "Check") -> tuple[str, ...]:
    """What else a check has found: the segments that have moved, and the model's estimated error."""
    segments = () if result.segments is None else tuple(each.sentence for each in result.segments.drifted)
    return segments if result.estimated is None else (*segments, *result.estimated.sentences)


def _fitting(numbers: dict[str, Any]) -> dict[str, Any]:
    return {**numbers, "features": fitting_features(numbers["features"])}
