"""What `driftloop doctor` looks at of a model's training: its settings, its estimator, and whether labels suffice."""

import importlib.util
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from driftloop.checkup.context import OneModel
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.errors import ConfigError
from training import settings
from training.models import ESTIMATOR, SETTINGS

RARE = 5  # held-out records of a class below which its errors are those of single records
FUNCTION = "candidates"


def settings_are_right(model: OneModel) -> Iterator[Finding]:
    """`model.toml` can be read, and names columns and classes that the schema has."""
    how = _settings(model)
    where, columns = f"model {model.name}, {SETTINGS}", {column.name: column for column in model.schema.columns}
    for name, bands in how.subgroups.items():
        if name not in columns:
            yield error(where, f"[subgroups] names a column {name!r} that the schema does not have", "correct the name")
        elif bands and columns[name].kind != "numeric":
            mend = "write [] for each category"
            yield error(where, f"[subgroups] gives limits for {name!r}, which is {columns[name].kind}", mend)
    target = model.schema.role("target")
    if how.positive and target is not None and target.categories and how.positive not in target.categories:
        mend = "write one of them, or add it to `categories` in schema.toml"
        yield error(where, f"positive = {how.positive!r} is none of the target's categories", mend)


def estimator_is_right(model: OneModel) -> Iterator[Finding]:
    """`estimator.py`, where there is one, loads and gives candidates."""
    file = model.set_up.folder(model.name) / ESTIMATOR
    if not file.is_file():
        return
    where = f"model {model.name}, {ESTIMATOR}"
    try:
        made = _candidates(file, model)
    except Exception as failed:  # noqa: BLE001 a user's own code may raise anything: it is told, not passed over
        line = next(iter(str(failed).splitlines()), "")
        yield error(
            where, f"cannot be used ({type(failed).__name__}: {line})", "run it by itself to see where it fails"
        )
        return
    if made is None:
        yield error(where, f"has no function {FUNCTION}(schema)", "add it: docs/your-own-model.md")
    elif not made:
        yield error(where, f"{FUNCTION}(schema) gives no candidate", "return a list of (name, estimator, parameters)")


def labels_suffice(model: OneModel) -> Iterator[Finding]:
    """The share of the table, and of the labels that are waited for, which judges a model."""
    how, where = _settings(model), f"model {model.name}, labels"
    waited = model.watched.labels_required
    if waited * how.split.holdout < how.split.smallest_holdout:
        needed = ceil(how.split.smallest_holdout / how.split.holdout)
        what = f"labels_required = {waited}, of which {how.split.holdout:.0%} judge: fewer than smallest_holdout"
        yield error(where, f"{what} = {how.split.smallest_holdout}", f"set labels_required to {needed} or more")
    profile, target = model.counted, model.schema.role("target")
    if profile is None or target is None or not profile.rows:
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
        if rarest * how.split.historic < RARE:
            what = f"the rarest class has {rarest:,} records, of which about {rarest * how.split.historic:.0f} judge"
            yield warning(where, what, "a model that always misses it may pass: gather more of it, or join classes")
    elif how.task == "regression" and counted.histogram is not None and len(counted.histogram.keys) == 2:
        yield note(where, "the target has two values", 'task = "binary" in model.toml would tell probabilities')


def _settings(model: OneModel) -> settings.Settings:
    return settings.load(model.set_up.folder(model.name) / SETTINGS)


def _candidates(file: Path, model: OneModel) -> list[object] | None:
    """What the file's function gives for the schema; None where it has none."""
    spec = importlib.util.spec_from_file_location(f"driftloop_doctor_{model.name}".replace(".", "_"), file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = getattr(module, FUNCTION, None)
    return list(function(model.schema)) if callable(function) else None
