"""Training on tables larger than memory: peak memory and CPU seconds of `prepare` and `train` by the number of records.

`python -m benchmarks.training_size --rows 1000000 --rows 20000000`: one file of historic records with outcomes, 8
numbers, a category, an id and a time. Each step is a fresh process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.out_of_core import STEP, table, timed

ROLES = {"record_id": "id", "recorded_at": "timestamp", "outcome": "target"}
KINDS = {"record_id": "categorical", "recorded_at": "datetime", "ward": "categorical"}


def records(rows: int, first: int) -> pa.Table:
    """Records from number `first` on, one a second, in no order of their values."""
    made = table(rows, first // STEP)
    numbers = np.arange(first, first + rows)
    outcome = made["x0"].to_numpy() + np.random.default_rng(first).normal(0, 5, rows)
    made = made.append_column("record_id", pa.array([f"R{number:09}" for number in numbers]))
    made = made.append_column("recorded_at", pa.array(numbers * 1_000_000, pa.timestamp("us", "UTC")))
    return made.append_column("outcome", pa.array(outcome))


def write(folder: Path, rows: int) -> Path:
    """The file, and a model's folder that describes it."""
    model = folder / "models" / "large"
    model.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in records(1, 0).column_names:
        lines.append(f'[[columns]]\nname = "{name}"\nkind = "{KINDS.get(name, "numeric")}"\n')
        lines.append(f'role = "{ROLES[name]}"\n' if name in ROLES else "")
    (model / "schema.toml").write_text("".join(lines))
    (model / "model.toml").write_text('task = "regression"\n')
    path = folder / "historic.parquet"
    with pq.ParquetWriter(path, records(1, 0).schema) as writer:
        for start in range(0, rows, STEP):
            writer.write_table(records(min(STEP, rows - start), start))
    return path


def measured(rows: int, *, train: bool) -> dict[str, object]:
    """Both steps over so many records."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, rows)
        os.environ["DRIFTLOOP_MODELS"] = str(folder / "models")
        step = [sys.executable, "-m"]
        data, given = str(folder / "data"), ["--model-name", "large"]
        line: dict[str, object] = {"rows": rows, "file_mb": path.stat().st_size // 1_000_000}
        line["prepare"] = timed([*step, "training.prepare", "--historic", str(path), "--data", data, *given])
        if train:
            line["train"] = timed([*step, "training.train", "--data", data, "--model", str(folder / "model"), *given])
        line["sample"] = json.loads((folder / "data" / "data.json").read_text())["sample"]
        return line


@click.command()
@click.option("--rows", multiple=True, type=int, default=(1_000_000, 20_000_000))
@click.option("--train", is_flag=True, help="Fit, too: minutes.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/benchmarks/training_size.json"))
def main(rows: tuple[int, ...], train: bool, out: Path) -> None:
    """Measure, print and write JSON."""
    found = []
    for count in rows:
        found.append(measured(count, train=train))
        print(json.dumps(found[-1]), flush=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
