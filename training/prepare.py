"""Step 1: labelled records up to a moment, without duplicates and quarantined files, split into what models learn from
and what judges them.

Reads the historic records and what has come in since, finds where the newest regime begins, and writes

- `train.parquet`         records to fit on, with a column `recent`: of the newest regime
- `holdout.parquet`       recent records that no model is ever fitted on (`training.data.split`)
- `holdout_old.parquet`   the same of the regime before; empty for the first model
- `regime.parquet`        all records of the newest regime, labelled or not: what the model's baseline is built from
- `data.json`             counts, hash and times of it all
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from driftloop.data.schema import Schema
from driftloop.errors import InputError
from driftloop.times import format_time, parse_time
from training import features, model_file, models, settings, step
from training.data import change_point, records, sample, split
from training.data.collect import OWN, Collected, Source, collect
from training.data.provenance import RECENT, Drawn, Provenance, table_hash
from training.data.records import Roles
from training.tasks.answer import Answer
from training.tasks.checks import answer_for, check_against_champion, check_settings

TABLES = ("train", "holdout", "holdout_old", "regime")


@dataclass(frozen=True)
class Parts:
    """The tables that the step writes."""

    train: pa.Table
    holdout: pa.Table
    holdout_old: pa.Table
    regime: pa.Table
    data: Provenance


def prepare(schema: Schema, source: Source, how: settings.Settings, champion: Path | None = None) -> Parts:
    """Collect and split. `champion` is the folder of the model in service: only records that it has never seen judge.

    Raises ConfigError where model.toml does not fit the schema. Raises InputError where no labelled record is left, a
    column has no value, or labels do not fit the task. It also does so where too few records are left to judge a
    challenger.
    """
    check_settings(schema, how)
    with tempfile.TemporaryDirectory(prefix="driftloop-") as folder:
        return _split(schema, collect(schema, source, Path(folder)), source, how, champion)


def _require_unseen(judged: int, how: settings.Settings) -> None:
    """Raises InputError for a holdout that is too small to judge by."""
    if judged < how.split.smallest_holdout:
        raise InputError(
            f"only {judged} labelled records that no model has seen, {how.split.smallest_holdout} are needed: "
            "wait for more labels"
        )


def _split(
    schema: Schema, collected: Collected, source: Source, how: settings.Settings, champion: Path | None
) -> Parts:
    roles = Roles.of(schema)
    chosen = sample.choose(collected, roles, how, source.since)
    labelled = chosen.labelled
    _require_rows(labelled, collected, roles)
    records.require_values(labelled, roles.features)
    change = 0
    if not chosen.first:
        change = _regime_of(labelled, schema, roles, how, with_target=True) or _from(labelled, roles, source)
    regime = _regime(collected, chosen, schema, source, how)
    recent = _recent(len(labelled), change, chosen.first, how)
    held_out = sample.held_out(labelled, roles, how)
    judged, judged_old = _holdouts(recent, held_out & _unseen(labelled, roles, champion, how), how)
    _require_unseen(int(judged.sum()), how)
    tables = {
        "train": labelled.filter(~held_out).append_column(RECENT, pa.array(recent[~held_out])),
        "holdout": labelled.filter(judged),
        "holdout_old": labelled.filter(judged_old),
        "regime": regime.table,
    }
    tables = {name: table.drop_columns(list(OWN)) for name, table in tables.items()}
    learnt, judging = (tables[name][roles.target].to_pylist() for name in ("train", "holdout"))
    answer = answer_for(schema, how, learnt, judging)
    if champion is not None:
        check_against_champion(schema, model_file.answer_of(champion) or Answer(), answer)
    rows = {name: len(table) for name, table in tables.items()} | {"recent": int(np.count_nonzero(recent & ~held_out))}
    data = Provenance(
        sha256=table_hash(tables.values()),
        as_of=None if source.as_of is None else format_time(source.as_of),
        data_end=format_time(pc.max(tables["train"][roles.time]).as_py()),
        regime_start=format_time(tables["regime"][roles.time][0].as_py()),
        regime_found=regime.older > 0 or change > 0,
        rows=rows,
        left_out=collected.left_out,
        holdout=_rule(roles, how),
        impossible=collected.impossible,
        sample=_drawn(chosen, len(tables["train"]), regime, how),
    )
    return Parts(**tables, data=data)


@dataclass(frozen=True)
class _Regime:
    """The records that the baseline describes, of `count`; `older` are before it."""

    table: pa.Table
    count: int
    older: int


def _regime(
    collected: Collected, chosen: sample.Chosen, schema: Schema, source: Source, how: settings.Settings
) -> _Regime:
    """The newest regime's records, labelled or not."""
    roles, newest = Roles.of(schema), chosen.newest
    start = 0 if chosen.first else _regime_of(newest, schema, roles, how, with_target=False)
    if chosen.sampled and not start:
        since = None if chosen.first else source.since
        return _Regime(*sample.regime_since(collected, roles, how.data.max_rows, since))
    if not (start or chosen.first):
        start = _from(newest, roles, source)
    return _Regime(newest.slice(start), len(newest) - start, start)


def _drawn(chosen: sample.Chosen, kept: int, regime: _Regime, how: settings.Settings) -> Drawn | None:
    """What is said of a sample; None where every record was taken."""
    if not chosen.sampled:
        return None
    return Drawn(how.data.max_rows, chosen.learnable, kept, chosen.whole, regime.count, len(regime.table))


def _require_rows(labelled: pa.Table, collected: Collected, roles: Roles) -> None:
    """Raises InputError without a labelled record, saying what became of those that there are."""
    if len(labelled):
        return
    counts = {**collected.left_out, f"without a {roles.target}": collected.rows}
    why = ", ".join(f"{count:,} {reason}" for reason, count in counts.items() if count)
    raise InputError(
        f"no labelled record is left to learn from ({why or 'the files hold none'}): correct the files, or the times, "
        "ranges and categories in schema.toml"
    )


def write(parts: Parts, folder: Path) -> None:
    """The step's output."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        pq.write_table(getattr(parts, name), folder / f"{name}.parquet")
    step.write_json(folder / "data.json", parts.data)


def _regime_of(table: pa.Table, schema: Schema, roles: Roles, how: settings.Settings, *, with_target: bool) -> int:
    """Row at which the newest regime begins: of the features, or of the features and what they do not explain of the
    target.
    """
    x = features.matrix(table, features.completed(schema, table))
    if with_target:
        x = np.column_stack([x, _unexplained(x, _numbers(table[roles.target].to_pylist(), how))])
    return change_point.start(x, how.regime.level, how.regime.smallest)


def _from(table: pa.Table, roles: Roles, source: Source) -> int:
    """Row of the first record at `source.since`; 0 without that, or where it leaves no record."""
    if source.since is None:
        return 0
    older = pc.less(table[roles.time], pa.scalar(source.since, records.TIME))
    first = int(np.count_nonzero(older.to_numpy()))
    return first if first < len(table) else 0


def _numbers(outcomes: list[Any], how: settings.Settings) -> NDArray[np.float64]:
    """Outcomes as numbers (n, 1), or of classes whether it is the second, the third, ... (n, classes - 1): the first
    is what is left.
    """
    if how.task == "regression":
        return np.asarray(outcomes, dtype=np.float64)[:, None]
    return np.column_stack(
        [np.array([value == name for value in outcomes], dtype=np.float64) for name in sorted(set(outcomes))[1:]]
        or [np.zeros(len(outcomes))]
    )


def _unexplained(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residuals of a linear fit on the older half: they shift where the relation to the target changes, though no
    feature does.
    """
    filled = np.where(np.isnan(x), np.nanmean(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0), x)
    design = np.column_stack([filled, np.ones(len(filled))])
    half = max(len(design) // 2, 1)
    weights, *_ = np.linalg.lstsq(design[:half], y[:half], rcond=None)
    return np.asarray(y - design @ weights, dtype=np.float64)


def _recent(n: int, change: int, first: bool, how: settings.Settings) -> NDArray[np.bool_]:
    """Which labelled records count as recent: all for the first model, the newest regime's, or else the newest
    `window`.
    """
    begin = 0 if first else change or max(0, n - how.split.window)
    return np.arange(n) >= begin


def _unseen(labelled: pa.Table, roles: Roles, champion: Path | None, how: settings.Settings) -> NDArray[np.bool_]:
    """A champion that was split by the same rule has seen no held-out record; of any other, only newer records are
    unseen.
    """
    if champion is None:
        return np.ones(len(labelled), dtype=bool)
    metrics = step.read_json(model_file.find(champion, model_file.METRICS))
    if metrics.get("data", {}).get("holdout") == _rule(roles, how):
        return np.ones(len(labelled), dtype=bool)
    end = pa.scalar(parse_time(metrics["data"]["data_end"]), records.TIME)
    return np.asarray(pc.greater(labelled[roles.time], end).to_numpy(), dtype=bool)


def _holdouts(
    recent: NDArray[np.bool_], unseen: NDArray[np.bool_], how: settings.Settings
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The newest unseen records of the recent ones (at least the smallest holdout, reaching further back), and those
    before.
    """
    candidates = np.flatnonzero(unseen)
    wanted = int(np.clip((recent & unseen).sum(), how.split.smallest_holdout, how.split.largest_holdout))
    chosen = np.zeros(len(recent), dtype=bool)
    chosen[candidates[-wanted:]] = True
    before = np.zeros(len(recent), dtype=bool)
    before[np.flatnonzero(unseen & ~recent & ~chosen)[-how.split.largest_holdout :]] = True
    return chosen, before


def _rule(roles: Roles, how: settings.Settings) -> str:
    if roles.cluster:
        return f"{split.SALT}:{how.split.holdout} by {roles.cluster[0]}"
    return f"{split.SALT}:{how.split.historic}:{how.split.holdout}"


def _moment(text: str) -> datetime | None:
    return parse_time(text) if text else None


@click.command()
@click.option("--model-name", required=True, help="Folder in models/.")
@click.option(
    "--historic", type=step.PATH, required=True, help="File of labelled records that the first model is trained on."
)
@click.option("--incoming", type=step.PATH, help="Folder with records/ and labels/.")
@click.option("--quarantine", type=step.PATH, help="Folder of notes that name files to leave out.")
@click.option("--champion", type=step.PATH, help="Folder of the model in service.")
@click.option("--as-of", default="", help="Leave out records after this moment (ISO 8601).")
@click.option("--since", default="", help="Where the drift check saw the newest regime begin (ISO 8601).")
@click.option(
    "--fingerprint", default="", help="Changes when the data do, so that a step is reused only while they do not."
)
@click.option("--data", "out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@step.run
def main(  # noqa: PLR0917  a command's options
    model_name: str,
    historic: Path,
    incoming: Path | None,
    quarantine: Path | None,
    champion: Path | None,
    as_of: str,
    since: str,
    fingerprint: str,
    out: Path,
) -> None:
    """Read, join, clean and split the records of one model."""
    source = Source(historic, incoming, quarantine, _moment(as_of), _moment(since))
    model = models.find(model_name)
    parts = prepare(model.schema(), source, model.settings(), champion)
    write(parts, out)
    for column, count in parts.data.impossible.items():
        step.log("records left out", column=column, count=count, why="a value outside the schema's range or categories")
    step.log("prepared", fingerprint=fingerprint, **msgspec.to_builtins(parts.data))


if __name__ == "__main__":
    main()
