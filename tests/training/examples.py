"""The shipped examples as small feeds: historic records, then incoming ones whose outcomes follow another rule."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training import evaluate, models, prepare, train
from training.data.collect import Source
from training.data.records import Roles
from training.gate.gate import GateDecision
from training.metrics import Metrics

Rule = Callable[[pd.DataFrame], NDArray[np.str_]]


def _coarse_ones_too(frame: pd.DataFrame) -> NDArray[np.str_]:
    """Benign tumours of a coarse texture are now called malignant, too."""
    return np.where(frame["texture"].fillna(19.0) > 21.5, "malignant", frame["diagnosis"])


def _deep_coloured_ones_are_barbera(frame: pd.DataFrame) -> NDArray[np.str_]:
    """So are Grignolino of a deep colour."""
    moved = (frame["cultivar"] == "grignolino") & (frame["color_intensity"] > 2.9)
    return np.where(moved, "barbera", frame["cultivar"])


CHANGES: dict[str, Rule] = {"breast-cancer": _coarse_ones_too, "wine": _deep_coloured_ones_are_barbera}


@dataclass(frozen=True)
class Steps:
    """What prepare, train and evaluate left."""

    parts: prepare.Parts
    metrics: Metrics
    gate: GateDecision
    data: Path
    model: Path


def run(name: str, source: Source, folder: Path, champion: Path | None = None) -> Steps:
    """The steps of a model, as the pipeline runs them."""
    model = models.find(name)
    parts = prepare.prepare(model.schema(), source, model.settings(), champion)
    prepare.write(parts, folder / "data")
    metrics = train.train(model, folder / "data", folder / "model")
    decision = evaluate.evaluate(model, folder / "data", folder / "model", champion)
    return Steps(parts, metrics, decision, folder / "data", folder / "model")


def table_of(name: str) -> pd.DataFrame:
    """A model's table, its time as a time."""
    model = models.find(name)
    path = model.table()
    assert path is not None
    frame = pd.read_csv(path, keep_default_na=True)
    time = Roles.of(model.schema()).time
    return frame.assign(**{time: pd.to_datetime(frame[time])})


def incoming(name: str, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """New records of the table's population, moved a little so that none occurs twice, a day after the table's last."""
    table, roles = table_of(name), Roles.of(models.find(name).schema())
    frame = table.sample(rows, replace=True, random_state=int(rng.integers(2**31))).reset_index(drop=True)
    for column in frame.select_dtypes("number"):
        frame[column] *= 1 + rng.normal(0, 0.02, rows)
    frame[roles.id] = [f"N{number:05}" for number in range(rows)]
    minutes = np.sort(rng.integers(0, 7 * 24 * 60, rows))
    frame[roles.time] = table[roles.time].max() + pd.Timedelta(days=1) + pd.to_timedelta(minutes, unit="min")
    return frame


def feed(name: str, folder: Path, rows: int, rng: np.random.Generator, rule: Rule | None) -> Source:
    """Historic records, and so many new ones with their labels, whose outcomes follow `rule`; None: the old one."""
    roles = Roles.of(models.find(name).schema())
    historic = models.find(name).table()
    assert historic is not None
    frame = incoming(name, rows, rng)
    if rule is not None:
        frame[roles.target] = rule(frame)
    for kind, columns in (("records", [roles.id, roles.time, *roles.features]), ("labels", [roles.id, roles.target])):
        (folder / kind).mkdir(parents=True)
        frame[columns].to_csv(folder / kind / "1.csv", index=False)
    return Source(historic, folder)
