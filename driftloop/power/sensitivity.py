"""What could be seen: how often the budget is exceeded without drift, and the smallest change that is found.

Both are simulated on the reference's own records (`driftloop.power.simulation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.config.policy import DRIFT_SHARE, Policy
from driftloop.errors import InputError
from driftloop.power.detectable import CHECKS, Detectable, Power, smallest_found, wanted_sizes
from driftloop.power.planted import SIZES, Change, deviation, plant, possible_changes
from driftloop.power.simulation import draw, window_p
from driftloop.profile.sampling.sample import MAX_ROWS
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from driftloop.profile.sampling.sample import Sample
    from driftloop.profile.window import Baseline

Floats = npt.NDArray[np.float64]

BASELINES = 16
"""Baselines that are drawn for each column. Half of them see each change upwards, half downwards."""
SERIES = 10
"""Series of windows for each of these: 160 in all, so that a share of 0.8 has a standard error of 0.03."""
QUIET_BASELINES = 200
QUIET_SERIES = 5
QUIET_CHECKS = 52
"""Series without drift: 1,000 years of weekly checks. At the default budget about 60 of them have a false retrain."""

Progress = Callable[[int, int], None]


def estimate_power(
    baseline: Baseline,
    rows: int,
    policy: Policy | None = None,
    *,
    seed: int = 0,
    scale: float = 1.0,
    progress: Progress | None = None,
) -> Power:
    """What would be found, and how often something would be found that is not there.

    Parameters
    ----------
    baseline : the reference; its sample stands for the population.
    rows : records in a window.
    policy : gives the budget and the minimum effects; the defaults when left out.
    seed : of the simulation: the same arguments give the same answer.
    scale : share of the baselines to draw: with fewer it is faster and coarser.
    progress : called with the steps that are done and all of them.

    Raises
    ------
    InputError
        For a window or a reference that is too small to be checked at all.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, driftloop
    >>> heights = pa.table({"height": np.random.default_rng(1).normal(170.0, 8.0, 300).round(1)})
    >>> power = estimate_power(driftloop.Baseline.build(heights), 50, scale=0.1)
    >>> [size < 1 for size in power.detectable[0].smallest]  # of a shift: within 1, 4 and 12 checks
    [True, True, True]
    """
    policy = policy or Policy()
    for what, count in (("a window", rows), ("the reference", baseline.rows)):
        if count < policy.min_rows:
            raise InputError(
                f"{what} of {count_of(count, 'row')} is too small to be checked: at least {policy.min_rows} are needed"
            )
    columns, sample = baseline.schema.features, baseline.profile.sample
    tried = list(_tried(columns, sample))
    quiet, baselines = (max(2, round(scale * count)) for count in (QUIET_BASELINES, BASELINES))
    steps = quiet + len(tried) * baselines
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps)

    simulation = _Simulation(columns, sample, rows, policy, step)
    alarms, checks = simulation.count_false_retrains(quiet, np.random.default_rng([seed, 0]))
    found = [
        simulation.find(index, change, baselines, np.random.default_rng([seed, 1 + number]))
        for number, (index, change) in enumerate(tried)
    ]
    names = {each.column for each in found}
    wanted = wanted_sizes(found, min(baseline.rows, MAX_ROWS), rows)
    return Power(
        reference_rows=baseline.rows,
        rows=rows,
        budget=policy.budget,
        false_retrains=alarms,
        quiet_checks=checks,
        detectable=tuple(found),
        columns_not_tried=tuple(column.name for column in columns if column.name not in names),
        rows_wanted=wanted[0],
        reference_wanted=wanted[1],
        caveat=_caveat(baseline),
    )


def _caveat(baseline: Baseline) -> str:
    cluster = baseline.schema.role("cluster")
    if cluster is None:
        return ""
    return (
        f"windows were drawn as if records were independent, but {cluster.name!r} names groups whose records are "
        "alike: less is found than this says, and false retrains keep the budget"
    )


def _tried(columns: Sequence[Column], sample: Sample) -> Iterator[tuple[int, Change]]:
    for index, column in enumerate(columns):
        if column.retrains:
            for change in possible_changes(column, sample, index):
                yield index, change


def first_alarms(p: Floats, policy: Policy) -> npt.NDArray[np.int64]:
    """The number of the check with each series' first alarm, from 1; 0 where there is none.

    Parameters
    ----------
    p : of each check (series, checks).

    Examples
    --------
    >>> first_alarms(np.array([[0.5, 1e-6, 1e-6], [0.5, 0.5, 0.5]]), Policy()).tolist()
    [2, 0]
    """
    alarm = p <= DRIFT_SHARE / policy.budget
    return np.where(alarm.any(axis=1), alarm.argmax(axis=1) + 1, 0)


@dataclass(frozen=True)
class _Simulation:
    """Draws baselines and windows of one population; `step` is called after each baseline."""

    columns: Sequence[Column]
    sample: Sample
    rows: int
    policy: Policy
    step: Callable[[], None]

    def count_false_retrains(self, baselines: int, rng: np.random.Generator) -> tuple[int, int]:
        """False retrains and checks of series without drift; a series ends with its first alarm, as a retrain does."""
        alarms = checks = 0
        for _ in range(baselines):
            drawn = draw(self.columns, self.sample, self.rows, series=QUIET_SERIES, checks=QUIET_CHECKS, rng=rng)
            first = first_alarms(window_p(drawn, self.sample, self.policy), self.policy)
            alarms += int(np.count_nonzero(first))
            checks += int(np.where(first > 0, first, QUIET_CHECKS).sum())
            self.step()
        return alarms, checks

    def find(self, index: int, change: Change, baselines: int, rng: np.random.Generator) -> Detectable:
        """In how many cases each size of a change of one column is found."""
        column, sizes = self.columns[index], SIZES[change]
        hits = np.zeros((len(CHECKS), len(sizes)))
        for number in range(baselines):
            drawn = draw(self.columns, self.sample, self.rows, series=SERIES, checks=CHECKS[-1], rng=rng)
            for size_index, size in enumerate(sizes):
                if size_index and hits[0, size_index - 1] == SERIES * (number + 1):
                    hits[:, size_index:] = SERIES * (number + 1)  # all of the smaller ones were found at once
                    break
                changed = plant(self.sample, index, change, size, rng, upwards=number % 2 == 0)
                first = first_alarms(window_p(drawn, changed, self.policy, frozenset([column.name])), self.policy)
                hits[:, size_index] += [np.count_nonzero((first > 0) & (first <= checks)) for checks in CHECKS]
            self.step()
        # More of a change is never found less often: what the draws say to the contrary is chance.
        shares = np.maximum.accumulate(hits / (baselines * SERIES), axis=1)
        return Detectable(
            column.name,
            change,
            sizes,
            tuple(tuple(map(float, line)) for line in shares),
            tuple(smallest_found(sizes, line) for line in shares),
            deviation(self.sample, index) if column.kind == "numeric" else 0.0,
            column.unit,
        )
