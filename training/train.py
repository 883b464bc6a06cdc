"""Step 2: choose and fit the challenger, and write all that goes with it.

Writes `model.skops`, `schema.json` (with the importance of each feature), `answer.json`, `metrics.json` and
`baseline.parquet` (the regime that the model is meant for). Writes `holdout.parquet`: a sample of the holdout with the
model's error on each record, and cross-fitted errors beside it. Writes `population.json` (the regime in a few numbers,
for the endpoint), `smoke.json` (a few requests and what they must be answered) and `model_card.md`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftloop.data.schema import Schema
from driftloop.sequential.model_error import ErrorMoments
from driftloop.sequential.prediction_error import class_of, error_of
from training import features, model_card, model_file, models, step
from training.cloud import tracking
from training.data import subgroups
from training.data.provenance import Provenance
from training.data.records import Roles
from training.learning import candidates
from training.learning.candidates import Choice, Records
from training.learning.temperature import temperature
from training.learning.trials import SEARCH, learn_from, one_trial
from training.metrics import Metrics, SubgroupMeasures
from training.model_file import SavedModel
from training.population import fitting, summary
from training.settings import Settings
from training.tasks.answer import Answer
from training.tasks.conformal import margin
from training.tasks.probabilities import tempered
from training.tasks.task import Outcomes, Task, Vector

if TYPE_CHECKING:
    from driftloop.profile.window import Baseline

SMOKE_RECORDS = 5  # from the smallest to the largest prediction; one request, so its size costs nothing


@dataclass(frozen=True)
class Tables:
    """What `prepare` wrote."""

    train: pa.Table
    holdout: pa.Table
    regime: pa.Table
    data: Provenance


def train(model: models.ModelFolder, folder: Path, out: Path, trial: int | None = None) -> Metrics:
    """Fit on `folder`'s train.parquet and write the model's folder `out`.

    Parameters
    ----------
    trial : the one that a search has chosen; without it all that is on offer is compared here.

    Raises
    ------
    DriftloopError
        Before anything is fitted, where settings, labels or the model's own estimators do not fit.
    """
    how, tables = model.settings(), _read(folder)
    judged = tables.holdout[Roles.of(model.schema()).target].to_pylist()
    learning = learn_from(model, folder, judged, trial)
    records, shelf, searched = learning.records, learning.shelf, learning.searched
    choice = candidates.choose(records, shelf)
    if how.search is not None and searched is None:
        searched = one_trial(shelf, model, list(shelf.offers).index(choice.best.offer))[1]
    fitted = _fitted(records, choice, shelf.answer, tables.holdout)
    shares = candidates.importances(fitted.estimator, records.x[records.recent], records.schema, fitted.answer)
    fitted = SavedModel(fitted.estimator, records.schema.with_importances(shares), fitted.answer)
    model_file.save(out, fitted, how.trusted)
    metrics = msgspec.structs.replace(
        _metrics(fitted, choice, records, tables, how), trusted=model_file.untrusted(out), search=searched
    )
    step.write_json(out / model_file.METRICS, metrics)
    step.write_json(out / model_file.SMOKE, _smoke(tables.holdout, fitted))
    (out / model_file.BASELINE).write_bytes(_baseline(tables, fitted, records, choice))
    population = fitting.fit(features.matrix(tables.regime, fitted.schema), fitted.schema)
    (out / model_file.POPULATION).write_bytes(summary.to_json(population))
    (out / model_file.HOLDOUT).write_bytes(_holdout(tables, fitted, records, choice))
    (out / model_file.CARD).write_text(model_card.render(model.name, fitted, metrics), encoding="utf-8")
    return metrics


def _read(folder: Path) -> Tables:
    train, holdout, regime = (pq.read_table(folder / f"{name}.parquet") for name in ("train", "holdout", "regime"))
    return Tables(train, holdout, regime, step.read_json(folder / "data.json", Provenance))


def _fitted(records: Records, choice: Choice, answer: Answer, holdout: pa.Table) -> SavedModel:
    """The best candidate, fitted to all records to learn from, and calibrated on what it was not fitted on. That is the
    temperature on cross-validated predictions, the margin on those and the holdout's.
    """
    truth = records.y[records.recent]
    if answer.classes:
        answer = msgspec.structs.replace(answer, temperature=temperature(truth, choice.predicted))
    model = SavedModel(candidates.fitted(choice.best, records, answer), records.schema, answer)
    scores = [
        model.task.nonconformity(truth, _calibrated(choice, answer)),
        model.task.nonconformity(model.task.outcomes(holdout[answer.target].to_pylist()), model.predict(holdout)),
    ]
    answer = msgspec.structs.replace(answer, margin=margin(np.concatenate(scores), answer.coverage))
    return SavedModel(model.estimator, records.schema, answer)


def _calibrated(choice: Choice, answer: Answer) -> Vector:
    return tempered(choice.predicted, answer.temperature) if answer.classes else choice.predicted


def _metrics(model: SavedModel, choice: Choice, records: Records, tables: Tables, how: Settings) -> Metrics:
    task, best = model.task, choice.scores[0]
    outcomes = task.outcomes(tables.holdout[model.answer.target].to_pylist())
    predicted = model.predict(tables.holdout)
    losses = task.losses(outcomes, predicted)
    return Metrics(
        task=model.answer.task,
        loss=model.answer.loss,
        estimator=best.estimator,
        parameters=best.parameters,
        older_weight=best.older_weight,
        cross_validated=choice.scores,
        holdout=task.measures(outcomes, predicted),
        confusion=task.confusion(outcomes, predicted),
        holdout_errors=ErrorMoments.of(errors(task, model.schema, outcomes, predicted)),
        holdout_labels=task.labels(outcomes),
        constant=np.atleast_1d(task.constant(records.y[records.recent])).tolist(),
        subgroups={
            name: SubgroupMeasures(
                int(mask.sum()), task.summary(losses[mask]), task.measures(outcomes[mask], predicted[mask])
            )
            for name, mask in subgroups.masks(tables.holdout, how.subgroups).items()
            if mask.any()
        },
        importances={column.name: column.importance or 0.0 for column in features.inputs(model.schema)},
        data=tables.data,
    )


def errors(task: Task, schema: Schema, outcomes: Outcomes, predicted: Vector) -> list[float]:
    """The error of each record as the drift check will measure it, by the schema's column of predictions."""
    truth = outcomes.tolist() if not task.answer.classes else [task.answer.classes[index] for index in outcomes]
    said, of = watched(task, schema, predicted)
    return [error_of(value, outcome, of) for value, outcome in zip(said, truth, strict=True)]


def watched(task: Task, schema: Schema, predicted: Vector) -> tuple[list[Any], str | None]:
    """Predictions as the schema's column of them holds them, and that class. A prediction is a number, a class, or the
    probability of the class that the column's name says.
    """
    prediction = schema.role("prediction")
    of = None if prediction is None else class_of(prediction)
    if task.answer.classes and of in task.answer.classes:
        return predicted[:, task.answer.classes.index(str(of))].tolist(), of
    return task.predictions(predicted), None


def _smoke(holdout: pa.Table, model: SavedModel) -> dict[str, Any]:
    """Real requests, spread over the range of the predictions, with what the model must answer."""
    predicted = model.predict(holdout)
    order = predicted if predicted.ndim == 1 else predicted[:, -1]
    chosen = np.unique(np.argsort(order)[np.linspace(0, len(order) - 1, SMOKE_RECORDS).astype(int)])
    names = [column.name for column in features.inputs(model.schema)]
    rows = holdout.select(names).take(pa.array(chosen)).to_pylist()
    reply = model.task.reply(predicted[chosen])
    return {
        "request": {"data": rows},
        **{name: reply[name] for name in ("predictions", "probabilities") if name in reply},
    }


def _baseline(tables: Tables, model: SavedModel, records: Records, choice: Choice) -> bytes:
    """The regime as a profile. Where the schema has a column of predictions it holds those that the model makes. Of
    records that it was fitted on, it holds those that were made without them.
    """
    from driftloop.profile.window import Baseline

    regime, prediction = tables.regime, model.schema.role("prediction")
    if prediction is not None:
        key = Roles.of(model.schema).id
        predicted = model.predict(regime)
        place = {name: row for row, name in enumerate(regime[key].to_pylist())}
        recent = tables.train.filter(pa.array(records.recent))[key].to_pylist()
        known = np.array([place.get(name, -1) for name in recent], dtype=np.int64)
        predicted[known[known >= 0]] = _calibrated(choice, model.answer)[known >= 0]
        said, _ = watched(model.task, model.schema, predicted)
        regime = regime.append_column(prediction.name, pa.array(said))
    return Baseline.build(regime.to_batches(), model.schema).to_bytes()


def _holdout(tables: Tables, model: SavedModel, records: Records, choice: Choice) -> bytes:
    """The holdout's records with the model's error on each. Beside them stand the recent records that it learnt from,
    with the errors of predictions made without them. Outcomes are left out.
    """
    from driftloop.impact.cross_fitted import attach

    learnt = tables.train.filter(pa.array(records.recent))
    judged = _with_errors(tables.holdout, model, model.predict(tables.holdout))
    return attach(judged, _with_errors(learnt, model, _calibrated(choice, model.answer))).to_bytes()


def _with_errors(table: pa.Table, model: SavedModel, predicted: Vector) -> "Baseline":
    from driftloop.impact.holdout import build_holdout

    outcomes, prediction = model.task.outcomes(table[model.answer.target].to_pylist()), model.schema.role("prediction")
    if prediction is not None:
        said, _ = watched(model.task, model.schema, predicted)
        table = table.append_column(prediction.name, pa.array(said))
    return build_holdout(table, errors(model.task, model.schema, outcomes, predicted), model.schema)


@click.command()
@click.option("--data", "folder", type=step.PATH, required=True, help="Folder that prepare wrote.")
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option("--search", type=step.PATH, help="Folder of a sweep's best trial; without it all is compared here.")
@click.option("--model", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(folder: Path, model_name: str, search: Path | None, out: Path) -> None:
    """Choose and fit the challenger."""
    trial = None if search is None else int(step.read_json(search / SEARCH)["searched"]["chosen"])
    metrics = train(models.find(model_name), folder, out, trial)
    best = metrics.cross_validated[0]
    measures = {f"holdout_{name}": value for name, value in metrics.holdout.items() if value is not None}
    tracking.log(
        {"estimator": best.estimator, "older_weight": best.older_weight, **best.parameters},
        {f"cv_{metrics.loss}": best.error, **measures},
    )
    step.log("trained", estimator=best.estimator, older_weight=best.older_weight, **measures)


if __name__ == "__main__":
    main()
