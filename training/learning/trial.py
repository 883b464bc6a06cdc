"""One trial of a hyperparameter search: a set of parameters, cross-validated on the records to learn from.

The trial's number names the set (`training.learning.search`), so that every process finds the same one by itself. It
reads `train.parquet` alone: what judges a model plays no part in choosing one. Writes `search.json`, and logs the
error as the metric that the sweep compares.
"""

from pathlib import Path

import click
import msgspec

from training import models, step
from training.cloud import tracking
from training.learning import candidates
from training.learning.search import Searched
from training.learning.trials import SEARCH, learn_from


class Trial(msgspec.Struct, frozen=True):
    """`search.json`: which trial, and its cross-validated error at the best weight of older records."""

    searched: Searched
    metric: str
    error: float
    estimator: str


def run(model: models.ModelFolder, folder: Path, number: int, out: Path) -> Trial:
    """Play a trial. Raises DriftloopError where the model has no search, or no such trial."""
    learning = learn_from(model, folder, trial=number)
    assert learning.searched is not None, "a trial is one of a search"
    choice = candidates.choose(learning.records, learning.shelf)
    best = choice.scores[0]
    found = Trial(learning.searched, f"cv_{learning.shelf.answer.loss}", best.error, best.estimator)
    step.write_json(out / SEARCH, found)
    tracking.log(
        {"estimator": best.estimator, "older_weight": best.older_weight, **best.parameters}, {found.metric: best.error}
    )
    step.log("tried", trial=number, **{found.metric: best.error}, estimator=best.estimator)
    return found


@click.command()
@click.option("--data", "folder", type=step.PATH, required=True, help="Folder that prepare wrote.")
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option("--trial", "number", type=int, required=True, help="Counted from 0.")
@click.option("--best", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(folder: Path, model_name: str, number: int, out: Path) -> None:
    """Cross-validate one set of parameters."""
    run(models.find(model_name), folder, number, out)


if __name__ == "__main__":
    main()
