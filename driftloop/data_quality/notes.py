"""What is worth knowing about a column and is no sign of a broken feed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from driftloop.data_quality.chance import bounded
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.repeated_value import find_stuck_value, is_coarse
from driftloop.data_quality.unusable_values import count_out_of_range
from driftloop.stats.sorting import median
from driftloop.wording.counts import count_of

FAR = 4.0
"""Distance from the median, in distances from the median to the baseline's end, of a value that a person should see."""


def write_column_notes(pair: ColumnPair) -> Iterator[str]:
    """Sentences about one column: newly filled, one value in all rows, single values that are unusable or far away."""
    name, window = pair.column.name, pair.window
    known, known_baseline = window.rows - window.missing, pair.baseline.rows - pair.baseline.missing
    if not known_baseline:
        filled = f"has values in {known / max(window.rows, 1):.0%} of rows, before 0%" if known else "holds no value"
        yield f"{name}: {filled}; the baseline has none to compare with"
        return
    if (
        known
        and window.minimum is not None
        and window.minimum == window.maximum
        and _steps(pair)
        and find_stuck_value(pair) is None
    ):
        yield (
            f"{name}: {window.minimum:.6g} in every row, as of a calendar column; if that is its nature, give column "
            f'{name!r} role = "time" in the schema'
        )
    unusable, unusable_baseline = (side.malformed + side.infinite for side in (window, pair.baseline))
    if known and (unusable or unusable_baseline):
        kind = "numbers" if pair.column.kind == "numeric" else "times"
        in_baseline = f"{unusable_baseline} of {pair.baseline.rows}" if unusable_baseline else "none"
        values = count_of(window.rows, "value is", "values are")
        count = f"{unusable:,} of {values} no {kind} that can be used and count as missing"
        yield f"{name}: {count}; in the baseline {in_baseline}"
    outside = count_out_of_range(pair)
    if outside:
        yield f"{name}: {outside:,} of {count_of(known, 'value')} beyond the schema's range"
    elif pair.column.kind == "numeric" and (far := _far_values(pair)):
        yield f"{name}: {far:,} of {count_of(known, 'value')} far beyond all of the baseline"


def _steps(pair: ColumnPair) -> bool:
    """Whether the column is one of few steps, and more than one in the baseline."""
    counts = np.unique(pair.baseline_values, return_counts=True)[1]
    return len(counts) > 1 and is_coarse(counts)


def _far_values(pair: ColumnPair) -> int:
    if pair.baseline_ends is None or not len(pair.baseline_values):
        return 0
    low, high = bounded(np.array(pair.baseline_ends)).tolist()
    if low == high:
        return 0
    middle = median(bounded(pair.baseline_values))
    values, counts = bounded(pair.window.bins[0]), pair.window.bins[1]
    above = values > middle + FAR * (high - middle)
    below = values < middle - FAR * (middle - low)
    return int(counts[(above & (values > high)) | (below & (values < low))].sum())
