"""Records of a model whose error depends on what comes in: drawn anew by seed, moved by a shift of the inputs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from driftloop import Baseline, Schema, Window


def numbers(seed: int, rows: int = 500, *, shift: float = 0.0, concept: float = 0.0) -> pa.Table:
    """y = 2 x + [z is a] + exp(x / 2) e: where x is larger the model errs more. `concept` is added to y alone."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(shift, 1, rows), rng.choice(["a", "b"], rows)
    said = 2 * x + (z == "a")
    return pa.table({"x": x, "z": z, "prediction": said, "y": said + np.exp(x / 2) * rng.normal(size=rows) + concept})


def classes(seed: int, rows: int = 500, *, shift: float = 0.0) -> pa.Table:
    """Of two classes, with the probability of one: right where x is small, too sure where it is large."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, rows)
    probability = 1 / (1 + np.exp(-1.5 * x))
    truth = rng.random(rows) < np.where(x > 1, 0.6, probability)
    return pa.table({"x": x, "probability_yes": probability, "y": np.where(truth, "yes", "no")})


def kinds(seed: int, rows: int = 500, *, shift: float = 0.0) -> pa.Table:
    """Of three classes, the predicted one: wrong in a tenth of the records, in half of them where x is beyond 1."""
    rng = np.random.default_rng(seed)
    x, names = rng.normal(shift, 1, rows), np.array(["low", "mid", "high"])
    said = np.digitize(x, [-0.5, 0.5])
    wrong = rng.random(rows) < np.where(x > 1, 0.5, 0.1)
    return pa.table({"x": x, "prediction": names[said], "y": names[(said + wrong * rng.integers(1, 3, rows)) % 3]})


def sides(reference: pa.Table, window: pa.Table) -> tuple[Schema, Window]:
    """The schema of the reference, and the window read with it."""
    said = [name for name in reference.column_names if name == "prediction"]
    baseline = Baseline.build(reference, Schema.infer(reference).with_roles(target="y", ignore=said))
    return baseline.schema, Window.build(window, baseline.schema)


def mean_error(table: pa.Table) -> float:
    """What labels of all records would say."""
    if "probability_yes" in table.column_names:
        yes = np.array(table["y"].to_pylist()) == "yes"
        return float(np.mean((table["probability_yes"].to_numpy() - yes) ** 2))
    if pa.types.is_string(table["y"].type):
        return float(np.mean(np.array(table["y"].to_pylist()) != np.array(table["prediction"].to_pylist())))
    return float(np.mean(np.abs(table["y"].to_numpy() - table["prediction"].to_numpy())))
