"""`metrics.json`: what was chosen, how well it predicts, and on which data it was trained and judged."""

from typing import Any

import msgspec

from driftloop.sequential.label_shift import LabelSummary
from driftloop.sequential.model_error import ErrorMoments
from training.data.provenance import Provenance
from training.learning.candidates import Score
from training.learning.search import Searched
from training.settings import Loss, Task


class SubgroupMeasures(msgspec.Struct, frozen=True):
    """A subgroup's size, the model's error on it (its mean loss as `Task.summary` gives it), and its metrics."""

    n: int
    error: float
    measures: dict[str, float | None]


class Metrics(msgspec.Struct, frozen=True):
    """The file as a whole.

    `holdout` are the metrics on the recent holdout and `confusion` its records by true (rows) and predicted class.
    `constant` is what the simplest model answers: a mean or median, or the frequency of each class. `holdout_errors`
    are the moments that the drift check compares new errors with, `holdout_labels` the outcomes that it compares new
    ones with. `trusted` are the types beyond the built-in ones that the model's file holds; `search` is None where
    parameters were not searched.
    """

    task: Task
    loss: Loss
    estimator: str
    parameters: dict[str, Any]
    older_weight: float
    cross_validated: list[Score]
    holdout: dict[str, float | None]
    holdout_errors: ErrorMoments
    constant: list[float]
    subgroups: dict[str, SubgroupMeasures]
    importances: dict[str, float]
    data: Provenance
    holdout_labels: LabelSummary | None = None
    confusion: list[list[int]] = []
    trusted: list[str] = []
    search: Searched | None = None
