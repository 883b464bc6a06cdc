"""The features of one baseline whose sums evidence adds up over windows, and the baseline's own sums.

Sums of scores (`driftloop.sequential.column_features`) can be kept for years without keeping a record. Any stretch of
windows can be compared with the baseline from its sum alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.sequential.clustered_sums import ClusterVariance, cluster_variance
from driftloop.sequential.column_features import COMMON, Feature, FeatureKind, Flags, Floats, Scorer, build_scorer
from driftloop.sequential.season_reference import SeasonSums, less_season_means, season_sums
from driftloop.sequential.window_sums import Sums
from driftloop.stats.hotelling import correlations, inverse_with_floor
from driftloop.stats.moments import shape_of

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.data.schema import Column
    from driftloop.profile.sampling.sample import Sample
    from driftloop.profile.window import Baseline

Indices = npt.NDArray[np.int64]

MOST_FEATURES = 400
"""Of all columns and pairs: a window's sums then take 3 kB, and a state of all blocks fits a table's property."""
CACHE_SIZE = 16
"""Baselines whose features are kept in memory, a few kB each: as many as one process checks in turn."""
LEAST_EIGENVALUE = 0.02
"""Of the correlations. Directions with less than a fiftieth of a column's variance are mostly rounding and ties."""
LEAST_VARIANCE = 1e-9
"""Below it a feature is constant: scores are of the order of 1."""

# How the probability of a false alarm is spread over kinds of change: more for those that make a model wrong.
SHARES: dict[FeatureKind, float] = {
    "location": 0.30,
    "omnibus": 0.15,
    "share": 0.15,
    "scale": 0.12,
    "dependence": 0.12,
    "missing": 0.08,
    "range": 0.04,
    "shape": 0.04,
}


@dataclass(frozen=True)
class ReferenceFeatures:
    """The map from records to features that one baseline fixes, and what the baseline's own records give.

    Parameters
    ----------
    features, scorers, pairs : names of the features (f), a scorer for each column, the products of two scores.
    baseline_sums : over the baseline's records.
    variance, skew, kurtosis : of each feature over the baseline's records (f,); the variance with divisor rows - 1.
    uncertainty : excess kurtosis that a variance estimated from these records adds (f,).
    weights, omnibus_weight : how the level of a test is shared over features (f,), 0 for a column the model does not
        use, and the omnibus statistic. The sum is at most 1.
    locations, inverse_correlation : indices (d,) of the features of the omnibus statistic, Hotelling's T^2, and its
        matrix (d, d).
    binary, quadratic : which features are 0 or 1, and which are quadratic in a score (f,).
    clusters, seasons : mean squares between and within dependent groups, and the sums by season; None where the schema
        asks for none. With seasons, variances are those within them.
    """

    features: tuple[Feature, ...]
    scorers: tuple[Scorer, ...]
    pairs: tuple[tuple[int, int], ...]
    baseline_sums: Sums
    variance: Floats
    skew: Floats
    kurtosis: Floats
    uncertainty: Floats
    weights: Floats
    omnibus_weight: float
    locations: Indices
    inverse_correlation: Floats
    binary: Flags
    quadratic: Flags
    clusters: ClusterVariance | None = None
    seasons: SeasonSums | None = None

    def minimum_effect(self, policy: Policy) -> Floats:
        """The smallest difference of each feature's means that matters (f,): normal scores, shares, correlations."""
        least: dict[FeatureKind, float] = {
            "location": policy.min_shift,
            "scale": 2 * policy.min_spread,  # of z^2, whose mean changes twice as fast as the spread of z
            "shape": policy.min_shift,
            "share": policy.min_share,
            "missing": policy.min_share,
            "range": policy.min_share,
            "dependence": policy.min_correlation,
        }
        return np.array([least[feature.kind] for feature in self.features])

    def scores(self, sample: Sample) -> Floats:
        """Every feature of each new record (records, features); NaN where the record has no value for it."""
        return _matrix([s.score(sample) for s in self.scorers], self.pairs, len(sample.weights))

    def sums(self, sample: Sample) -> Sums:
        """The sums of new records. A sample of a larger table counts as its effective number of rows."""
        return self.sums_and_squares(sample)[0]

    def sums_and_squares(self, sample: Sample, excluded: Collection[str] = ()) -> tuple[Sums, Floats]:
        """The sums of new records, and of the squares of their scores; nothing of the columns that are excluded."""
        weights = sample.weights.astype(float)
        matrix = self.scores(sample)
        if excluded:
            left_out = [not set(excluded).isdisjoint(feature.columns) for feature in self.features]
            matrix[:, np.array(left_out, bool)] = np.nan
        return _sums(matrix, weights, sample.complete), _sums(matrix**2, weights, sample.complete).totals


def _matrix(scored: Sequence[tuple[Floats, Floats]], pairs: tuple[tuple[int, int], ...], rows: int) -> Floats:
    """Each column's own features, then the products of pairs of columns: (records, features)."""
    marginal = np.concatenate([np.empty((rows, 0)), *(features for features, _ in scored)], axis=1)
    if not pairs:
        return marginal
    standard = np.concatenate([scores for _, scores in scored], axis=1)
    first, second = np.array(pairs).T
    return np.concatenate([marginal, standard[:, first] * standard[:, second]], axis=1)


def effective_weights(sample: Sample) -> Floats:
    """How many records each row counts as: a sample of distinct rows is (sum w)^2 / sum w^2 in all (Kish 1965)."""
    return _effective(sample.weights.astype(float), sample.complete)


def _effective(weights: Floats, complete: bool) -> Floats:
    return weights if complete else weights * weights.sum() / (weights**2).sum()


def _sums(matrix: Floats, weights: Floats, complete: bool) -> Sums:
    """Weighted sums; a sample of distinct rows counts as its effective number, a complete one in full."""
    weights = _effective(weights, complete)
    present = ~np.isnan(matrix)
    return Sums(weights @ present, weights @ np.where(present, matrix, 0.0))


_CACHE: dict[str, ReferenceFeatures] = {}


def derive_reference_features(baseline: Baseline) -> ReferenceFeatures:
    """The reference features of a baseline; the last few are kept, because a timer asks for the same ones again."""
    features = _CACHE.pop(baseline.sha256, None) or features_of_sample(
        baseline.profile.schema.features, baseline.profile.sample
    )
    _CACHE[baseline.sha256] = features
    while len(_CACHE) > CACHE_SIZE:
        _CACHE.pop(next(iter(_CACHE)), None)
    return features


def features_of_sample(columns: Sequence[Column], sample: Sample) -> ReferenceFeatures:
    """The reference features of a baseline with these compared columns, of which this is the sample."""
    scorers = tuple(build_scorer(i, c, sample) for i, c in enumerate(columns) if c.kind != "datetime")
    scored = [scorer.score_reference(sample) for scorer in scorers]
    features = [feature for scorer in scorers for feature in scorer.features()]
    sources = [s.column.name for s, (_, scores) in zip(scorers, scored, strict=True) for _ in range(scores.shape[1])]
    room = max(0, MOST_FEATURES - len(features))
    pairs = tuple((i, j) for i, j in combinations(range(len(sources)), 2) if sources[i] != sources[j])[:room]
    for i, j in pairs:
        features.append(Feature(f"{sources[i]} with {sources[j]}", (sources[i], sources[j]), "dependence"))
    matrix, weights = _matrix(scored, pairs, len(sample.weights)), sample.weights.astype(float)
    sums = _sums(matrix, weights, sample.complete)
    rows = np.maximum(weights @ ~np.isnan(matrix), 1.0)
    seasons = season_sums(matrix, sample, effective_weights(sample))
    matrix = less_season_means(matrix, sample)
    shape = shape_of(matrix, weights)
    variance = shape.variance * rows / np.maximum(rows - 1, 1)
    used = {column.name for column in columns if column.retrains}
    locations = _locations(features, sums, variance, used)
    share, omnibus_weight = _weights(
        features,
        variance,
        used,
        omnibus=len(locations) > 1,
        levels_without_share=sum(s.levels_without_share for s in scorers),
    )
    inverse_correlation = _inverse_correlation(matrix[:, locations], weights)
    product = np.array([feature.kind == "dependence" for feature in features], dtype=bool)
    return ReferenceFeatures(
        features=tuple(features),
        scorers=scorers,
        pairs=pairs,
        baseline_sums=sums,
        variance=variance,
        skew=shape.skew,
        kurtosis=shape.kurtosis,
        uncertainty=np.where(product, 3 * (shape.kurtosis - 1) / np.maximum(sums.rows, 1), 0.0),
        weights=share,
        omnibus_weight=omnibus_weight,
        locations=locations,
        inverse_correlation=inverse_correlation,
        binary=np.array([feature.binary for feature in features], dtype=bool),
        quadratic=product | np.array([feature.kind == "scale" for feature in features], dtype=bool),
        clusters=cluster_variance(_centred(matrix, weights), sample, variance, locations, inverse_correlation),
        seasons=seasons,
    )


def _locations(features: list[Feature], sums: Sums, variance: Floats, used: set[str]) -> Indices:
    """Indices of the features of the omnibus statistic: where each used column lies."""
    share = sums.totals / np.maximum(sums.rows, 1)
    chosen = [
        index
        for index, feature in enumerate(features)
        if feature.columns[0] in used
        and variance[index] > LEAST_VARIANCE
        and (feature.kind == "location" or (feature.name.endswith(" share") and COMMON[0] <= share[index] <= COMMON[1]))
    ]
    return np.array(chosen, dtype=np.int64)


def _inverse_correlation(matrix: Floats, weights: Floats) -> Floats:
    """Of the columns of `matrix`, a missing value in place of its mean: that can only lower T^2."""
    return inverse_with_floor(correlations(_centred(matrix, weights), weights), LEAST_EIGENVALUE)


def _centred(matrix: Floats, weights: Floats) -> Floats:
    """Scores less their means, 0 where there is no value."""
    present = ~np.isnan(matrix)
    rows = np.maximum(weights @ present, 1.0)
    return np.where(present, matrix - (weights @ np.where(present, matrix, 0.0)) / rows, 0.0)


def _weights(
    features: list[Feature], variance: Floats, used: set[str], *, omnibus: bool, levels_without_share: int
) -> tuple[Floats, float]:
    """Each feature's part of the level, and the omnibus statistic's.

    Constant features get none, except indicators: a share of 0 is information. `levels_without_share` categories were
    too rare for a share of their own; they count like the others, because which are kept depends on the baseline.
    """
    able = [
        (feature.binary or variance[index] > LEAST_VARIANCE) and used.issuperset(feature.columns)
        for index, feature in enumerate(features)
    ]
    size = Counter(feature.kind for ok, feature in zip(able, features, strict=True) if ok)
    if "share" in size:
        size["share"] += levels_without_share
    whole = sum(SHARES[group] for group in size) + (SHARES["omnibus"] if omnibus else 0.0)
    parts = [SHARES[f.kind] / size[f.kind] / whole if ok else 0.0 for ok, f in zip(able, features, strict=True)]
    return np.array(parts), SHARES["omnibus"] / whole if omnibus else 0.0
