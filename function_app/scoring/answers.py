"""What an endpoint may answer to one record. Anything else is refused: a page must not show what makes no sense."""

import math
from typing import Literal

import msgspec

from driftloop.events import VERSION
from function_app.scoring.failures import ScoringError

ROUNDING = 1e-6  # by which the parts of a prediction, or probabilities, may miss their sum


class Explanation(msgspec.Struct, frozen=True):
    """What drove a prediction; see docs/deployment.md."""

    method: str
    output: str
    typical: float
    contributions: dict[str, float]
    error: float
    evaluations: int


class Novelty(msgspec.Struct, frozen=True):
    """How unlike the population a record is."""

    p_value: float
    unlike: bool | None
    level: float
    records: int


class Reading(msgspec.Struct, frozen=True):
    """How the answer is to be read."""

    task: Literal["regression", "binary", "multiclass"]
    target: str
    coverage: float
    positive: str = ""
    threshold: float = 0.5


class Reply(msgspec.Struct, frozen=True):
    """The endpoint's whole answer; lists have an entry a record."""

    predictions: list[float | str]
    model_version: str
    intervals: list[tuple[float, float] | None] | None = None
    probabilities: list[dict[str, float]] | None = None
    sets: list[list[str]] | None = None
    explanations: list[Explanation | None] | None = None
    novelty: list[Novelty | None] | None = None
    reading: Reading | None = None


class Prediction(msgspec.Struct, frozen=True):
    """The answer to one record. `value` is a number, or the predicted class; what was not said is None or empty."""

    value: float | str
    version: str
    interval: tuple[float, float] | None
    probabilities: dict[str, float]
    classes: tuple[str, ...]
    explanation: Explanation | None
    novelty: Novelty | None
    reading: Reading | None


def read(content: bytes, names: frozenset[str]) -> Prediction:
    """The answer to one record with measurements of these names. Raises ScoringError for anything that makes no sense.

    Examples
    --------
    >>> read(b'{"predictions": [151.5], "intervals": [[90.0, 210.0]], "model_version": "3"}', frozenset()).interval
    (90.0, 210.0)
    """
    try:
        reply = msgspec.json.decode(content, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        # The decoder quotes nothing of what it read but the place of it.
        raise _nonsense(f"the endpoint's answer is not what score.py gives ({type(error).__name__})") from None
    lists = (reply.intervals, reply.probabilities, reply.sets, reply.explanations, reply.novelty)
    if len(reply.predictions) != 1 or any(one is not None and len(one) != 1 for one in lists):
        raise _nonsense("the endpoint did not answer one record with one prediction")
    if not VERSION.fullmatch(reply.model_version):
        raise _nonsense("the endpoint does not say which version it is: deploy the model again")
    found = Prediction(
        value=reply.predictions[0],
        version=reply.model_version,
        interval=reply.intervals[0] if reply.intervals else None,
        probabilities=reply.probabilities[0] if reply.probabilities else {},
        classes=tuple(reply.sets[0]) if reply.sets else (),
        explanation=reply.explanations[0] if reply.explanations else None,
        novelty=reply.novelty[0] if reply.novelty else None,
        reading=reply.reading,
    )
    _check(found, names)
    return found


def _check(found: Prediction, names: frozenset[str]) -> None:
    numbers = [*(found.interval or ()), *found.probabilities.values()]
    numbers += [found.value] if isinstance(found.value, float) else []
    why, unlike = found.explanation, found.novelty
    numbers += [why.typical, why.error, *why.contributions.values()] if why else []
    numbers += [unlike.p_value, unlike.level] if unlike else []
    if not all(map(math.isfinite, numbers)):
        raise _nonsense("the endpoint answered with something that is no finite number")
    if isinstance(found.value, float) == bool(found.probabilities):
        raise _nonsense("the endpoint gave a number with probabilities, or a class without")
    if found.interval is not None and not found.interval[0] <= found.interval[1]:
        raise _nonsense("the endpoint gave an interval that ends before it begins")
    if found.probabilities and not _is_distribution(found.probabilities):
        raise _nonsense("the endpoint gave probabilities that are not between 0 and 1, or do not add up to 1")
    if found.probabilities and not {str(found.value), *found.classes} <= set(found.probabilities):
        raise _nonsense("the endpoint named a class that has no probability")
    if why is not None and not _explains(found, why, names):
        raise _nonsense("the endpoint explained another prediction than it made")
    if unlike is not None and not (0 < unlike.p_value <= 1 and 0 < unlike.level < 1):
        raise _nonsense("the endpoint gave a p-value that is none")


def _is_distribution(probabilities: dict[str, float]) -> bool:
    inside = all(0 <= p <= 1 for p in probabilities.values())
    return inside and abs(sum(probabilities.values()) - 1) <= ROUNDING * len(probabilities)


def _explains(found: Prediction, why: Explanation, names: frozenset[str]) -> bool:
    """Whether the parts are of the model's measurements, and add up to what was predicted."""
    if not set(why.contributions) <= names:
        return False
    said = found.value if isinstance(found.value, float) else found.probabilities.get(why.output)
    if said is None:
        return False
    whole = why.typical + sum(why.contributions.values())
    size = max(abs(said), abs(why.typical), *map(abs, why.contributions.values()), 1.0)
    return abs(whole - said) <= ROUNDING * size


def _nonsense(message: str) -> ScoringError:
    return ScoringError("nonsense", message)
