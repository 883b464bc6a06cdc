"""A model's own estimators: `models/<name>/estimator.py` with `candidates(schema)`.

The file is the repository's own code and is imported, under a name that says where it lies. Classes that it defines are
saved and loaded by that name.
"""

import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from driftloop.data.schema import Schema
from driftloop.errors import ConfigError
from training.learning import built_in
from training.learning.candidates import Candidate, Records, fitted
from training.learning.offers import Offer, Shelf
from training.learning.search import Listed, expand
from training.models import ESTIMATOR, ModelFolder
from training.settings import Search
from training.tasks.answer import Answer
from training.tasks.output import output

PARTS = 3  # of a candidate: name, estimator, parameters
TRIED = 200  # records that every estimator is tried on first: enough to fit anything, and done in a moment


def module(folder: ModelFolder) -> ModuleType | None:
    """The model's estimator.py, imported once; None where the built-in estimators serve. Raises ConfigError."""
    path = folder.path / ESTIMATOR
    if not path.exists():
        return None
    name = f"models.{folder.name}.estimator"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
    except (Exception, SystemExit) as error:  # a file that ends the process would end it without a model and a word
        del sys.modules[name]
        raise ConfigError(f"{_where(folder)} cannot be imported ({type(error).__name__}: {error})") from error
    return loaded


def shelf_for(folder: ModelFolder, schema: Schema, answer: Answer, search: Search | None = None) -> Shelf:
    """What is tried for a model: its own estimators, or the built-in ones; with a search, a set of parameters a trial.

    Raises ConfigError.
    """
    own = module(folder)
    if own is None:
        columns = tuple(column for column in schema.columns if column.role == "feature")
        return Shelf(built_in.offers(answer.task, answer.loss, columns, search), answer)
    made = getattr(own, "candidates", None)
    if not callable(made):
        raise ConfigError(f"{_where(folder)} has no function candidates(schema)")
    try:
        listed = list(made(schema))
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{_where(folder)}: candidates(schema) must give a list of (name, estimator, parameters) "
            f"({type(error).__name__}: {error})"
        ) from error
    if search is not None:
        listed = expand([_shaped(folder, each) for each in listed], search) if listed else []
    offers = [_offer(folder, answer, each) for each in listed]
    if not offers:
        raise ConfigError(f"{_where(folder)}: candidates(schema) gives nothing to try")
    from msgspec.structs import replace

    return Shelf(offers, replace(answer, reads="frame"))


def try_first(folder: ModelFolder, shelf: Shelf, records: Records) -> None:
    """Fit each own estimator to a few records in which every column lacks a value. Then let it predict one that lacks
    all, as a request to the endpoint may.

    Raises ConfigError that names the estimator and what it does not take. No value of a record is in the message.
    """
    if shelf.answer.reads == "matrix":
        return
    few = np.zeros(len(records.y), dtype=bool)
    few[_spread(records)] = True
    part = records.part(few)
    x = part.x.copy()
    for column_index in range(x.shape[1]):
        x[column_index % len(x), column_index] = np.nan
    part = Records(x, part.y, np.ones(len(x), dtype=bool), part.schema)
    nothing = np.full((1, x.shape[1]), np.nan)
    for offer in shelf.offers:
        try:
            estimator = fitted(Candidate(offer, 1.0), part, shelf.answer)
            said = output(estimator, nothing, part.schema, shelf.answer)
        except Exception as error:  # noqa: BLE001  an estimator may raise anything
            raise ConfigError(f"{_where(folder)}: {offer.name!r} {_why(error)}") from None
        if said.shape != _expected(shelf.answer):
            raise ConfigError(f"{_where(folder)}: {offer.name!r} does not give one prediction for one record")
        if not np.isfinite(said).all():
            raise ConfigError(f"{_where(folder)}: {offer.name!r} predicts nothing for a record with missing values")


def _expected(answer: Answer) -> tuple[int, ...]:
    """The shape of what is predicted for one record."""
    return (1, len(answer.classes)) if answer.classes else (1,)


def _spread(records: Records) -> list[int]:
    """Some records, of every class."""
    mixed = np.random.default_rng(len(records.y)).permutation(len(records.y))
    if records.y.dtype.kind != "i":
        return [int(row) for row in mixed[:TRIED]]
    classes = np.unique(records.y)
    share = max(1, TRIED // len(classes))
    return [int(row) for each in classes for row in mixed[records.y[mixed] == each][:share]]


def _why(error: Exception) -> str:
    text = str(error)
    if "NaN" in text or "missing values" in text:
        return "does not take missing values: put an imputer before it in a pipeline"
    if "could not convert string" in text or "cannot astype" in text.lower():
        return "does not take categories: put an encoder before it in a pipeline"
    if isinstance(error, AttributeError) and "predict_proba" in text:
        return "has no predict_proba, which a task with classes needs: choose an estimator that gives probabilities"
    return f"cannot be fitted to this model's records ({type(error).__name__}): try it on a few of them"


def _offer(folder: ModelFolder, answer: Answer, listed: Any) -> Offer:
    from sklearn.base import clone, is_classifier, is_regressor

    name, estimator, parameters = _shaped(folder, listed)
    if isinstance(estimator, type) or not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        raise ConfigError(f"{_where(folder)}: {name!r} is no scikit-learn estimator: {what}")
    if (is_regressor if answer.task != "regression" else is_classifier)(estimator):
        kind = "classifier" if answer.task == "regression" else "regressor"
        raise ConfigError(f"{_where(folder)}: {name!r} is a {kind}, but model.toml has task = {answer.task!r}")
    try:
        made = clone(estimator)
        made.set_params(**parameters)
    except (TypeError, RuntimeError) as error:  # its constructor, which a clone calls, does not keep to the rules
        raise ConfigError(
            f"{_where(folder)}: {name!r} cannot be copied, as cross-validation does ({type(error).__name__}): its "
            "constructor must keep each argument under its own name"
        ) from error
    except ValueError:
        raise ConfigError(
            f"{_where(folder)}: {name!r} has no parameter of one of the names {', '.join(sorted(parameters))}"
        ) from None
    return Offer(name, dict(parameters), made, _weights(made))


def _shaped(folder: ModelFolder, listed: Any) -> Listed:
    shaped = isinstance(listed, Sequence) and not isinstance(listed, str) and len(listed) == PARTS
    if not (shaped and isinstance(listed[0], str) and isinstance(listed[2], dict)):
        raise ConfigError(f"{_where(folder)}: candidates(schema) must give a list of (name, estimator, parameters)")
    return listed[0], listed[1], listed[2]


def _weights(estimator: Any) -> str | None:
    """The argument of `fit` that weights records; in a pipeline, that of its last step."""
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if isinstance(last, Pipeline) or not has_fit_parameter(last, "sample_weight"):
        return None
    return f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"


def _where(folder: ModelFolder) -> str:
    return f"models/{folder.name}/{ESTIMATOR}"
