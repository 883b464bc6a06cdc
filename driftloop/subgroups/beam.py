"""A beam search for the rules with the largest statistics, for the real sides and for every relabelling alike.

Conditions are tried one by one. The best few of different kinds are kept, and each gets one more condition, up to
three. See CN2 (Clark and Niblett 1989) and subgroup discovery (Lavrac, Kavsek, Flach and Todorovski 2004). Each row of
labels has a beam of its own. So without a change the largest statistic of a row has the same law for all of them,
search and all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from driftloop.subgroups.candidates import Candidates, content_z, may_be_named, share_z

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

WIDTH = 8
"""Rules of each length that are kept. The two conditions of a pair, seen without each other, are seldom among the very
first. Eight cost as much as the first step does.
"""
MOST_CONDITIONS = 3
"""What a person can keep in mind."""
ROWS_AT_ONCE = 32
"""Rows of labels whose beams are worked on together: with 1,100 records 1 MB an array, which a cache holds."""
GROWN, SHRUNK, CONTENT = "grown", "shrunk", "content"

Rule = tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """What is looked at: whether a subgroup's share has grown or shrunk or its content moved; rules of which length."""

    change: str
    length: int


@dataclass
class Largest:
    """Of one kind: the largest statistic of each row of labels, and the rule and score of the observed one (row 0)."""

    of_rows: Singles
    rule: Rule = ()
    score: int | None = None

    def look(self, rows: Integers, z: Singles, told: Callable[[int], tuple[Rule, int | None]]) -> None:
        """Look at the statistics (s, k) of some rows; `told` says of a position in them which rule and score it is."""
        np.maximum.at(self.of_rows, rows, z.max(axis=1))
        mine = np.flatnonzero(rows == 0)
        if len(mine):
            index = int(mine[0]) * z.shape[1] + int(z[mine].argmax())
            if z.flat[index] >= self.of_rows[0] > 0:
                self.rule, self.score = told(index)


@dataclass(frozen=True)
class _States:
    """Rules that are to get one more condition, `WIDTH` for each row: conditions (rows, WIDTH, length), and scores."""

    rules: Integers
    scores: Integers


@dataclass
class Beam:
    """The search over all rules.

    `labels` (B + 1, n): row 0 is which records are the window's, the others are relabelled. `scores` (n, s) of the
    content, `of_column` (s,) which column each is of. A score is left out where a rule is about that column, because
    the rule's limits have cut it already.
    """

    candidates: Candidates
    labels: Singles
    scores: Singles
    of_column: Integers
    found: dict[Kind, Largest] = field(default_factory=dict)

    def run(self) -> dict[Kind, Largest]:
        """The largest statistics of each kind."""
        if self.scores.shape[1]:
            self._everyone()
        if not self.candidates.conditions:
            return self.found
        for change, sign in ((GROWN, 1), (SHRUNK, -1)):
            states = self._single_shares(change, sign)
            for length in range(2, MOST_CONDITIONS + 1):
                states = self._longer(states, Kind(change, length), sign)
        if not self.scores.shape[1]:
            return self.found
        states = self._single_contents()
        for length in range(2, MOST_CONDITIONS + 1):
            states = self._longer(states, Kind(CONTENT, length), 0)
        return self.found

    @property
    def _few(self) -> Singles:
        return np.asarray(self.labels.sum(axis=1, dtype=np.float64)[:, None], np.float32)

    def _largest(self, kind: Kind) -> Largest:
        return self.found.setdefault(kind, Largest(np.zeros(len(self.labels), np.float32)))

    def _everyone(self) -> None:
        """The content of all records."""
        size = np.array([[len(self.scores)]], np.float32)
        sums, squares = self.scores.sum(axis=0)[None, :], (self.scores**2).sum(axis=0)[None, :]
        z = content_z(size, self._few, sums, self.labels @ self.scores, squares)
        rows = np.arange(len(self.labels))
        self._largest(Kind(CONTENT, 0)).look(rows, z, lambda index: ((), index))

    def _single_shares(self, change: str, sign: int) -> _States:
        marks, rows = self.candidates.marks, np.arange(len(self.labels))
        size = marks.sum(axis=0)[None, :]
        z = np.maximum(sign * share_z(len(marks), self._few, size, self.labels @ marks), 0)
        named = np.where(may_be_named(size, len(marks)), z, 0)
        self._largest(Kind(change, 1)).look(rows, named, lambda index: ((index,), None))
        kinds = _first(self.candidates.largest_of_kinds(z), WIDTH)
        rules = np.stack([self.candidates.best_of_kind(z, kinds[:, k]) for k in range(kinds.shape[1])], axis=1)
        return _States(rules[:, :, None], np.zeros(rules.shape, np.int64))

    def _single_contents(self) -> _States:
        marks, rows = self.candidates.marks, np.arange(len(self.labels))
        size, inside = marks.sum(axis=0)[None, :], self.labels @ marks
        may = may_be_named(size, len(marks))
        best = np.zeros((len(rows), 0), np.float32)
        rules, scores = np.zeros((len(rows), 0), np.int64), np.zeros((len(rows), 0), np.int64)
        for score in range(self.scores.shape[1]):
            weighted = marks * self.scores[:, score, None]
            squares = (weighted**2).sum(axis=0)[None, :]
            z = content_z(size, inside, weighted.sum(axis=0)[None, :], self.labels @ weighted, squares)
            z = np.where(self.candidates.columns == self.of_column[score], 0, z)
            self._largest(Kind(CONTENT, 1)).look(rows, np.where(may, z, 0), lambda k, score=score: ((k,), score))  # type: ignore[misc]
            of_kinds = self.candidates.largest_of_kinds(z)
            kinds = _first(of_kinds, WIDTH)
            cuts = np.stack([self.candidates.best_of_kind(z, kinds[:, k]) for k in range(kinds.shape[1])], axis=1)
            best = np.concatenate([best, np.take_along_axis(of_kinds, kinds, axis=1)], axis=1)
            rules = np.concatenate([rules, cuts], axis=1)
            scores = np.concatenate([scores, np.full(cuts.shape, score)], axis=1)
            kept = _first(best, WIDTH)
            best = np.take_along_axis(best, kept, axis=1)
            rules, scores = np.take_along_axis(rules, kept, axis=1), np.take_along_axis(scores, kept, axis=1)
        return _States(rules[:, :, None], scores)

    def _longer(self, states: _States, kind: Kind, sign: int) -> _States:
        """With one more condition each."""
        rules, scores = [], []
        for start in range(0, len(self.labels), ROWS_AT_ONCE):
            rows = np.arange(start, min(start + ROWS_AT_ONCE, len(self.labels)))
            longer = self._longer_rows(rows, states.rules[rows], states.scores[rows], kind, sign)
            rules.append(longer.rules)
            scores.append(longer.scores)
        return _States(np.concatenate(rules), np.concatenate(scores))

    def _longer_rows(self, rows: Integers, before: Integers, scores: Integers, kind: Kind, sign: int) -> _States:
        marks, width = self.candidates.marks, before.shape[1]
        of_state, flat, score = np.repeat(rows, width), before.reshape(-1, before.shape[2]), scores.reshape(-1)
        met = marks.T[flat[:, 0]]
        for index in range(1, flat.shape[1]):
            met = met * marks.T[flat[:, index]]
        inside = met * self.labels[of_state]
        size = met @ marks
        if sign:
            z = np.maximum(sign * share_z(len(marks), self._few[of_state], size, inside @ marks), 0)
        else:
            values = self.scores.T[score]
            weighted = met * values
            sums = weighted @ marks, (inside * values) @ marks, (weighted * values) @ marks
            z = content_z(size, inside @ marks, *sums)
            z = np.where(self.candidates.columns == self.of_column[score][:, None], 0, z)
        # A condition that all of them meet is no condition.
        z = np.where(size < met.sum(axis=1)[:, None], z, 0)
        named = np.where(may_be_named(size, len(marks)), z, 0)

        def told(index: int) -> tuple[Rule, int | None]:
            state, condition = divmod(index, z.shape[1])
            return (*flat[state].tolist(), condition), None if sign else int(score[state])

        self._largest(kind).look(rows, named.reshape(len(rows), -1), told)
        of_kinds = self.candidates.largest_of_kinds(z)
        kinds = of_kinds.shape[1]
        first = _first(of_kinds.reshape(len(rows), -1), WIDTH)
        state = (first // kinds + np.arange(len(rows))[:, None] * width).reshape(-1)
        added = self.candidates.best_of_kind(z[state], (first % kinds).reshape(-1))
        rules = np.column_stack([flat[state], added]).reshape(len(rows), first.shape[1], -1)
        return _States(rules, score[state].reshape(first.shape))


def _first(z: Singles, width: int) -> Integers:
    """The places of the largest statistics of each row (s, width), or of all where there are fewer."""
    if z.shape[1] <= width:
        return np.tile(np.arange(z.shape[1]), (len(z), 1))
    return np.asarray(np.argpartition(-z, width - 1, axis=1)[:, :width])
