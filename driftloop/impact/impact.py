"""What a drift does to the model: its error on the window, before labels come and with them."""

from __future__ import annotations

from typing import Any

import msgspec

from driftloop.wording.number_formats import format_error

LEVEL = 0.9
"""Of the interval of the error."""
GROWTH_LEVEL = 0.95
"""Of the interval of its growth, so 2.5 % on each side. "Will get worse" may be false in 5 % of windows, and a variance
that is estimated a fifth too small turns 2.5 % into 4. At 0.9 it was false in 6.5 % of 200 windows of one table.
"""
ESTIMATED = "estimated error: "
"""How the sentence with the numbers begins: the dashboard finds it among a check's reasons."""
CAVEAT = (
    "this holds while outcomes depend on the inputs as they did on the holdout; a change of that relation is seen by "
    "labels alone"
)


class Impact(msgspec.Struct, frozen=True):
    """The estimated mean error of the model on a window (`driftloop check --holdout`)."""

    error: float | None
    """The mean error; null where nothing can be said, for the reason in `unknown`."""
    low: float | None
    high: float | None
    """The ends of the interval, of the mean over exactly these records."""
    growth: tuple[float, float] | None
    """The interval of the growth of the expected error over `reference`, at `growth_level`; 0.1 is a tenth."""
    holdout_error: float
    effective: float
    """Records with a known error that the estimate rests on, in effective number; cross-fitted ones among them."""
    outside: float
    """The share of the window's records where the holdout has none."""
    holdout_rows: int
    rows: int
    tolerance: float
    """The growth that matters."""
    labels: int = 0
    """Labelled records of the window that took part; with any, nothing is assumed of the outcome."""
    changed: bool = False
    """Whether labels contradict the estimate without them: outcomes depend on the inputs in another way."""
    unknown: str | None = None
    level: float = LEVEL
    growth_level: float = GROWTH_LEVEL
    unit: str = ""
    classes: bool = False
    """Whether the error is a share of wrong answers."""
    cross_fitted: int = 0
    """Records that the model learnt from whose errors, of predictions made without them, join the holdout's."""
    before: float | None = None
    """The mean of all known errors at the holdout's level, from which growth is counted; null where the holdout's own
    is. It rests on more records than the holdout's.
    """

    @property
    def reference(self) -> float:
        """The error that growth is counted from."""
        return self.holdout_error if self.before is None else self.before

    @property
    def worse(self) -> bool:
        """Whether the error is surely larger than on the holdout."""
        return self.growth is not None and self.growth[0] > 0

    @property
    def harmless(self) -> bool:
        """Whether the error is surely within the tolerance: no reason to retrain, as far as this can see."""
        return self.growth is not None and not self.changed and self.growth[1] <= self.tolerance

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person reads: the estimate, what it rests on, and what it cannot see."""
        if self.error is None or self.low is None or self.high is None:
            return (f"the model's error on these records cannot be estimated: {self.unknown}",)
        error, low, high, before = (self._written(x) for x in (self.error, self.low, self.high, self.holdout_error))
        said = f"{ESTIMATED}{error} ({self.level:.0%} interval {low} to {high}), {before} on the model's holdout"
        if self.growth is not None:
            least, most = map(_signed, self.growth)
            said += f"; growth {least} to {most} ({self.growth_level:.0%} interval)"
            if self.before is not None:
                said += f" over {self._written(self.before)}, the mean of all known errors"
        if self.changed:
            return (said, "labels contradict the estimate without them: outcomes depend on the inputs in another way")
        if self.labels:
            return (said, f"this rests on {self.labels} labelled records and needs no assumption about the outcome")
        kind = "records with a known error" if self.cross_fitted else "holdout records"
        known = f"{self.holdout_rows + self.cross_fitted} {kind}"
        rests = f"this rests on {self.effective:.0f} of {known}, in effective number"
        return (said, rests, CAVEAT)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**msgspec.structs.asdict(self), "worse": self.worse, "harmless": self.harmless}

    def _written(self, error: float) -> str:
        return format_error(error, self.unit, classes=self.classes)


class ImpactDocument(Impact, frozen=True, kw_only=True):
    """The same in the JSON of a check, with what follows from it."""

    worse: bool
    """Whether the error is surely larger than on the holdout."""
    harmless: bool
    """Whether the growth is surely within the tolerance."""


def _signed(growth: float) -> str:
    return f"{growth:+.0%}"
