"""How a model is trained and judged, read from its `model.toml`."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import force_setattr

from driftloop.errors import ConfigError
from driftloop.validation import convert

Task = Literal["regression", "binary", "multiclass"]
Loss = Literal["squared", "absolute", "log", "brier"]
# What a task's models are compared by; the first is what they are compared by where `loss` is not set.
LOSSES: dict[Task, tuple[Loss, ...]] = {
    "regression": ("squared", "absolute"),
    "binary": ("log", "brier"),
    "multiclass": ("log", "brier"),
}


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which labelled records judge a model, and are therefore never fitted on."""

    historic: float = 0.2
    holdout: float = 0.4
    window: int = 200
    smallest_holdout: int = 30
    largest_holdout: int = 400

    def __post_init__(self) -> None:
        if not (0 < self.holdout < 1 and 0 < self.historic < 1):
            raise ValueError("historic and holdout, the shares held out, must lie between 0 and 1")


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sure a change of regime must be."""

    level: float = 0.01
    smallest: int = 30


class GateLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a challenger must show."""

    level: float = 0.05
    subgroup_tolerance: float = 0.15
    subgroup_smallest: int = 15
    forgetting_tolerance: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.level < 0.5:
            raise ValueError("level must lie between 0 and 0.5")


class Laptop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `make run` makes its world from: a table, relative to the model's folder or absolute. Empty: none."""

    data: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `model.toml`.

    Attributes
    ----------
    task : what the target is: a number, one of two classes, one of several.
    loss : of one record, what candidates are chosen by and what the gate compares; empty: the first of `LOSSES`.
    positive : binary only: the class that the threshold and the metrics speak of; empty: the last of the target's
        classes.
    threshold : binary only: a probability of the positive class from which it is the prediction.
    coverage : of prediction intervals and prediction sets.
    trusted : types of the model's own estimator that may be loaded, beyond those of scikit-learn; fully qualified.
    subgroups : a column to the limits of its bands; no limits means each category.
    """

    task: Task
    loss: Loss | Literal[""] = ""
    positive: str = ""
    threshold: float = 0.5
    coverage: float = 0.9
    trusted: tuple[str, ...] = ()
    split: Split = Split()
    regime: Regime = Regime()
    gate: GateLimits = GateLimits()
    subgroups: dict[str, list[float]] = {}
    laptop: Laptop = Laptop()

    def __post_init__(self) -> None:
        losses = LOSSES[self.task]
        if not self.loss:
            force_setattr(self, "loss", losses[0])
        if self.loss not in losses:
            raise ValueError(f"loss = {self.loss!r}: of a {self.task} task it must be {' or '.join(losses)}")
        if self.task != "binary" and self.positive:
            raise ValueError(f"positive: only a binary task has one, this one is {self.task}")
        for name, value in (("threshold", self.threshold), ("coverage", self.coverage)):
            if not 0 < value < 1:
                raise ValueError(f"{name} must lie between 0 and 1")


def load(path: Path) -> Settings:
    """The settings in `path`. Raises ConfigError naming the file and the key that is wrong."""
    where = f"{path.parent.name}/{path.name}"
    try:
        return convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings, where)
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {error}") from None
