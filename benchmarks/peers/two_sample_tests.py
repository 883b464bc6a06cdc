"""Two tests of any difference between two tables, for every change: a classifier, and the maximum mean discrepancy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.changes import CASES, Case
from benchmarks.held_out import HELD_OUT
from benchmarks.plain import plain_p
from benchmarks.random_changes import random_cases
from benchmarks.rates import Rate, stream
from benchmarks.single import ALPHA, REFERENCE_ROWS, schema_of, verdict
from benchmarks.tables import as_table, table

Floats = npt.NDArray[np.float64]

WINDOWS = 100
"""Of each change: a forest takes a quarter of a second."""
PERMUTATIONS = 999
TREES = 100
MOST_LEVELS = 30


@dataclass(frozen=True)
class General:
    """One change: how often each test finds it, on the same windows."""

    case: str
    rows: int
    driftloop: Rate
    plain: Rate
    classifier: Rate
    mmd: Rate


def two_sample_tests(scale: float) -> list[General]:
    """Every change of the benchmark, and each table of it without one."""
    cases = [(case, stream(16, index)) for index, case in enumerate((*CASES, *HELD_OUT, *random_cases()))]
    return [_compared(case, rng, max(2, round(WINDOWS * scale))) for case, rng in cases]


def _compared(case: Case, rng: np.random.Generator, tries: int) -> General:
    before, schema = table(case.table), schema_of(case.table)
    populations = {column: case.make(column) for column in case.columns}
    hits = np.zeros(4, int)
    for number in range(tries):
        reference = before.draw(REFERENCE_ROWS, rng)
        window = as_table(populations[case.columns[number % len(case.columns)]].sample(case.rows, rng))
        matrix, marks = encoded(reference, window)
        hits += [
            verdict(reference, window, schema) in case.verdicts,
            plain_p(reference, window) <= ALPHA,
            classifier_p(matrix, marks, rng) <= ALPHA,
            mmd_p(matrix, marks, rng) <= ALPHA,
        ]
    result = General(case.name, case.rows, *(Rate(int(count), tries) for count in hits))
    print(f"two-sample tests: {result}", flush=True)
    return result


def encoded(reference: pa.Table, window: pa.Table) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Both tables as one matrix of standardised columns (n, k), and which rows are the window's.

    Text becomes a mark for each of its most frequent values; a missing number the mean, and a mark.
    """
    pooled = pa.concat_tables([reference, window], promote_options="permissive").to_pandas()
    parts = []
    for name in pooled:
        values = pooled[name]
        if values.dtype == object or str(values.dtype) in ("str", "bool"):
            text = values.astype(str)
            parts += [(text == level).to_numpy(float) for level in text.value_counts().index[:MOST_LEVELS]]
            continue
        numbers = values.to_numpy(float, na_value=np.nan)
        missing = np.isnan(numbers)
        parts.append(np.where(missing, np.nanmean(numbers), numbers))
        if missing.any():
            parts.append(missing.astype(float))
    matrix = np.column_stack(parts)
    deviation = matrix.std(axis=0)
    matrix = (matrix - matrix.mean(axis=0))[:, deviation > 0] / deviation[deviation > 0]
    return matrix, np.arange(len(matrix)) >= reference.num_rows


def classifier_p(matrix: Floats, window: npt.NDArray[np.bool_], rng: np.random.Generator) -> float:
    """Classifier two-sample test (Lopez-Paz and Oquab 2017): a forest learns on one half which rows are the window's.

    The statistic is the mean rank of the other half's window rows by its probability, with its permutation law.
    """
    from sklearn.ensemble import RandomForestClassifier

    order = rng.permutation(len(matrix))
    train, test = order[::2], order[1::2]
    forest = RandomForestClassifier(TREES, min_samples_leaf=5, random_state=int(rng.integers(2**31)))
    ranks = np.argsort(np.argsort(forest.fit(matrix[train], window[train]).predict_proba(matrix[test])[:, 1]))
    labels = _labels(window[test], rng)
    sums = labels @ ranks.astype(float)
    return float(np.mean(sums >= sums[0]))


def mmd_p(matrix: Floats, window: npt.NDArray[np.bool_], rng: np.random.Generator) -> float:
    """Maximum mean discrepancy (Gretton and others 2012), a Gaussian kernel as wide as the median distance."""
    square = (matrix**2).sum(axis=1)
    distances = np.maximum(square[:, None] + square - 2 * matrix @ matrix.T, 0)
    kernel = np.exp(-distances / np.median(distances[np.triu_indices(len(matrix), 1)]))
    # The squared distance of the two means: a vector with 1 / m at the window's rows and -1 / n at the others.
    labels = _labels(window, rng)
    m, n = np.count_nonzero(window), np.count_nonzero(~window)
    signs = labels / m - (1 - labels) / n
    values = np.einsum("ij,ij->i", signs @ kernel, signs)
    return float(np.mean(values >= values[0] - 1e-12))


def _labels(window: npt.NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Rows of marks: as observed, and permuted."""
    permuted = rng.permuted(np.tile(window, (PERMUTATIONS, 1)), axis=1)
    return np.asarray(np.vstack([window, permuted]), float)
