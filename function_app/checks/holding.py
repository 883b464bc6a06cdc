"""What a drift does to the model, and whether it is held for that: `retrain_when` of `driftloop.toml`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from driftloop.config.models import Model
from driftloop.errors import DriftloopError
from driftloop.events import InService
from function_app.storage.model_blobs import ModelBlobs
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import driftloop
    from driftloop.impact.impact import Impact
    from function_app.labels.labelled_window import LabelledWindow

_Found = TypeVar("_Found")


def with_impact(
    result: "driftloop.Check",
    model: Model,
    blobs: ModelBlobs,
    pointer: InService,
    labelled: "Callable[[], LabelledWindow | None]",
) -> "driftloop.Check":
    """A drift with the model's estimated error on its window; as it was where the version has no holdout records.

    `labelled`: the window with the labels that have arrived for its records, where there are enough. What goes wrong
    with the estimate is logged and hides nothing: without one, no drift is held.
    """

    def estimated() -> "driftloop.Check":
        holdout = blobs.holdout_records(pointer)
        if holdout is None:
            return result
        found = labelled()
        arrived = None if found is None else found.labelled
        return result.with_impact(result.impact(holdout, tolerance=model.impact_tolerance, labelled=arrived))

    return _or_logged(estimated, model) or result


def impact_of(found: "LabelledWindow", model: Model, blobs: ModelBlobs, pointer: InService) -> "Impact | None":
    """The model's error on the records of an open drift, now that some have labels; None without holdout records.

    Prediction-powered inference: the error model fills in the records without a label, the labels correct it. Its
    interval is a confidence sequence, so it may be looked at after each delivery of labels.
    """

    def estimated() -> "Impact | None":
        from driftloop.impact.estimating import find_impact

        holdout = blobs.holdout_records(pointer)
        if holdout is None:
            return None
        schema = blobs.baseline(pointer).schema
        return find_impact(found.window, holdout, schema, tolerance=model.impact_tolerance, labelled=found.labelled)

    return _or_logged(estimated, model)


def _or_logged(estimated: "Callable[[], _Found | None]", model: Model) -> "_Found | None":
    """What is estimated; None, and a line in the log, where that fails."""
    try:
        return estimated()
    except (DriftloopError, ArithmeticError, ValueError) as error:
        # What is not ours may quote a value.
        why = str(error) if isinstance(error, DriftloopError) else type(error).__name__
        emit("check_failed", model=model.name, error=f"the model's error is not estimated: {why}")
        return None


def hold_of(model: Model, impact: "Impact | None", performance: str | None) -> str | None:
    """Why a drift is reported and not sent; None where it may be sent.

    Parameters
    ----------
    impact : Impact | None
        What is estimated of the model's error on the newest window; None without an estimate.
    performance : str | None
        What labels have said, as the ledger keeps it: an error that has grown ends every hold.
    """
    if model.retrain_when == "drift" or _has_grown(performance):
        return None
    if model.retrain_when == "labels":
        return "held: labels have not shown that the model's error has grown (retrain_when = labels)"
    if impact is None or impact.growth is None or not impact.harmless:
        return None
    return (
        f"held: the model's error has grown by at most {max(impact.growth[1], 0.0):.0%} by the estimate, "
        f"{model.impact_tolerance:.0%} is tolerated (retrain_when = impact)"
    )


def _has_grown(performance: str | None) -> bool:
    from driftloop.sequential.model_error import Performance

    return performance is not None and msgspec.json.decode(performance, type=Performance).degraded
