"""False-alarm rates and minimum effect sizes."""

from __future__ import annotations

import msgspec

from driftloop.errors import ConfigError
from driftloop.validation import hold_types

DRIFT_SHARE, INCIDENT_SHARE, ERROR_SHARE = 0.75, 0.05, 0.2
"""How the budget is divided: evidence of drift, incidents by chance, growth of the model's error. They sum to one.

Drift is what the loop exists for. A broken feed's p is far below any level, so a twentieth costs hardly any power.
Growth of errors has a few labels to go by, and is looked at as often. A single check has no labels, so there drift may
spend all of alpha that incidents leave.
"""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[policy]` table of driftloop.toml. Every default suits a weekly check."""

    alpha: float = 0.05
    """Rate of false alarms of one check by itself (`driftloop check`)."""
    budget: int = 520
    """At most one false retrain in so many checks on average (the timer and `driftloop replay` keep evidence)."""
    tolerance: float = 0.1
    """By which part the error of the model may grow before it counts as degraded."""
    min_rows: int = 20
    """A smaller window says too little: verdict `insufficient`."""
    permutations: int = 999
    """Random permutations of a small window; more where the answer needs a finer p."""
    min_shift: float = 0.1
    """Smallest shift of a mean that matters, in standard deviations of the baseline."""
    min_share: float = 0.02
    """Smallest change of a share (of a category, of missing values) that matters."""
    min_correlation: float = 0.1
    """Smallest change of a correlation that matters."""
    min_spread: float = 0.1
    """Smallest change of a standard deviation that matters, as a part of it."""

    repeats_allowed: bool = False
    """Whether a window may hold records twice, or records of the baseline, without being an incident."""

    @property
    def check_level(self) -> float:
        """The largest p at which one check by itself is drift: what incidents leave of alpha."""
        return (1 - INCIDENT_SHARE) * self.alpha

    @property
    def evidence_level(self) -> float:
        """The largest p at which evidence over time raises the alarm: drift's share of the budget."""
        return DRIFT_SHARE / self.budget

    @property
    def error_level(self) -> float:
        """The largest p at which the model's error counts as grown."""
        return ERROR_SHARE / self.budget

    def __post_init__(self) -> None:
        hold_types(self, "policy", ConfigError)
        for name in ("alpha", "tolerance", "min_shift", "min_share", "min_correlation", "min_spread"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"policy.{name} must be between 0 and 1")
        if self.budget < 1 or self.min_rows < 2 or self.permutations < 19:
            raise ConfigError("policy: budget must be at least 1, min_rows 2, permutations 19")
