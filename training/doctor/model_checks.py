"""A model's settings, its estimator, and whether labels suffice: by the checks of training itself, before a run."""

from collections.abc import Iterator
from math import ceil

from driftloop.checkup.context import OneModel
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.errors import ConfigError
from driftloop.wording.counts import count_of
from training import settings
from training.learning import own
from training.models import ESTIMATOR, SETTINGS, ModelFolder
from training.tasks.answer import Answer
from training.tasks.checks import SMALLEST_CLASS, check_settings
from training.tasks.planning import labels_required

FEWEST_HELD_OUT = 5  # held-out records of a class below which its errors are those of single records


def settings_are_right(model: OneModel) -> Iterator[Finding]:
    """`model.toml` can be read, and fits the schema."""
    try:
        check_settings(model.schema, _settings(model))
    except ConfigError as found:
        yield error(f"model {model.name}, {SETTINGS}", str(found), "training refuses it before anything is fitted")


def estimator_is_right(model: OneModel) -> Iterator[Finding]:
    """`estimator.py`, where there is one, loads and gives candidates."""
    folder = ModelFolder(model.name, model.set_up.folder(model.name))
    if not (folder.path / ESTIMATOR).is_file():
        return
    how = _readable(model)
    if how is None:
        return
    try:
        own.shelf_for(folder, model.schema, Answer(task=how.task, loss=how.loss or "squared"), how.search)
    except ConfigError as found:
        yield error(f"model {model.name}, {ESTIMATOR}", str(found), "docs/your-own-model.md says what it must give")


def labels_suffice(model: OneModel) -> Iterator[Finding]:
    """The share of the table, and of the labels that are waited for, which judges a model."""
    how, where = _readable(model), f"model {model.name}, labels"
    if how is None:
        return
    waited = model.watched.labels_required
    if waited * how.split.holdout < how.split.smallest_holdout:
        needed = ceil(how.split.smallest_holdout / how.split.holdout)
        what = f"labels_required = {waited}, of which {how.split.holdout:.0%} judge: fewer than smallest_holdout"
        yield error(where, f"{what} = {how.split.smallest_holdout}", f"set labels_required to {needed} or more")
    profile, target = model.counted, model.schema.role("target")
    if profile is None or target is None or not profile.rows or not model.learns_from_data:
        return
    counted = profile.columns[target.name]
    known = counted.rows - counted.missing - counted.infinite
    judged = known * how.split.historic
    if judged < how.split.smallest_holdout:
        what = (
            f"{known:,} labelled records, of which {how.split.historic:.0%} judge the first model: about {judged:.0f}"
        )
        needed = ceil(how.split.smallest_holdout / how.split.historic)
        yield error(where, f"{what}, and {how.split.smallest_holdout} are needed", f"give {needed:,} or more")
    if how.task != "regression" and counted.counts:
        rarest = min(counted.counts.values())
        planned = labels_required(min(rarest / known, 0.5), holdout=how.split.holdout)
        if rarest * (1 - how.split.historic) < SMALLEST_CLASS:
            fix = f"training needs {SMALLEST_CLASS} to learn from: gather more of it, or join classes"
            yield error(where, f"the rarest class has {count_of(rarest, 'record')}", fix)
        elif rarest * how.split.historic < FEWEST_HELD_OUT:
            judging = f"about {rarest * how.split.historic:.0f} judge"
            what = f"the rarest class has {count_of(rarest, 'record')}, of which {judging}"
            yield warning(where, what, "a model that always misses it may pass: gather more of it, or join classes")
        if waited < planned:
            what = (
                f"labels_required = {waited}: a challenger that is clearly better passes in fewer than 80 of 100 runs"
            )
            yield note(where, what, f"from {planned:,} on it passes in 80 (docs/training.md)")
    elif how.task == "regression" and counted.histogram is not None and len(counted.histogram.keys) == 2:
        yield note(where, "the target has two values", 'task = "binary" in model.toml would tell probabilities')


def _settings(model: OneModel) -> settings.Settings:
    return settings.load(model.set_up.folder(model.name) / SETTINGS)


def _readable(model: OneModel) -> settings.Settings | None:
    """The settings; None where they cannot be read, which `settings_are_right` tells."""
    try:
        return _settings(model)
    except ConfigError:
        return None
