"""Which model, and how much older records count: chosen by cross-validation on the newest regime.

Each candidate is an estimator together with the weight of older records: 1 trusts them as much as recent ones, 0
forgets them. Folds are cut from the recent records only, so that a candidate is judged by how it predicts the regime it
is meant for. Older records, at their weight, are in every fold's training part. A real change of concept makes
forgetting win; where nothing changed, more data wins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftloop.data.schema import Schema
from driftloop.errors import InputError
from training.features import Matrix
from training.learning.offers import Offer, Shelf
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.output import given, output
from training.tasks.task import Outcomes, Vector

# As much as a recent record, a fifth, nothing: whether the old regime still holds, helps a little, or misleads.
OLDER_WEIGHTS = (1.0, 0.2, 0.0)
FOLDS = 5  # each fit has four fifths of the recent records; ten folds would take twice as long for a little more
SMALLEST_FIT = 30  # records with full weight below which a candidate that forgets the rest is not tried

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Records:
    """Labelled records to fit on: features (n, columns), outcomes (n,), and which (n,) are of the newest regime.

    `groups` (n,): numbers of the clusters that they belong to, which no fold parts; None: each record stands alone.
    """

    x: Matrix
    y: Outcomes
    recent: Mask
    schema: Schema
    groups: NDArray[np.int64] | None = None

    def part(self, rows: Mask) -> "Records":
        """Some of them."""
        groups = None if self.groups is None else self.groups[rows]
        return replace(self, x=self.x[rows], y=self.y[rows], recent=self.recent[rows], groups=groups)


@dataclass(frozen=True)
class Candidate:
    """An estimator on offer, and the weight of the records before the newest regime."""

    offer: Offer
    older_weight: float


class Score(msgspec.Struct, frozen=True):
    """A candidate's cross-validated error on recent records: its mean loss, as `Task.summary` gives it."""

    estimator: str
    parameters: dict[str, Any]
    older_weight: float
    error: float


@dataclass(frozen=True)
class Choice:
    """The best candidate, and every candidate's score, best first. Also the best one's predictions of the recent
    records (those of `Records.recent`, in order), each made without that record.
    """

    best: Candidate
    scores: list[Score]
    predicted: Vector


def candidates(shelf: Shelf, recent: int, older: int) -> Iterator[Candidate]:
    """Every candidate that is tried, given how many recent and older records there are. An estimator that takes no
    weights counts older records fully or not at all.
    """
    enough = recent * (FOLDS - 1) / FOLDS >= SMALLEST_FIT
    for weight in OLDER_WEIGHTS if older else (1.0,):
        if weight == 0 and not enough:
            continue
        for offer in shelf.offers:
            if offer.weights is not None or weight in (0.0, 1.0):
                yield Candidate(offer, weight)


def choose(records: Records, shelf: Shelf) -> Choice:
    """The candidate with the smallest cross-validated error. Raises InputError where none can be fitted."""
    where = np.flatnonzero(records.recent)
    task = task_of(shelf.answer)
    tried: list[tuple[Score, Candidate, Vector]] = []
    for candidate in candidates(shelf, len(where), len(records.recent) - len(where)):
        predicted = _cross_validated(candidate, records, where, shelf.answer)
        if predicted is not None:
            error = task.summary(task.losses(records.y[where], predicted))
            score = Score(candidate.offer.name, candidate.offer.parameters, candidate.older_weight, error)
            tried.append((score, candidate, predicted))
    if not tried:
        raise InputError(
            f"column {shelf.answer.target!r}: the newest regime holds too few records of a class to compare candidates "
            "on: wait for more labels"
        )
    tried.sort(key=lambda each: each[0].error)
    return Choice(tried[0][1], [score for score, _, _ in tried], tried[0][2])


def fitted(candidate: Candidate, records: Records, answer: Answer) -> Any:
    """The candidate's estimator, fitted; records of weight 0 are left out altogether."""
    weight = np.where(records.recent, 1.0, candidate.older_weight)
    used = weight > 0
    estimator = candidate.offer.new()
    weights = {} if candidate.offer.weights is None else {candidate.offer.weights: weight[used]}
    estimator.fit(given(records.x[used], records.schema, answer), records.y[used], **weights)
    return estimator


def _cross_validated(candidate: Candidate, records: Records, where: NDArray[np.int64], answer: Answer) -> Vector | None:
    """Predictions of the recent records, in their order; None where a fold leaves one class alone to fit on."""
    held: Vector | None = None
    place = np.full(len(records.y), -1)
    place[where] = np.arange(len(where))
    for fold in _folds(records, where, answer):
        train = np.ones(len(records.y), dtype=bool)
        train[fold] = False
        if records.groups is not None:  # older records of the same clusters
            train &= ~np.isin(records.groups, records.groups[fold])
        part = records.part(train)
        if answer.classes and len(np.unique(part.y[part.recent | (candidate.older_weight > 0)])) < 2:
            return None
        predicted = output(fitted(candidate, part, answer), records.x[fold], records.schema, answer)
        held = np.empty((len(where), *predicted.shape[1:])) if held is None else held
        held[place[fold]] = predicted
    return held


def _folds(records: Records, where: NDArray[np.int64], answer: Answer) -> list[NDArray[np.int64]]:
    """The recent records in parts of equal size, at random; each class in equal parts, too. Clusters stay whole."""
    mixed = np.random.default_rng(len(where)).permutation(where)
    if records.groups is not None:
        if len(np.unique(records.groups[where])) < 2:
            raise InputError(
                "the newest regime holds records of one cluster only, so that no candidate can be judged on another: "
                "wait for more"
            )
        return _whole_groups(mixed, records.groups)
    parts = min(FOLDS, len(where))
    if not answer.classes:
        return np.array_split(mixed, parts)
    dealt = mixed[np.argsort(records.y[mixed], kind="stable")]
    return [dealt[start::parts] for start in range(parts)]


def _whole_groups(mixed: NDArray[np.int64], groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows in parts of about equal size that share no group: the largest groups first, each to the smallest part.

    >>> [part.tolist() for part in _whole_groups(np.arange(5), np.array([7, 7, 8, 8, 9]))]
    [[0, 1], [2, 3], [4]]
    """
    names, of_row, sizes = np.unique(groups[mixed], return_inverse=True, return_counts=True)
    filled = np.zeros(min(FOLDS, len(names)), dtype=np.int64)
    part_of = np.empty(len(names), dtype=np.int64)
    for group in np.argsort(-sizes, kind="stable"):
        part_of[group] = filled.argmin()
        filled[part_of[group]] += sizes[group]
    return [mixed[part_of[of_row] == part] for part in range(len(filled))]


def importances(estimator: Any, x: Matrix, schema: Schema, answer: Answer) -> dict[str, float]:
    """How far predictions move when a column is shuffled, as shares of 1: exactly 0 for a column that the model does
    not use.

    Breiman (2001), "Random Forests", section 10, with the prediction in place of the error: labels' noise cannot hide a
    column. Of class probabilities the distance is Euclidean.
    """
    rng = np.random.default_rng(len(x))
    plain, moved = output(estimator, x, schema, answer), {}
    for column_index, column in enumerate(column for column in schema.columns if column.role == "feature"):
        shuffled = x.copy()
        shuffled[:, column_index] = rng.permutation(shuffled[:, column_index])
        moves = (output(estimator, shuffled, schema, answer) - plain) ** 2
        moved[column.name] = float(np.sqrt(np.mean(moves.reshape(len(x), -1).sum(axis=1))))
    total = sum(moved.values()) or 1.0
    return {name: value / total for name, value in moved.items()}
