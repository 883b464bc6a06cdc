"""One window after the other: what each check says, which windows wait for the next, and what the evidence is then.

These are the timer's rules. A window that is too small waits and is checked together with the next. An incident leaves
the evidence as it was. Where several windows were checked together, those that are broken by themselves are set aside,
and the others wait for the next check. A window that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from driftloop.check_sides import check_sides
from driftloop.profile.window import Window
from driftloop.sequential.evidence import Evidence
from driftloop.verdict import Verdict

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline
    from driftloop.verdict import Check


@dataclass(frozen=True)
class Series:
    """Where a series of checks stands: the evidence so far, and the windows that wait to be checked with the next."""

    evidence: Evidence = field(default_factory=Evidence)
    waiting: tuple[Window, ...] = ()


def check_next(
    series: Series, baseline: Baseline, window: Window, policy: Policy, *, now: float | None = None
) -> tuple[Check, Series]:
    """Check a window together with those that wait.

    Parameters
    ----------
    series : Series
        Evidence, and the windows that were too small so far.
    baseline, window : Baseline, Window
        Both read with one schema.
    policy : Policy
        Error rates and smallest effects.
    now : float, optional
        Seconds since 1970: records from more than a day after that are an incident.

    Returns
    -------
    tuple of Check and Series
        The check, and where the series stands after it.

    Raises
    ------
    SchemaError
        When the window was read with another schema than the baseline.
    """
    together = (*series.waiting, window)
    result = check_sides(baseline, reduce(Window.merge, together), policy, series.evidence, now=now)
    if result.verdict is Verdict.INCIDENT:
        return result, Series(series.evidence, _unbroken(together, baseline, policy, now))
    waiting = together if result.verdict is Verdict.INSUFFICIENT else ()
    return result, Series(result.evidence or series.evidence, waiting)


def _unbroken(
    together: tuple[Window, ...], baseline: Baseline, policy: Policy, now: float | None
) -> tuple[Window, ...]:
    """Of windows that are an incident together, those to check again: none where no single one is to blame."""
    if len(together) == 1:
        return ()
    broken = [check_sides(baseline, one, policy, now=now).verdict is Verdict.INCIDENT for one in together]
    return tuple(one for one, guilty in zip(together, broken, strict=True) if not guilty) if any(broken) else ()
