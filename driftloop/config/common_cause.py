"""The `[common_cause]` table of `driftloop.toml`: what becomes of many drifts that are found at once."""

from __future__ import annotations

from typing import Literal

import msgspec

from driftloop.errors import ConfigError


class CommonCausePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When more models drift within a day than chance and their own reasons explain, a cause upstream is likely."""

    action: Literal["hold", "pace", "send"] = "hold"
    """What becomes of their retrains. `hold`: they wait until a person releases them, because a source that has changed
    is fixed once, and retraining all models on it is not. `pace`: they go on by themselves, `retrains_per_hour`.
    `send`: as if each drifted alone. In all three they are told as one."""
    retrains_per_hour: float = 20.0
    """Of a common cause, at most: when they go on, or are released. 20 are what GitHub's free plan runs side by side,
    and 500 models are through in 25 hours."""
    least: int = 5
    """Fewer models are never taken together: a few retrains cost less than a person's look."""

    def __post_init__(self) -> None:
        if not 0 < self.retrains_per_hour <= 500:
            # GitHub's secondary limit: 500 requests an hour that create content.
            raise ConfigError("common_cause: retrains_per_hour must be above 0 and at most 500, what GitHub takes")
        if self.least < 2:
            raise ConfigError("common_cause: least must be at least 2")
