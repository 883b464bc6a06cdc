"""Step 3: champion and challenger on the same recent holdout, paired; writes `gate.json` with the decision and all its
numbers.
"""

from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftloop.data.schema import Schema
from driftloop.errors import InputError
from training import features, gate, model_file, models, settings, step
from training.data import subgroups
from training.data.records import Roles
from training.gate import GateDecision
from training.metrics import Vector


def evaluate(data: Path, challenger: Path, champion: Path | None, how: settings.Settings) -> GateDecision:
    """The gate's decision. Raises InputError when the challenger's smoke test does not repeat what it predicts here."""
    model, schema = model_file.load(challenger)
    metrics = step.read_json(model_file.find(challenger, model_file.METRICS))
    target_name = Roles.of(schema).target
    holdout, old = (pq.read_table(data / f"{name}.parquet") for name in ("holdout", "holdout_old"))
    target, predicted = _column(holdout, target_name), model.predict(features.matrix(holdout, schema))
    _check_smoke(model, schema, challenger)
    other = None if champion is None else _Champion(champion)
    before = None
    if other is not None and len(old):
        before = (_column(old, target_name), model.predict(features.matrix(old, schema)), other.predict(old))
    return gate.decide(
        target,
        predicted,
        None if other is None else other.predict(holdout),
        mean=metrics["target_mean"],
        limits=how.gate,
        subgroups=subgroups.masks(holdout, how.subgroups),
        before=before,
    )


class _Champion:
    """The model in service, read by its own schema: a challenger may know more columns or categories."""

    def __init__(self, folder: Path) -> None:
        self._model, self._schema = model_file.load(folder)

    def predict(self, table: pa.Table) -> Vector:
        lacking = [c.name for c in features.inputs(self._schema) if c.name not in table.column_names]
        if lacking:
            raise InputError(
                f"the champion reads a column {lacking[0]!r} that the records no longer have: it cannot be compared"
            )
        prediction: Vector = self._model.predict(features.matrix(table, self._schema))
        return prediction


def _check_smoke(model: Any, schema: Schema, folder: Path) -> None:
    smoke = step.read_json(model_file.find(folder, model_file.SMOKE))
    predicted = model.predict(features.matrix_of(smoke["request"]["data"], schema))
    if not np.allclose(predicted, smoke["predictions"], rtol=1e-9):
        raise InputError("the saved model does not repeat its own predictions: train again")


def _column(table: pa.Table, name: str) -> Vector:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


@click.command()
@click.option("--data", "data", type=step.PATH, required=True, help="Folder that prepare wrote.")
@click.option("--model", "challenger", type=step.PATH, required=True, help="Folder that train wrote.")
@click.option("--champion", type=step.PATH, help="Folder of the model in service; none for the first model.")
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option("--gate", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(data: Path, challenger: Path, champion: Path | None, model_name: str, out: Path) -> None:
    """Is the challenger better than the champion?"""
    decision = evaluate(data, challenger, champion, models.find(model_name).settings())
    step.write_json(out / "gate.json", decision)
    step.log("evaluated", promoted=decision.promoted, reasons=decision.reasons, **_numbers(decision))


def _numbers(decision: GateDecision) -> dict[str, Any]:
    against = decision.over_champion or decision.over_mean
    return {"n": decision.n, "rmse": decision.challenger.rmse, **msgspec.structs.asdict(against)}


if __name__ == "__main__":
    main()
