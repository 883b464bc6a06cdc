"""What a check's row holds of a very wide table: all of it where that fits, else what is surest.

The row of a model's state carries its newest check along, and a table row holds a megabyte. The state of 2,000 columns
takes up to 825 kB after a year. What every one of them says of itself would take 300 kB more. The report holds it all.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

# As JSON, before it is deflated: a column takes 450 bytes, or 1,000 where its name is long, and a third of that after.
ALL_FEATURES, SUREST_FEATURES = 640_000, 64_000
ALL_REASONS, FIRST_REASONS = 160_000, 16_000


def fitting_features(features: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All columns' results where they fit, else as many of the surest as do, in the order of the table.

    Parameters
    ----------
    features : Sequence[dict[str, Any]]
        As `Check.to_dict` gives them.
    """
    sizes = [len(msgspec.json.encode(feature)) for feature in features]
    if sum(sizes) <= ALL_FEATURES:
        return list(features)
    by_sureness = sorted(range(len(features)), key=lambda index: _sureness(features[index]))
    return [features[index] for index in sorted(_first(by_sureness, sizes, SUREST_FEATURES))]


def fitting_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """All sentences where they fit, else the first that do, and how many more the report holds."""
    sizes = [len(reason.encode()) for reason in reasons]
    if sum(sizes) <= ALL_REASONS:
        return tuple(reasons)
    kept = [reasons[index] for index in _first(range(len(reasons)), sizes, FIRST_REASONS)]
    return (*kept, f"and {len(reasons) - len(kept)} more sentences: the report holds them")


def _sureness(feature: dict[str, Any]) -> tuple[bool, float]:
    p = feature.get("p_value")
    return (not feature.get("drift"), 1.0 if p is None else p)


def _first(indices: Sequence[int], sizes: Sequence[int], most: int) -> list[int]:
    kept: list[int] = []
    left = most
    for index in indices:
        left -= sizes[index]
        if left < 0:
            break
        kept.append(index)
    return kept
