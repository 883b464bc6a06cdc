"""What a chance that was computed for independent records is worth where they depend on each other."""

from __future__ import annotations

import numpy as np

from driftloop.profile.sampling.sample import Sample
from driftloop.profile.window import Baseline, Window


def independent_part(baseline: Baseline, window: Window) -> float:
    """Which part of the records count as independent: the power to which a rule's p is raised; 1 without clusters.

    The logarithm of a tail is proportional to the number of records (Chernoff). At worst all records of a cluster are
    alike. Then a side of n records with shares q_i of clusters is worth 1 / sum q_i^2 (Kish 1965). Of two sides worth a
    and b the harmonic part a b / (a + b) counts, against n m / (n + m) of the records.

    Examples
    --------
    >>> from driftloop import Column, Schema
    >>> import pyarrow as pa
    >>> schema = Schema((Column("x"), Column("ward", "categorical", role="cluster")))
    >>> rows = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "ward": ["a", "a", "b", "b"]})
    >>> independent_part(Baseline(rows, schema), Window(rows, schema))
    0.5
    """
    sides = baseline.profile.sample, window.profile.sample
    if any(sample.clusters is None or not sample.rows for sample in sides):
        return 1.0
    worth = [_effective_clusters(sample) for sample in sides]
    records = [float(sample.rows) for sample in sides]
    return _harmonic(*worth) / _harmonic(*records)


def _effective_clusters(sample: Sample) -> float:
    assert sample.clusters is not None
    counts = np.bincount(np.unique(sample.clusters, return_inverse=True)[1], sample.weights)
    return float(counts.sum() ** 2 / (counts**2).sum())


def _harmonic(baseline: float, window: float) -> float:
    return baseline * window / (baseline + window)
