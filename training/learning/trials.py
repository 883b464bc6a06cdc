"""What is tried on which records, by `train` in one process and by the trials of a search in many."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from driftloop.errors import ConfigError
from training import features, models
from training.data.provenance import RECENT
from training.data.records import Roles, groups
from training.learning import own
from training.learning.candidates import Records
from training.learning.offers import Shelf
from training.learning.search import Searched
from training.tasks.checks import answer_for, check_settings
from training.tasks.chosen import task_of

SEARCH = "search.json"
"""The file in which a trial says how it did."""


@dataclass(frozen=True)
class Learning:
    """What candidates are chosen on: the records to learn from, and what is tried."""

    records: Records
    shelf: Shelf
    searched: Searched | None
    """Of a trial."""


def learn_from(
    model: models.ModelFolder, folder: Path, judged: Sequence[Any] = (), trial: int | None = None
) -> Learning:
    """The records of `folder`'s train.parquet, and the model's candidates; of a trial its own alone.

    Parameters
    ----------
    judged : outcomes of the holdout, which are only asked whether they fit the task; a trial has none.

    Raises
    ------
    DriftloopError
        Before anything is compared, where settings, labels or the model's own estimators do not fit.
    """
    how, table = model.settings(), pq.read_table(folder / "train.parquet")
    schema = model.schema()
    check_settings(schema, how)
    schema = features.completed(schema, table)
    learnt = table[Roles.of(schema).target].to_pylist()
    answer = answer_for(schema, how, learnt, judged)
    schema = features.with_classes(schema, answer.classes)
    shelf = own.shelf_for(model, schema, answer, how.search)
    task = task_of(shelf.answer)
    roles = Roles.of(schema)
    names = groups(table, roles) if roles.cluster else []
    numbers = np.unique(names, return_inverse=True)[1] if names else None
    records = Records(features.matrix(table, schema), task.outcomes(learnt), table[RECENT].to_numpy(), schema, numbers)
    searched = None
    if trial is not None:
        shelf, searched = one_trial(shelf, model, trial)
    own.try_first(model, shelf, records)
    return Learning(records, shelf, searched)


def one_trial(shelf: Shelf, model: models.ModelFolder, number: int) -> tuple[Shelf, Searched]:
    """A shelf of one trial alone. Raises ConfigError for a model without a search, or a number that no trial has."""
    search = model.settings().search
    if search is None:
        raise ConfigError(f"models/{model.name}/model.toml has no section [search]: there is no trial {number}")
    if not 0 <= number < len(shelf.offers):
        raise ConfigError(f"there is no trial {number}: model.toml [search] says trials = {search.trials}")
    searched = Searched(search.method, search.trials, search.seed, number)
    return Shelf([shelf.offers[number]], shelf.answer), searched
