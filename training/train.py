"""Step 2: choose and fit the challenger, and write all that goes with it.

Writes `model.skops`, `schema.json` (with the importance of each feature), `metrics.json`, `baseline.parquet` (the
regime that the model is meant for), `smoke.json` (a few requests and the predictions they must give) and
`model_card.md`.
"""

from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftloop.data.schema import Schema
from driftloop.sequential.label_shift import LabelSummary
from driftloop.sequential.model_error import ErrorMoments
from training import candidates, features, model_card, model_file, models, settings, step
from training.cloud import tracking
from training.data import subgroups
from training.data.provenance import Provenance
from training.data.records import Roles
from training.metrics import Metrics, SubgroupErrors, prediction_errors
from training.prepare import RECENT

SMOKE_RECORDS = 5  # from the smallest to the largest prediction; one request, so its size costs nothing


def train(schema: Schema, folder: Path, out: Path, how: settings.Settings, model_name: str = "model") -> Metrics:
    """Fit on `folder`'s train.parquet and write the model's folder `out`."""
    table, holdout, regime = (pq.read_table(folder / f"{name}.parquet") for name in ("train", "holdout", "regime"))
    data = step.read_json(folder / "data.json", Provenance)
    roles = Roles.of(schema)
    schema = features.completed(schema, table)
    columns = features.inputs(schema)
    x, y, recent = features.matrix(table, schema), table[roles.target].to_numpy(), table[RECENT].to_numpy()
    scores = candidates.choose(x, y, recent, columns)
    model = candidates.fitted(scores[0], x, y, recent, columns)
    shares = candidates.importances(model, x[recent], columns)
    schema = schema.with_importances(shares)
    predicted, target = model.predict(features.matrix(holdout, schema)), holdout[roles.target].to_numpy()
    metrics = Metrics(
        regressor=scores[0].regressor,
        parameters=scores[0].parameters,
        older_weight=scores[0].older_weight,
        cross_validated=scores,
        holdout=prediction_errors(target, predicted),
        holdout_errors=ErrorMoments.of(np.abs(target - predicted)),
        holdout_labels=LabelSummary.of_numbers(target),
        target_mean=float(y[recent].mean()),
        subgroups={
            name: SubgroupErrors(int(mask.sum()), prediction_errors(target[mask], predicted[mask]))
            for name, mask in subgroups.masks(holdout, how.subgroups).items()
            if mask.any()
        },
        importances=shares,
        data=data,
    )
    model_file.save(out, model, schema)
    step.write_json(out / model_file.METRICS, metrics)
    step.write_json(out / model_file.SMOKE, _smoke(holdout, predicted, columns))
    (out / model_file.BASELINE).write_bytes(_baseline(regime, schema))
    (out / model_file.CARD).write_text(model_card.render(model_name, schema, metrics), encoding="utf-8")
    return metrics


def _smoke(holdout: pa.Table, predicted: Any, columns: tuple[Any, ...]) -> dict[str, Any]:
    """Real requests, spread over the range of the predictions, with what the model must answer."""
    chosen = np.unique(np.argsort(predicted)[np.linspace(0, len(predicted) - 1, SMOKE_RECORDS).astype(int)])
    rows = holdout.select([column.name for column in columns]).take(pa.array(chosen)).to_pylist()
    return {"request": {"data": rows}, "predictions": [float(predicted[row]) for row in chosen]}


def _baseline(regime: pa.Table, schema: Schema) -> bytes:
    from driftloop.profile.window import Baseline

    return Baseline.build(regime.to_batches(), schema).to_bytes()


@click.command()
@click.option("--data", "folder", type=step.PATH, required=True, help="Folder that prepare wrote.")
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option("--model", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(folder: Path, model_name: str, out: Path) -> None:
    """Choose and fit the challenger."""
    model = models.find(model_name)
    metrics = train(model.schema(), folder, out, model.settings(), model_name)
    tracking.log(
        {"regressor": metrics.regressor, "older_weight": metrics.older_weight, **metrics.parameters},
        {
            "cv_rmse": metrics.cross_validated[0].rmse,
            "holdout_rmse": metrics.holdout.rmse,
            "holdout_mae": metrics.holdout.mae,
        },
    )
    step.log(
        "trained", regressor=metrics.regressor, older_weight=metrics.older_weight, holdout_rmse=metrics.holdout.rmse
    )


if __name__ == "__main__":
    main()
