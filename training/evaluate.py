"""Step 3: champion and challenger on the same recent holdout, paired; writes `gate.json` with the decision and all its
numbers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftloop.errors import InputError
from training import features, model_file, models, step
from training.data import subgroups
from training.data.provenance import Provenance
from training.gate import gate
from training.gate.gate import GateDecision, Predicted
from training.learning import own
from training.model_file import SavedModel
from training.tasks.checks import check_against_champion, check_settings
from training.tasks.chosen import task_of
from training.tasks.probabilities import aligned
from training.tasks.task import Task, Vector

REPEATED = 1e-9  # of a prediction's size: the same numbers in the same process differ by rounding alone


def evaluate(model: models.ModelFolder, data: Path, challenger: Path, champion: Path | None) -> GateDecision:
    """The gate's decision. Raises InputError when the challenger's smoke test does not repeat what it predicts here,
    and where the champion cannot be compared with it.
    """
    how = model.settings()
    check_settings(model.schema(), how)
    own.module(model)  # its classes must be known before a model that has some is loaded
    new = model_file.load(challenger, how.trusted)
    _check_smoke(new, challenger)
    metrics = step.read_json(model_file.find(challenger, model_file.METRICS))
    old = None if champion is None else model_file.load(champion, how.trusted)
    if old is not None:
        check_against_champion(model.schema(), old.answer, new.answer)
    task = _judge(new, old)
    holdout, before = (pq.read_table(data / f"{name}.parquet") for name in ("holdout", "holdout_old"))
    decision = gate.decide(
        task,
        _predicted(task, holdout, new, old),
        constant=_placed(np.squeeze(np.array(metrics["constant"])), new, task),
        limits=how.gate,
        subgroups=subgroups.masks(holdout, how.subgroups),
        before=_predicted(task, before, new, old) if old is not None and len(before) else None,
        trusted=model_file.untrusted(challenger),
    )
    return msgspec.structs.replace(decision, sample=step.read_json(data / "data.json", Provenance).sample)


def _judge(new: SavedModel, old: SavedModel | None) -> Task:
    """The challenger's task, over the classes that either model knows."""
    known = new.answer.classes + tuple(
        name for name in (old.answer.classes if old is not None else ()) if name not in new.answer.classes
    )
    return task_of(msgspec.structs.replace(new.answer, classes=known))


def _predicted(task: Task, table: pa.Table, new: SavedModel, old: SavedModel | None) -> Predicted:
    values = table[task.answer.target].to_pylist()
    if old is not None:
        lacking = [c.name for c in features.inputs(old.schema) if c.name not in table.column_names]
        if lacking:
            raise InputError(
                f"the champion reads a column {lacking[0]!r} that the records no longer have: it cannot be compared"
            )
    return Predicted(
        task.outcomes(values),
        _placed(new.predict(table), new, task),
        None if old is None else _placed(old.predict(table), old, task),
    )


def _placed(predicted: Vector, model: SavedModel, task: Task) -> Vector:
    """A model's class probabilities in the order of the task's classes; numbers as they are."""
    if not task.answer.classes:
        return predicted
    rows = np.atleast_2d(predicted)
    placed = aligned(rows, model.answer.classes, task.answer.classes)
    return placed if predicted.ndim == 2 else placed[0]


def _check_smoke(model: SavedModel, folder: Path) -> None:
    smoke = step.read_json(model_file.find(folder, model_file.SMOKE))
    reply = model.task.reply(model.predict_rows(smoke["request"]["data"]))
    if not all(_alike(reply[name], smoke[name]) for name in ("predictions", "probabilities") if name in smoke):
        raise InputError("the saved model does not repeat its own predictions: train again")


def _alike(said: Sequence[Any], expected: Sequence[Any]) -> bool:
    if len(said) != len(expected):
        return False
    if all(isinstance(value, dict) for value in expected):
        return all(
            one.keys() == other.keys() and _alike(list(one.values()), [other[name] for name in one])
            for one, other in zip(said, expected, strict=True)
        )
    if any(isinstance(value, str) for value in expected):
        return list(said) == list(expected)
    return bool(np.allclose(said, expected, rtol=REPEATED, atol=REPEATED))


@click.command()
@click.option("--data", "data", type=step.PATH, required=True, help="Folder that prepare wrote.")
@click.option("--model", "challenger", type=step.PATH, required=True, help="Folder that train wrote.")
@click.option("--champion", type=step.PATH, help="Folder of the model in service; none for the first model.")
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option("--gate", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(data: Path, challenger: Path, champion: Path | None, model_name: str, out: Path) -> None:
    """Is the challenger better than the champion?"""
    decision = evaluate(models.find(model_name), data, challenger, champion)
    step.write_json(out / "gate.json", decision)
    step.log("evaluated", promoted=decision.promoted, reasons=decision.reasons, **_numbers(decision))


def _numbers(decision: GateDecision) -> dict[str, Any]:
    against = decision.over_champion or decision.over_constant
    return {"n": decision.n, **decision.challenger, **msgspec.structs.asdict(against)}


if __name__ == "__main__":
    main()
