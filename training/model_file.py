"""A model's folder. `model.skops` is loaded without ever running code from it. Beside it lies what is needed to read
its answers: the schema, `answer.json`, and `population.json`, which says whom it is meant for.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.data.schema import Schema
from driftloop.errors import InputError
from training import features
from training.population.summary import Population, from_json
from training.tasks.answer import Answer
from training.tasks.chosen import task_of
from training.tasks.output import output
from training.tasks.task import Task, Vector

if TYPE_CHECKING:
    import pyarrow as pa

MODEL, SCHEMA, ANSWER, METRICS, BASELINE, CARD, SMOKE, POPULATION, HOLDOUT = (
    "model.skops",
    "schema.json",
    "answer.json",
    "metrics.json",
    "baseline.parquet",
    "model_card.md",
    "smoke.json",
    "population.json",
    "holdout.parquet",
)
# Beyond skops' own list: what `training.learning.built_in` makes, and two classes of scikit-learn that many pipelines
# of a user's own hold; all of them hold numbers and names alone. Anything else in a file is refused, unless model.toml
# names it.
TRUSTED = (
    "numpy.dtype",
    "sklearn.tree._tree.Tree",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True)
class SavedModel:
    """A fitted estimator, the columns that it reads, and what it answers."""

    estimator: Any
    schema: Schema
    answer: Answer

    @property
    def task(self) -> Task:
        """How outcomes and predictions are computed with."""
        return task_of(self.answer)

    def predict(self, table: "pa.Table") -> Vector:
        """Predictions (n,) or class probabilities (n, classes) for a table that `training.data.records` read."""
        return self.predict_matrix(features.matrix(table, self.schema))

    def predict_rows(self, rows: Sequence[Mapping[str, Any]]) -> Vector:
        """The same for validated scoring requests."""
        return self.predict_matrix(features.matrix_of(rows, self.schema))

    def predict_matrix(self, values: features.Matrix) -> Vector:
        """The same for records in the order of `training.features.inputs`."""
        return output(self.estimator, values, self.schema, self.answer)


def save(folder: Path, model: SavedModel, trusted: Sequence[str] = ()) -> None:
    """Write the model. Raises InputError where the file would hold a type that nobody trusts: none would load it."""
    import skops.io

    folder.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model.estimator, folder / MODEL, compression=zipfile.ZIP_DEFLATED)
    (folder / SCHEMA).write_bytes(model.schema.to_json())
    (folder / ANSWER).write_bytes(msgspec.json.format(msgspec.json.encode(model.answer)))
    _refuse(_untrusted(folder / MODEL, trusted))


def load(folder: Path, trusted: Sequence[str] = ()) -> SavedModel:
    """The model, of which `trusted` are the types that its model.toml names. A model of before there were tasks is a
    regression.

    Raises InputError when it is missing, damaged, or holds other types.
    """
    import skops.io

    path = find(folder, MODEL)
    try:
        _refuse(_untrusted(path, trusted))
        estimator = skops.io.load(path, trusted=[*TRUSTED, *trusted])
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, ImportError, AttributeError) as error:
        raise InputError(f"{MODEL} in {folder.name!r} cannot be loaded ({error})") from error
    schema = Schema.load(find(folder, SCHEMA))
    target = schema.role("target")
    answer = _answer(path.with_name(ANSWER)) or Answer(target="" if target is None else target.name)
    return SavedModel(estimator, schema, answer)


def answer_of(folder: Path) -> Answer | None:
    """What a model answers, without loading it; None for one of before there were tasks, which is a regression."""
    return _answer(find(folder, METRICS).with_name(ANSWER))


def population_of(folder: Path) -> Population | None:
    """Whom a model is meant for; None for one of before that was kept. Raises InputError for a damaged file."""
    path = find(folder, SCHEMA).with_name(POPULATION)
    try:
        return from_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{POPULATION} beside the model cannot be used ({error}): register the model again") from None


def untrusted(folder: Path) -> list[str]:
    """The types in a model's file beyond those that the built-in estimators have: what model.toml had to name."""
    return _untrusted(find(folder, MODEL), ())


def find(folder: Path, name: str) -> Path:
    """The file in the folder, or in one below it: Azure ML mounts a registered model with or without its own folder's
    name.
    """
    direct = folder / name
    if direct.exists():
        return direct
    below = sorted(folder.rglob(name))
    if not below:
        raise InputError(f"the model's folder {folder.name!r} holds no {name}: register the model again")
    return below[0]


def _untrusted(path: Path, trusted: Sequence[str]) -> list[str]:
    import skops.io

    found: list[str] = skops.io.get_untrusted_types(file=path)
    return sorted(set(found) - {*TRUSTED, *trusted})


def _refuse(types: list[str]) -> None:
    if types:
        listed = ", ".join(f'"{name}"' for name in types)
        raise InputError(
            f"{MODEL} holds types that are not trusted, so it is not loaded: if they are your own estimator's, write "
            f"trusted = [{listed}] in model.toml"
        )


def _answer(path: Path) -> Answer | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Answer)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path.name} beside the model cannot be used ({error}): register the model again") from None
