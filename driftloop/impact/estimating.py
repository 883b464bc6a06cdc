"""What a drift does to the model is estimated: from window, holdout and labels to an `Impact`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from driftloop.data.levels import codes_of, recode, values_of
from driftloop.errors import InputError
from driftloop.impact.cross_fitted import attached
from driftloop.impact.described import Records
from driftloop.impact.error_estimate import Estimate, estimate_error
from driftloop.impact.holdout import FEWEST, read_holdout
from driftloop.impact.impact import GROWTH_LEVEL, LEVEL, Impact
from driftloop.impact.with_labels import FEWEST_LABELS, combine_labels, half_width
from driftloop.sequential.prediction_error import class_of
from driftloop.stats.special import special
from driftloop.wording.number_formats import format_share

if TYPE_CHECKING:
    from driftloop.data.schema import Schema
    from driftloop.profile.window import Baseline, Window

Floats = npt.NDArray[np.float64]
Known = tuple[Records, Floats]
"""Records with the model's error on each (n,)."""

FEWEST_EFFECTIVE = 30.0
"""Holdout records that the weights leave: a mean of fewer is not normal enough for the interval."""
MOST_OUTSIDE = 0.1
"""Of the window's records, likelier from the window than any of the holdout's. Beyond a tenth, their error is an
extrapolation that could move the mean by more than the interval says.
"""


def find_impact(
    window: Window, holdout: Any, schema: Schema, *, tolerance: float = 0.1, labelled: Any = None
) -> Impact:
    """The model's error on a window, from its errors on the holdout (`driftloop.impact.error_estimate`).

    Parameters
    ----------
    window
        Read with the baseline's schema.
    holdout
        As `driftloop.impact.holdout.read_holdout` takes it.
    schema
        The baseline's.
    tolerance
        The part by which the error may grow before it matters.
    labelled
        Records of the window whose outcome is known, in the same form as the holdout; at least 20.

    Raises
    ------
    InputError
        Where the holdout cannot be read, or has no errors to learn from.
    """
    known = read_holdout(holdout, schema, FEWEST)
    more = None if labelled is None else read_holdout(labelled, schema, FEWEST_LABELS)
    beside = attached(known)
    mine, theirs, labels, learnt = _records([known, window, more, beside], schema)
    assert mine is not None
    assert theirs is not None
    errors = mine[1]
    if not errors.any():
        raise InputError("the model's errors on its holdout are all 0: nothing can be learnt from them")
    found = estimate_error(
        *mine,
        theirs[0],
        "log" if _is_number(schema, errors) else "logit",
        also=None if labels is None else labels[0],
        cross_fitted=learnt,
    )
    return _described(found, errors, labels, schema, (window, tolerance))


def _described(
    found: Estimate,
    errors: Floats,
    labels: Known | None,
    schema: Schema,
    asked: tuple[Window, float],
) -> Impact:
    window, tolerance = asked
    more = len(found.residuals) - len(errors)
    unknown = _unknown(found, window, "records with a known error" if more else "holdout records")
    low, high = found.noise.interval(found.mean, LEVEL)
    mean, count, changed, holdout_error = found.mean, 0, False, float(errors.mean())
    growth = found.noise_of_growth.interval(found.growth, GROWTH_LEVEL)
    combined = (
        None if labels is None else combine_labels(found.expected, found.expected_also, labels[1], LEVEL, window.rows)
    )
    # Labels are compared with the holdout alone, so that nothing is assumed of errors of other fits.
    before = found.before if more and combined is None else holdout_error
    if combined is not None:
        mean, half, count = combined.mean, combined.half_width, combined.labels
        changed = unknown is None and (mean - half > high or mean + half < low)
        low, high, unknown = mean - half, mean + half, None
        wide = _growth_half_width(half, count, errors)
        growth = mean - before - wide, mean - before + wide
    target = schema.role("target")
    wrong = bool(np.isin(errors, (0.0, 1.0)).all())
    return Impact(
        error=None if unknown else mean,
        low=None if unknown else max(low, 0.0),
        high=None if unknown else high,
        growth=None if unknown else (growth[0] / before, growth[1] / before),
        holdout_error=holdout_error,
        before=None if before == holdout_error else before,
        effective=found.effective,
        outside=found.outside,
        holdout_rows=len(errors),
        rows=window.rows,
        tolerance=tolerance,
        labels=count,
        changed=changed,
        unknown=unknown,
        unit="" if target is None or wrong else target.unit,
        classes=wrong,
        cross_fitted=more,
    )


def _growth_half_width(half: float, labels: int, errors: Floats) -> float:
    """From that of a window's error by its labels, at `LEVEL`, and the standard error of the holdout's."""
    wider = half * half_width(labels, 1 - GROWTH_LEVEL) / half_width(labels, 1 - LEVEL)
    standard_errors = float(special.ndtri((1 + GROWTH_LEVEL) / 2))
    return float(np.hypot(wider, standard_errors * errors.std() / np.sqrt(len(errors))))


def _unknown(found: Estimate, window: Window, known: str) -> str | None:
    if not window.rows:
        return "there are no records"
    if found.outside > MOST_OUTSIDE:
        return f"{format_share(found.outside)} of them lie where the holdout has none"
    if found.effective < FEWEST_EFFECTIVE:
        count = len(found.residuals)
        return f"of {count} {known} only {found.effective:.0f} are like them, in effective number"
    return None


def _is_number(schema: Schema, errors: Floats) -> bool:
    """Whether these are errors of a number: of classes none is beyond 1."""
    target = schema.role("target")
    return target.kind != "categorical" if target is not None else bool(errors.max() > 1)


def _records(sides: Sequence[Baseline | Window | None], schema: Schema) -> list[Known | None]:
    """The records of each side with their errors, none where it has no such column; categories have common codes."""
    width = len(schema.features)
    samples = [side.profile.sample for side in sides if side is not None]
    plain = [sample.levels[:width] for sample in samples]
    levels = tuple(tuple(sorted({name for one in each for name in one})) for each in zip(*plain, strict=True))
    made = []
    for sample in samples:
        values = sample.values.copy()
        for index in range(width):
            if sample.levels[index]:
                codes = recode(codes_of(values[:, index]), sample.levels[index], levels[index])
                values[:, index] = values_of(codes)
        values = np.repeat(values, _bounded(sample.weights), axis=0)
        errors = values[:, width] if values.shape[1] > width else np.zeros(0)
        made.append((_as_records(values[:, :width], schema), errors))
    found = iter(made)
    return [None if side is None else next(found) for side in sides]


def _bounded(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Repetitions of each row, fewer where there are very many, so that no more than about 5,000 rows are worked on."""
    total = int(weights.sum())
    return weights if total <= 5_000 else np.maximum(1, np.round(weights * (5_000 / total))).astype(np.int64)


def _as_records(values: Floats, schema: Schema) -> Records:
    columns = schema.features
    place = next((index for index, column in enumerate(columns) if column.role == "prediction"), None)
    claimed = None
    if place is not None and class_of(columns[place]) is not None:
        probability = np.clip(np.nan_to_num(values[:, place], nan=0.5), 0, 1)
        claimed = probability * (1 - probability)
    marks = np.array([column.kind == "categorical" for column in columns])
    return Records(np.where(np.isinf(values), np.nan, values), marks, place, claimed)
