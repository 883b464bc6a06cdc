"""A sweep node: every trial as a run of its own, the best one's outputs as those of the node.

What Azure ML refuses of a sweep is refused at submission; what a sweep draws by itself is not played.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.arm.runs import Run
from sandbox.arm.wire import ArmError, Json

MOST = 1_000  # trials of a sweep, and as many at once


@dataclass(frozen=True)
class Sweep:
    """What is varied: `values` of the component's input `name`; `goal` is minimize or maximize."""

    name: str
    values: tuple[str, ...]
    metric: str
    goal: str
    parallel: int


def read_sweep(node: str, given: Json, declared: Mapping[str, Json]) -> Sweep:
    """The node's own part. Raises ArmError 400 for what Azure ML refuses, and for what the sandbox does not play."""
    objective, limits, space = (given.get(part) or {} for part in ("objective", "limits", "search_space"))
    metric, goal = str(objective.get("primary_metric") or ""), str(objective.get("goal") or "").lower()
    if not metric or goal not in ("minimize", "maximize"):
        raise _bad(node, "objective needs a primary_metric, and a goal that is minimize or maximize.")
    if not space:
        raise _bad(node, "search_space is empty.")
    if unknown := sorted(set(space) - set(declared)):
        raise _bad(node, f"the component has no input {', '.join(unknown)}.")
    algorithm = given.get("sampling_algorithm")
    algorithm = str((algorithm.get("type") if isinstance(algorithm, Mapping) else algorithm) or "").lower()
    if algorithm not in ("grid", "random", "bayesian"):
        raise _bad(node, f"sampling_algorithm is grid, random or bayesian, not '{algorithm}'.")
    if any(spec.get("type") != "choice" for spec in space.values()) and algorithm == "grid":
        raise _bad(node, "grid sampling takes choice alone.")
    if algorithm != "grid" or len(space) != 1:
        raise _bad(node, "the sandbox plays a grid over one input only: what a service draws cannot be repeated.")
    ((name, spec),) = space.items()
    values = tuple(str(value) for value in spec.get("values") or ())
    if not values:
        raise _bad(node, f"search_space.{name} has no values.")
    trials, parallel = (limits.get(limit, MOST) for limit in ("max_total_trials", "max_concurrent_trials"))
    for limit, value in (("max_total_trials", trials), ("max_concurrent_trials", parallel)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
            raise _bad(node, f"{limit} must be a whole number between 1 and {MOST}.")
    if "max_concurrent_trials" in limits and parallel > trials:
        raise _bad(node, "max_concurrent_trials must not be above max_total_trials.")
    return Sweep(name, values[:trials], metric, goal, min(parallel, trials))


def play(sweep: Sweep, nodes: int, trial: Callable[[int, str], Run]) -> list[Run]:
    """Play every trial, as many at once as the limits and the cluster's nodes allow; in order."""
    with ThreadPoolExecutor(max_workers=max(1, min(sweep.parallel, nodes)), thread_name_prefix="trial") as pool:
        return list(pool.map(trial, range(len(sweep.values)), sweep.values))


def best(sweep: Sweep, metrics: list[float | None]) -> int:
    """The place of the best trial; of equals the first. Raises ArmError where none has logged the metric."""
    known = [(index, value) for index, value in enumerate(metrics) if value is not None]
    if not known:
        raise ArmError(400, "UserError", f"No trial has logged the primary metric '{sweep.metric}'.")
    sign = 1 if sweep.goal == "minimize" else -1
    return min(known, key=lambda each: sign * each[1])[0]


def _bad(node: str, why: str) -> ArmError:
    return ArmError(400, "UserError", f"Sweep '{node}': {why}")
