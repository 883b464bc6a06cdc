"""How a model is trained and judged, read from `settings.toml`."""

import tomllib
from pathlib import Path

import msgspec

from driftloop.errors import ConfigError

SETTINGS = Path(__file__).with_name("settings.toml")


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which labelled records judge a model, and are therefore never fitted on."""

    historic: float = 0.2
    holdout: float = 0.4
    window: int = 200
    smallest_holdout: int = 30
    largest_holdout: int = 400

    def __post_init__(self) -> None:
        if not (0 < self.holdout < 1 and 0 < self.historic < 1):
            raise ValueError("shares held out must lie between 0 and 1")


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


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `settings.toml`. `subgroups` maps a column to the limits of its bands; no limits means each category."""

    split: Split = Split()
    regime: Regime = Regime()
    gate: GateLimits = GateLimits()
    subgroups: dict[str, list[float]] = {}


def load(path: Path = SETTINGS) -> Settings:
    """The settings in `path`. Raises ConfigError naming the key that is wrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}") from error
