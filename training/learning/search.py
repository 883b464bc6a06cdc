"""Hyperparameter search: parameter sets that are drawn beforehand, by a seed, from what candidates offer.

A parameter whose value is a list, or a distribution of scipy.stats, is searched, as scikit-learn's own searches read
them. What is drawn depends on the candidates and the settings alone. So a sweep of Azure ML, one trial a process, and
`train` by itself try the same. They choose the same by the cross-validated error of the records to learn from.
"""

import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from driftloop.errors import ConfigError
from training.settings import Search

Listed = tuple[str, Any, dict[str, Any]]


class Searched(msgspec.Struct, frozen=True):
    """How a model's parameters were searched: the settings, and which trial was chosen, counted from 0."""

    method: str
    trials: int
    seed: int
    chosen: int


def expand(listed: Sequence[Listed], search: Search) -> list[Listed]:
    """Every trial: a candidate's name, its estimator and one set of parameters; `search.trials` of them.

    Parameters
    ----------
    listed : (name, estimator, parameters), of which lists and distributions are searched.
    search : how, and how many.

    Raises
    ------
    ConfigError
        Where there are fewer sets than trials, or a grid has another number of them.
    """
    spaces = [_space(parameters) for _, _, parameters in listed]
    sets = _grid(spaces, search) if search.method == "grid" else _random(spaces, search)
    return [(listed[space_index][0], listed[space_index][1], drawn) for space_index, drawn in sets]


def _grid(spaces: Sequence[Mapping[str, Any]], search: Search) -> list[tuple[int, dict[str, Any]]]:
    for space in spaces:
        for name, values in space.items():
            if not isinstance(values, list):
                raise ConfigError(f'model.toml [search]: a grid needs a list for {name!r}: or set method = "random"')
    found = [
        (space_index, _plain(drawn)) for space_index, space in enumerate(spaces) for drawn in ParameterGrid(dict(space))
    ]
    if len(found) != search.trials:
        raise ConfigError(
            f"model.toml [search]: the grid has {len(found):,} sets of parameters: set trials = {len(found)}, or "
            'method = "random"'
        )
    return found


def _random(spaces: Sequence[Mapping[str, Any]], search: Search) -> list[tuple[int, dict[str, Any]]]:
    """The candidates in turns, each with sets of its own, so that every one has its share of the trials."""
    drawn = [_drawn(space, search, space_index) for space_index, space in enumerate(spaces)]
    turns = itertools.zip_longest(*([(space_index, each) for each in sets] for space_index, sets in enumerate(drawn)))
    found = [each for turn in turns for each in turn if each is not None][: search.trials]
    if len(found) < search.trials:
        raise ConfigError(
            f"model.toml [search]: the candidates have {len(found):,} sets of parameters: set trials = {len(found)} or "
            "fewer, or give distributions in place of lists"
        )
    return found


def _drawn(space: Mapping[str, Any], search: Search, space_index: int) -> list[dict[str, Any]]:
    """A candidate's sets; of lists alone each set at most once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # lists that hold fewer sets than trials: others take their turns
        sampler = ParameterSampler(dict(space), search.trials, random_state=search.seed + space_index)
        return [_plain(drawn) for drawn in sampler]


def _space(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What scikit-learn searches: a value that is neither a list nor a distribution is the only one."""
    return {
        name: value if isinstance(value, list) or hasattr(value, "rvs") else [value]
        for name, value in parameters.items()
    }


def _plain(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of numpy as Python's own, which a file of JSON holds."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in drawn.items()}


def spaces(task: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is searched of the built-in estimators, by their names: ranges around the values that are tried without a
    search.
    """
    from scipy.stats import loguniform, randint

    if task == "regression":
        yield "ridge", {"alpha": loguniform(0.1, 1_000.0)}
    else:
        yield "logistic regression", {"C": loguniform(0.001, 100.0)}
    yield (
        "gradient boosting",
        {"max_depth": [1, 2, 3], "n_estimators": randint(20, 201), "learning_rate": loguniform(0.02, 0.3)},
    )
