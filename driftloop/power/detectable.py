"""Which size of a change is found, and how many records a window needs: what `driftloop power` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from driftloop.power.planted import Change

Floats = npt.NDArray[np.float64]

CHECKS = (1, 4, 12)
"""Within how many checks a change is to be found: at once, a month and a quarter of weekly checks."""
FOUND = 0.8
"""Of the cases: the power that studies are usually planned for (Cohen 1988)."""
WANTED_SHIFT, WANTED_CHECKS = 0.5, 4
"""What a window's suggested size is for: a shift of half a standard deviation within four checks."""


@dataclass(frozen=True)
class Detectable:
    """How a kind of change of one column is found.

    `sizes` (k,) are those that were tried. `found[c][i]` is the share of cases in which size i was found within
    `CHECKS[c]` checks. `smallest[c]` is the size from which it is `FOUND` of them: None where none that was tried is.
    Sizes: standard deviations for a shift, a part of the standard deviation for a spread, else a share of records.
    """

    column: str
    change: Change
    sizes: tuple[float, ...]
    found: tuple[tuple[float, ...], ...]
    smallest: tuple[float | None, ...]
    deviation: float
    """Of the column, in its unit; 0 for a categorical one."""
    unit: str = ""

    @property
    def blind(self) -> bool:
        """Whether no size that was tried is found within the most checks."""
        return self.smallest[-1] is None


@dataclass(frozen=True)
class Power:
    """What a reference and a size of window allow.

    `false_retrains` and `quiet_checks`: alarms in so many simulated checks without drift. `rows_wanted`: records a
    window needs so that a shift of `WANTED_SHIFT` standard deviations of any numeric column is found within
    `WANTED_CHECKS` checks. It is None where the baseline is too small for that, or has no numeric column. Then
    `reference_wanted` says how many records it needs with windows of its own size.
    """

    reference_rows: int
    rows: int
    budget: int
    false_retrains: int
    quiet_checks: int
    detectable: tuple[Detectable, ...]
    columns_not_tried: tuple[str, ...]
    rows_wanted: int | None
    reference_wanted: int | None
    caveat: str = ""
    """Where the schema says that records depend on one another, which the simulation does not follow."""

    @property
    def checks_per_false_retrain(self) -> float:
        """Simulated checks for each false retrain; infinity where there was none."""
        return self.quiet_checks / self.false_retrains if self.false_retrains else float("inf")

    @property
    def blind_columns(self) -> tuple[str, ...]:
        """Columns of which some kind of change is never found, by name."""
        return tuple(dict.fromkeys(each.column for each in self.detectable if each.blind))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = asdict(self)
        if not self.caveat:
            del values["caveat"]
        return {**values, "checks": list(CHECKS), "found": FOUND, "blind_columns": list(self.blind_columns)}


def smallest_found(sizes: Sequence[float], found: Floats) -> float | None:
    """The size from which `FOUND` of the cases are found, interpolated between two that were tried; None where none is.

    Parameters
    ----------
    sizes : increasing (k,).
    found : shares of cases, not decreasing (k,).

    Examples
    --------
    >>> smallest_found((0.1, 0.2, 0.4), np.array([0.0, 0.6, 1.0]))
    0.3
    """
    reached = np.flatnonzero(found >= FOUND)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0:
        return float(sizes[0])
    part = (FOUND - found[at - 1]) / (found[at] - found[at - 1])
    return round(float(sizes[at - 1] + part * (sizes[at] - sizes[at - 1])), 6)


def wanted_sizes(found: Sequence[Detectable], reference: int, rows: int) -> tuple[int | None, int | None]:
    """Records of a window, or else of the reference, that the wanted shift needs; both None without a shift to go by.

    A mean over k windows of n records is compared with that of a baseline of m. A difference of d standard deviations
    has a standardised difference of d sqrt(k n m / (k n + m)). The size that was found in the simulation gives the
    difference that is needed. The formula then says at which n, or at which m = n, the wanted shift has it. That is an
    approximation: the part of the level that each stretch gets changes with the number of checks, not with n.
    """
    index = CHECKS.index(WANTED_CHECKS)
    shifts = [each.smallest[index] for each in found if each.change is Change.SHIFT]
    if not shifts or any(shift is None for shift in shifts):
        return None, None
    windows = WANTED_CHECKS * rows
    needed = max(shift for shift in shifts if shift is not None) ** 2 * windows * reference / (windows + reference)
    needed /= WANTED_SHIFT**2  # of k n m / (k n + m)
    if needed < reference:
        return int(np.ceil(needed * reference / (reference - needed) / WANTED_CHECKS)), None
    return None, int(np.ceil(needed * (WANTED_CHECKS + 1) / WANTED_CHECKS))
