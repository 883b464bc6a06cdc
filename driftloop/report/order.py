"""In which order columns are shown: what matters most comes first."""

from __future__ import annotations

from driftloop.column_results import FeatureRow


def by_weight(row: FeatureRow) -> tuple[bool, bool, float, float]:
    """Sorts columns: those that moved first, of these the ones that the model uses, then the surest."""
    p = 2.0 if row.p_value is None else row.p_value
    return (not row.drift, not row.retrains, p, -abs(row.statistic or 0.0))
