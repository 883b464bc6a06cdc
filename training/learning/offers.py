"""What can be tried: an estimator by name with its parameters, not yet fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.tasks.answer import Answer


@dataclass(frozen=True)
class Offer:
    """One estimator. `weights` is the argument of `fit` that takes the weights of records; None where it has none."""

    name: str
    parameters: dict[str, Any]
    estimator: Any
    weights: str | None

    def new(self) -> Any:
        """An estimator like it that nothing has been fitted to."""
        from sklearn.base import clone

        return clone(self.estimator)


@dataclass(frozen=True)
class Shelf:
    """All that is tried for a model, and how its estimators read and answer."""

    offers: Sequence[Offer]
    answer: Answer
