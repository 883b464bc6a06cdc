"""Which measurements drove a prediction: Shapley values against the typical record, by sampling permutations.

The typical record of the population has the median of each number and the most common category. Along a permutation its
measurements are replaced by the record's own, one after the other. A measurement's part is the mean change that its
replacement brings (Castro, Gomez and Tejada 2009, "Polynomial calculation of the Shapley value based on sampling").
Each permutation is also walked backwards (Mitchell, Cooper, Frank and Holmes 2022, "Sampling permutations for Shapley
value estimation"). The parts add up to the prediction less that of the typical record, exactly. They say what the model
did, and not what would happen to a person whose measurement changed.
"""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.features import Matrix
from training.settings import Task
from training.tasks.answer import Answer

METHOD = "shapley-sampling"
PAIRS = 16  # permutations, each also backwards: the parts of an additive model are exact after one
MOST_EVALUATIONS = 4_096  # of the model for one record: with 500 columns that is four pairs, and a second or two
SEED = 0  # of the permutations: the same record gets the same answer

Vector = NDArray[np.float64]


class Explanation(msgspec.Struct, frozen=True):
    """What drove one prediction.

    Attributes
    ----------
    method : how it was found.
    output : what is explained: `prediction` of numbers, else the class whose probability it is.
    typical : that output for the typical record of the population.
    contributions : part of each measurement, in the unit of the output; they add up to the output less `typical`.
    error : the largest standard error of a part, from the sampling of permutations.
    evaluations : how often the model was asked.
    """

    method: str
    output: str
    typical: float
    contributions: dict[str, float]
    error: float
    evaluations: int


class Reading(msgspec.Struct, frozen=True):
    """How an answer is to be read.

    Attributes
    ----------
    task, target : what is predicted, as in the model's settings and schema.
    coverage : share of outcomes that intervals or sets hold.
    positive, threshold : binary only: the class that is predicted where its probability is at least the threshold.
    """

    task: Task
    target: str
    coverage: float
    positive: str = ""
    threshold: float = 0.5


def reading_of(answer: Answer) -> Reading:
    """How a model's answers are to be read."""
    return Reading(answer.task, answer.target, answer.coverage, answer.positive, answer.threshold)


def explain(
    record: Vector, typical: Vector, names: list[str], output: str, predict: Callable[[Matrix], Vector]
) -> Explanation:
    """The parts of a record's measurements in its prediction.

    Parameters
    ----------
    record, typical
        Rows of the model's matrix, (measurements,).
    names
        Of the measurements.
    output
        What `predict` says.
    predict
        Of records (n, measurements), the output (n,).

    Examples
    --------
    >>> found = explain(np.array([3.0, 5.0]), np.zeros(2), ["a", "b"], "prediction", lambda rows: rows @ [2.0, 1.0])
    >>> found.contributions, found.typical, found.error
    ({'a': 6.0, 'b': 5.0}, 0.0, 0.0)
    """
    size = len(record)
    orders = _orders(size)
    # replaced[p, k, j]: whether measurement j is the record's own after k steps of permutation p
    ranks = np.argsort(orders, axis=1)
    replaced = ranks[:, None, :] < np.arange(size + 1)[None, :, None]
    inner = np.where(replaced[:, 1:-1], record, typical).reshape(-1, size)
    said = predict(np.vstack([typical, record, inner]))
    walks = np.empty((len(orders), size + 1))
    walks[:, 0], walks[:, -1] = said[0], said[1]
    walks[:, 1:-1] = said[2:].reshape(len(orders), max(size - 1, 0))
    steps = np.take_along_axis(np.diff(walks, axis=1), ranks, axis=1)
    pairs = (steps[0::2] + steps[1::2]) / 2
    error = float(np.max(np.std(pairs, axis=0, ddof=1) / np.sqrt(len(pairs)))) if len(pairs) > 1 else 0.0
    parts = dict(zip(names, map(float, pairs.mean(axis=0)), strict=True))
    # Sums of floating-point numbers differ in their last bits by the order that they are added in.
    error = error if error > 1e-9 * max(map(abs, parts.values()), default=0.0) else 0.0
    return Explanation(METHOD, output, float(said[0]), parts, error, len(said))


def _orders(size: int) -> NDArray[np.int64]:
    """Permutations of the measurements, each followed by its reverse."""
    count = min(PAIRS, max(MOST_EVALUATIONS // max(2 * size, 1), 1))
    rng = np.random.default_rng(SEED)
    return np.array(
        [order for _ in range(count) for drawn in [rng.permutation(size)] for order in (drawn, drawn[::-1])]
    )
