"""What most tools do: Kolmogorov-Smirnov and chi-squared, column by column, Bonferroni. Missing values are dropped."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.stats import chi2_contingency, ks_2samp


def plain_p(reference: pa.Table, window: pa.Table) -> float:
    """The smallest p over columns, times the number of columns."""
    smallest = min(_column_p(reference[name], window[name]) for name in reference.column_names)
    return float(min(1.0, smallest * reference.num_columns))


def _column_p(reference: pa.ChunkedArray, window: pa.ChunkedArray) -> float:
    old, new = (values.drop_null().to_numpy(zero_copy_only=False) for values in (reference, window))
    if len(old) == 0 or len(new) == 0:
        return 1.0
    names = np.unique(np.concatenate([old, new]).astype(str if old.dtype == object else old.dtype))
    if old.dtype == object or old.dtype == bool or len(names) <= 3:
        if len(names) < 2:
            return 1.0
        counts = np.array([[np.count_nonzero(values == name) for name in names] for values in (old, new)])
        return float(chi2_contingency(counts).pvalue)
    return float(ks_2samp(old, new).pvalue)
