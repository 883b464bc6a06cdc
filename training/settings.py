"""How a model is trained and judged, read from its `model.toml`."""

import math
import re
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

CLUSTER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}")
"""What Azure Machine Learning takes as a cluster's name."""
FEWEST_SAMPLED = 10_000  # twice as many as always stay whole, so that older ones have as many places at least
MOST_TRIALS = 1_000  # of a sweep of Azure ML
MOST_SEED = 2**31  # numpy takes 32 bits, and each candidate counts on from it
FEWEST_JUDGED = 2  # one difference of errors has no spread, so that no test can be made
LEAST_LEVEL = 0.0002  # of the gate: the smallest p-value that its resampling gives, so that below it nothing passes
MOST_LEVEL = 0.5  # of an error rate: from here on a coin decides as well


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which labelled records judge a model, and are therefore never fitted on."""

    historic: float = 0.2
    """Share of the historic records that is held out."""
    holdout: float = 0.4
    """The same of the incoming ones: fewer, and they must prove a challenger better."""
    window: int = 200
    """Labelled records that count as recent where no change of regime is found."""
    smallest_holdout: int = 30
    """Fewer recent labelled records than this cannot judge a model."""
    largest_holdout: int = 400
    """More would only test how the past looked."""

    def __post_init__(self) -> None:
        if not (0 < self.holdout < 1 and 0 < self.historic < 1):
            raise ValueError("historic and holdout, the shares held out, must lie between 0 and 1")
        if self.smallest_holdout < FEWEST_JUDGED:
            raise ValueError(f"smallest_holdout must be {FEWEST_JUDGED} or more: fewer records judge nothing")
        if self.largest_holdout < self.smallest_holdout:
            raise ValueError("largest_holdout must not be below smallest_holdout: no holdout could be large enough")
        if self.window < 1:
            raise ValueError("window must be 1 or more")


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a model learns from."""

    max_rows: int = 200_000
    """Records to learn from at most, and that the baseline describes: of more a sample is drawn, holdouts aside."""

    def __post_init__(self) -> None:
        if self.max_rows < FEWEST_SAMPLED:
            raise ValueError(f"max_rows must be {FEWEST_SAMPLED:,} or more: the newest 5,000 are never sampled")


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sure a change of regime must be."""

    level: float = 0.01
    """Error rate of finding a change of regime where there is none."""
    smallest: int = 30
    """Records on each side of a change."""

    def __post_init__(self) -> None:
        if not 0 < self.level < MOST_LEVEL:
            raise ValueError(f"level must lie between 0 and {MOST_LEVEL}")
        if self.smallest < 1:
            raise ValueError("smallest must be 1 or more")


class GateLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a challenger must show."""

    level: float = 0.05
    """Error rate of promoting a model that is not better."""
    subgroup_tolerance: float = 0.15
    """A subgroup's error may grow by this share."""
    subgroup_smallest: int = 15
    """Records below which a subgroup's error says too little."""
    forgetting_tolerance: float = 1.0
    """The error on the regime before may grow by this share."""

    def __post_init__(self) -> None:
        if not LEAST_LEVEL <= self.level < MOST_LEVEL:
            raise ValueError(f"level must lie between {LEAST_LEVEL:g} and {MOST_LEVEL}: no p-value is smaller")
        for name in ("subgroup_tolerance", "forgetting_tolerance"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be 0 or more")
        if self.subgroup_smallest < 1:
            raise ValueError("subgroup_smallest must be 1 or more")


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hyperparameter search: a sweep of Azure ML over the candidates' lists and distributions."""

    method: Literal["random", "grid"] = "random"
    """`random` draws so many sets of parameters, `grid` takes all of them."""
    trials: int = 20
    """Sets of parameters that are tried."""
    parallel: int = 2
    """Trials at once, as far as the cluster has nodes."""
    seed: int = 0
    """Of what is drawn: the same seed, the same trials."""

    def __post_init__(self) -> None:
        if not 1 <= self.trials <= MOST_TRIALS:
            raise ValueError(f"trials must lie between 1 and {MOST_TRIALS:,}")
        if not 1 <= self.parallel <= self.trials:
            raise ValueError("parallel must be 1 or more, and at most trials")
        if not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"seed must lie between 0 and {MOST_SEED:,}")


class Compute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a model is trained that needs other machines than the rest."""

    cluster: str = ""
    """The cluster of Azure ML that trains it. Empty: the workflows' own, `DRIFTLOOP_COMPUTE`."""

    def __post_init__(self) -> None:
        if self.cluster and not CLUSTER.fullmatch(self.cluster):
            raise ValueError("cluster must be 2 to 32 letters, digits and '-', a letter first")


class Laptop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `make run` makes its world from."""

    data: str = ""
    """A table, relative to the model's folder or absolute. Empty: none."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `model.toml`."""

    task: Task
    """What the target is: a number, one of two classes, one of several."""
    loss: Loss | Literal[""] = ""
    """Of one record: what candidates are chosen by and what the gate compares. Empty: `squared`, `log` for classes."""
    positive: str = ""
    """Binary only: the class that the threshold and the metrics speak of. Empty: the last of the target's classes."""
    threshold: float = 0.5
    """Binary only: a probability of the positive class from which it is the prediction."""
    coverage: float = 0.9
    """Of prediction intervals and prediction sets."""
    trusted: tuple[str, ...] = ()
    """Types of the model's own estimator that may be loaded, beyond those of scikit-learn; fully qualified."""
    data: Data = Data()
    """How much it learns from."""
    split: Split = Split()
    """Which labelled records judge a model."""
    regime: Regime = Regime()
    """How sure a change of regime must be."""
    gate: GateLimits = GateLimits()
    """What a challenger must show."""
    subgroups: dict[str, list[float]] = {}
    """A column to the limits of its bands; no limits means each category."""
    search: Search | None = None
    """Hyperparameter search. Without this section there is none."""
    compute: Compute = Compute()
    """Where it is trained."""
    laptop: Laptop = Laptop()
    """What `make run` makes its world from."""

    def __post_init__(self) -> None:
        losses = LOSSES[self.task]
        if not self.loss:
            force_setattr(self, "loss", losses[0])
        if self.loss not in losses:
            raise ValueError(f"loss = {self.loss!r}: of a {self.task} task it must be {' or '.join(losses)}")
        if self.data.max_rows < 2 * self.split.window:
            raise ValueError("max_rows must be twice window or more: the newest `window` records are never sampled")
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
