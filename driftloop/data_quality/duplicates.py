"""Records that come again: a batch delivered twice, or the baseline's own records sent as new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

import numpy as np
import numpy.typing as npt

from driftloop.data_quality.sign import Sign
from driftloop.profile.contents import comparable_samples
from driftloop.profile.sampling.row_hash import content_keys
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.window import Baseline, Window
from driftloop.stats.sorting import are_among, distinct_rows, distinct_values
from driftloop.stats.special import special

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

REPEATED, FAMILIAR = 0.1, 0.5
"""Part of the records that must come again, within the window or from the baseline: fewer are a client's retry."""
FEWEST_RECORDS = 5
FINE, FINE_COLUMNS = 1 / 40, 2
"""Columns, and the chance up to which two records agree in each, of a table whose records are hardly ever alike. There
fewer than `FEWEST_RECORDS` different ones are copies. One such column alone may have come to a few steps.
"""
MOST_COPIES = 1_000
"""Copies of one record that are looked at: more say nothing new and cost memory."""
COARSE = 0.5
"""Chance that two records agree in a column up to which the column tells how often they do. In a column that is nearly
constant, the few pairs that differ would be multiplied by a large factor.
"""
TILTS = np.geomspace(0.02, 8.0, 40)
"""Where the bound is looked for: its minimum is flat, and each point by itself is a valid bound."""
IF_NORMAL = "set `repeats_allowed = true` in the [policy] table"


def find_repeated_records(baseline: Baseline, window: Window) -> Iterator[Sign]:
    """Signs that more records are the same than the tables' own repetitions make likely.

    How often two records agree is taken from both sides together. A table of a few codes repeats itself all the time,
    measurements hardly ever do. Without a change, every choice of which of them are the window's is equally likely.
    Where records belong to clusters, a patient may be measured alike twice: then records are the same only with the
    same id and time.
    """
    schema, both = baseline.schema, comparable_samples(baseline.profile, window.profile)
    named = schema.role("id") is not None or schema.role("timestamp") is not None
    clustered = schema.role("cluster") is not None
    if clustered and not named:
        return  # a patient's next visit cannot be told from the same visit delivered twice
    of_baseline, of_window = (_whole_records(sample) if clustered else _contents(sample) for sample in both)
    n, m = len(of_baseline), len(of_window)
    if min(n, m) < FEWEST_RECORDS:
        return
    copies = np.unique(np.concatenate([of_baseline, of_window]), return_counts=True)[1]
    again = m - len(distinct_values(of_window))
    if again >= REPEATED * m:
        text = f"{again / m:.0%} of the records are repetitions of others in the window: delivered twice?"
        p = repeated_p(copies, again, m / (n + m))
        p = p if clustered else max(p, coincidence_p(again, both[1], both[0]))
        yield Sign(None, text, p, IF_NORMAL)
    familiar = int(np.count_nonzero(are_among(of_window, of_baseline)))
    both_whole = baseline.profile.sample.complete and window.profile.sample.complete
    if familiar >= FAMILIAR * m and (both_whole or _chosen_alike(baseline, window)):
        what = "the baseline itself" if familiar == m == n else "records of the baseline"
        text = f"{familiar / m:.0%} of the window are {what}, sent again"
        yield Sign(None, text, familiar_p(copies, familiar, m / (n + m)), IF_NORMAL)


def repeated_p(copies: Counts, again: int, share: float) -> float:
    """Bound of P(at least `again` records of the window repeat another of the window).

    Of a record with c copies on both sides together, X lie in the window, and max(0, X - 1) of them are repetitions. X
    is hypergeometric, and a binomial number with the same mean bounds its exponential moments (Hoeffding 1963). Those
    of different records multiply (negative association; Joag-Dev and Proschan 1983). Chernoff's bound follows with E
    exp(t max(0, X - 1)) = exp(-t) (1 - q + q exp(t))^c + (1 - exp(-t)) (1 - q)^c, where q is the window's `share`.
    """
    return _chernoff(
        copies,
        again,
        lambda c, t: np.exp(-t + c * np.log1p(share * np.expm1(t))) - np.expm1(-t) * (1 - share) ** c,
    )


def coincidence_p(again: int, window: Sample, baseline: Sample | None = None) -> float:
    """P(at least `again` records repeat another one), if they agree by coincidence in each of their columns.

    Where one kind of the records comes alone, rounded values agree more often than in the baseline, and no record was
    delivered twice. Then distinct records also agree in all columns but one. Take D_j such pairs of column j, where two
    records agree with probability q_j. Then D_j q_j / (1 - q_j) pairs agree in that one, too. The largest of these
    estimates is the mean of a Poisson number. Copies of records add nothing to D_j.

    Where a single column varies, no other tells how often records agree; then the steps of its scale do. Without
    copies two records lie on neighbouring steps twice as often as on the same one.
    """
    distinct = distinct_rows(window.values)
    varying = np.flatnonzero([len(distinct_values(column[~np.isnan(column)])) > 1 for column in distinct.T])
    if len(varying) == 1:
        pairs = _pairs_on_neighbouring_steps(window, int(varying[0])) / 2
    elif len(distinct) < FEWEST_RECORDS:  # so few say nothing of how often they agree, but the baseline's may
        pairs = 0.0 if baseline is not None and _are_hardly_alike(baseline, varying) else inf
    else:
        pairs = _pairs_by_coincidence(distinct, int(np.minimum(window.weights, MOST_COPIES).sum()))
    return float(special.pdtrc(again - 1, pairs))


def _pairs_on_neighbouring_steps(sample: Sample, column: int) -> float:
    """Pairs of records that lie one step of a column's scale apart; a step is the smallest difference of two values."""
    values, where = np.unique(sample.values[:, column], return_inverse=True)
    counts = np.bincount(where, np.minimum(sample.weights, MOST_COPIES))[np.isfinite(values)]
    gaps = np.diff(values[np.isfinite(values)])
    near = gaps < 1.5 * gaps.min()  # in between, because decimal steps are not exact
    return float((counts[:-1] * counts[1:])[near].sum())


def _are_hardly_alike(baseline: Sample, varying: Counts) -> bool:
    """Whether enough of these columns are so fine in the baseline that two of its records hardly ever agree in them."""
    fine = 0
    for column in varying:
        values = baseline.values[:, column]
        known = ~np.isnan(values)
        counts = np.bincount(np.unique(values[known], return_inverse=True)[1], baseline.weights[known])
        records = float(counts.sum())
        fine += records > 1 and _pairs_in(counts) <= FINE * records * (records - 1)
    return fine >= FINE_COLUMNS


def _pairs_by_coincidence(distinct: Floats, records: int) -> float:
    """What `coincidence_p` estimates from columns; infinite where all are too coarse. `distinct`: different records."""
    rows = len(distinct)
    # A random number for each value of each column: their sum without a column's own is a key of the others.
    random = np.random.default_rng(0)
    found = [np.unique(column, return_inverse=True, return_counts=True) for column in distinct.T]
    marks = [random.integers(0, 1 << 64, len(values), np.uint64)[codes] for values, codes, _ in found]
    whole = np.sum(marks, axis=0, dtype=np.uint64)
    pairs = rows * (rows - 1)
    most, is_told = 0.0, False
    for (_, _, counts), own in zip(found, marks, strict=True):
        agree = _pairs_in(counts) / pairs
        if agree <= COARSE:
            alike = _pairs_in(np.unique(whole - own, return_counts=True)[1])
            most, is_told = max(most, alike / 2 * agree / (1 - agree)), True
    return most * records * (records - 1) / pairs if is_told else inf


def _pairs_in(counts: Counts) -> float:
    """Ordered pairs of records within groups of these sizes."""
    return float((counts.astype(float) * (counts - 1.0)).sum())


def familiar_p(copies: Counts, familiar: int, share: float) -> float:
    """Bound of P(at least `familiar` records of the window also occur in the baseline).

    As above, with E exp(t X 1[X < c]) = (1 - q + q exp(t))^c - q^c (exp(t c) - 1).
    """
    return _chernoff(
        copies, familiar, lambda c, t: np.exp(c * np.log1p(share * np.expm1(t))) - share**c * np.expm1(t * c)
    )


def _chernoff(copies: Counts, count: int, moment: Callable[[Floats, float], Floats]) -> float:
    """The smallest exp(-t count) prod E exp(t Y) over some t > 0: a bound of P(sum of Y >= count)."""
    sizes, multiplicity = np.unique(copies, return_counts=True)
    best = 0.0
    for t in TILTS:
        with np.errstate(over="ignore", invalid="ignore"):
            exponent = float(multiplicity @ np.log(moment(sizes.astype(float), float(t)))) - t * count
        # Not a number where a moment overflows: another t serves.
        best = min(best, exponent) if exponent == exponent else best  # noqa: PLR0124
    return float(np.exp(best))


def _whole_records(sample: Sample) -> Keys:
    """A key of each record with its id, time and cluster."""
    return np.repeat(sample.keys, np.minimum(sample.weights, MOST_COPIES))


def _contents(sample: Sample) -> Keys:
    """A key of each record's compared values alone: an id or a time makes no new record."""
    return np.repeat(content_keys(sample), np.minimum(sample.weights, MOST_COPIES))


def _chosen_alike(baseline: Baseline, window: Window) -> bool:
    """Whether samples that left rows out still share their rows: the same row has the same key on both sides."""
    return bool(are_among(window.profile.sample.keys, baseline.profile.sample.keys).mean() >= FAMILIAR)
