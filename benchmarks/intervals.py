"""How many outcomes lie in prediction intervals and sets of 90 %, over many splits of each shipped example.

    python -m benchmarks.intervals --splits 200

writes out/benchmarks/intervals.md. A third of the records is kept apart to count on; of the others a part is held out
as in training. The intervals are calibrated on the holdout alone, or also on cross-validated predictions of the records
that the model is fitted on. Training does the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
import pyarrow as pa

from sandbox.population import diabetes
from training import features, models
from training.data import records
from training.data.records import Roles
from training.learning import candidates, own
from training.learning.candidates import Records
from training.learning.offers import Shelf
from training.tasks.checks import answer_for
from training.tasks.chosen import task_of
from training.tasks.conformal import margin
from training.tasks.output import output

HOLDOUTS = (0.1, 0.2, 0.4)
SEED = 90


@dataclass(frozen=True)
class Coverage:
    """Share of the records kept apart whose outcome is in its interval or set, and how large these are on average.

    The size is a width in the target's unit, or the number of classes in a set.
    """

    seen: float
    size: float


def example(name: str) -> Records:
    """All labelled records of a shipped example."""
    model = models.find(name)
    schema, roles = model.schema(), Roles.of(model.schema())
    path = model.table()
    if path is None:
        frame = diabetes().table.astype({"sex": "int64"}).astype({"sex": "str"})
        table = pa.Table.from_pandas(frame, preserve_index=False)
    else:
        table = records.read([path], schema, (roles.id, roles.time, *roles.features, roles.target))
    values = table[roles.target].to_pylist()
    answer = answer_for(schema, model.settings(), values, values)
    y = task_of(answer).outcomes(values)
    return Records(features.matrix(table, schema), y, np.ones(len(y), dtype=bool), schema)


def shelf(name: str, data: Records) -> Shelf:
    """The one candidate that cross-validation takes on the whole table: choosing again for each split takes hours."""
    model = models.find(name)
    target = data.schema.role("target")
    known = () if target is None else target.categories
    values = [known[int(index)] for index in data.y] if known else [float(value) for value in data.y]
    tried = own.shelf_for(model, data.schema, answer_for(data.schema, model.settings(), values, values))
    best = candidates.choose(data, tried).best.offer
    return Shelf([best], tried.answer)


def covered(data: Records, one: Shelf, held_out: float, rng: np.random.Generator) -> tuple[Coverage, Coverage]:
    """Of one split: calibrated on the holdout alone, and on the cross-validated records, too."""
    order = rng.permutation(len(data.y))
    apart, rest = order[: len(order) // 3], order[len(order) // 3 :]
    size = round(held_out * len(rest))
    judge, learn = (data.part(np.isin(np.arange(len(data.y)), rows)) for rows in (rest[:size], rest[size:]))
    unseen = data.part(np.isin(np.arange(len(data.y)), apart))
    choice = candidates.choose(learn, one)
    model = candidates.fitted(choice.best, learn, one.answer)
    task = task_of(one.answer)
    honest = task.nonconformity(judge.y, output(model, judge.x, data.schema, one.answer))
    crossed = task.nonconformity(learn.y, choice.predicted)
    predicted = output(model, unseen.x, data.schema, one.answer)
    return _coverage(one, honest, predicted, unseen), _coverage(
        one, np.concatenate([honest, crossed]), predicted, unseen
    )


def _coverage(one: Shelf, scores: np.ndarray, predicted: np.ndarray, unseen: Records) -> Coverage:
    answer = msgspec.structs.replace(one.answer, margin=margin(scores, one.answer.coverage))
    task, reach = task_of(answer), np.inf if answer.margin is None else answer.margin
    seen = float(np.mean(task.nonconformity(unseen.y, predicted) <= reach))
    reply = task.reply(predicted)
    sizes = [len(each) for each in reply["sets"]] if answer.classes else [2 * reach]
    return Coverage(seen, float(np.mean(sizes)))


def table(splits: int) -> list[str]:
    """A row an example and share held out."""
    lines = [
        "| example | held out | holdout alone: coverage | size | with cross-validation: coverage | size |",
        "|---|---|---|---|---|---|",
    ]
    for name in models.names():
        data = example(name)
        one = shelf(name, data)
        for share in HOLDOUTS:
            rng = np.random.default_rng([SEED, round(100 * share)])
            pairs = [covered(data, one, share, rng) for _ in range(splits)]
            cells = [cell for side in (0, 1) for cell in _cells([pair[side] for pair in pairs])]
            lines.append(f"| {name} | {share:.0%} | ".replace("%", " %") + " | ".join(cells) + " |")
            click.echo(lines[-1])
    return lines


def _cells(found: list[Coverage]) -> tuple[str, str]:
    seen = np.array([each.seen for each in found])
    spread = f"{seen.mean():.1%} (± {1.96 * seen.std(ddof=1) / np.sqrt(len(seen)):.1%})".replace("%", " %")
    return spread, f"{np.mean([each.size for each in found]):.3g}"


@click.command()
@click.option("--splits", type=click.IntRange(2), default=200, help="Splits a cell.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/benchmarks"))
def main(splits: int, out: Path) -> None:
    """Measure coverage."""
    lines = table(splits)
    out.mkdir(parents=True, exist_ok=True)
    (out / "intervals.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
