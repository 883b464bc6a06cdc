"""A small hospital, made from the example's population: historic records, days of incoming ones, a change of regime."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sandbox.world import World
from training import evaluate, models, prepare, train
from training.data.collect import Source
from training.gate.gate import GateDecision
from training.metrics import Metrics

MODEL = "diabetes-progression"
SCHEMA, HOW = models.find(MODEL).schema(), models.find(MODEL).settings()


@dataclass(frozen=True)
class Hospital:
    """Folders as the pipeline's steps see them."""

    folder: Path
    source: Source

    def add(self, path: str, frame: pd.DataFrame) -> Path:
        """One more incoming file, in the format that its name says."""
        file = self.folder / "incoming" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if ".parquet" in path:
            frame.to_parquet(file, index=False)
        elif ".jsonl" in path:
            lines = "\n".join(json.dumps(row, default=str) for row in frame.to_dict("records"))
            file.write_bytes(gzip.compress(lines.encode()) if path.endswith(".gz") else lines.encode())
        else:
            frame.to_csv(file, index=False)
        return file


def hospital(folder: Path, last_day: int, seed: int = 442) -> Hospital:
    """The demo world's historic records and its first days, its broken feed quarantined."""
    world = World(seed)
    folder.mkdir(parents=True, exist_ok=True)
    world.historic().to_parquet(folder / "historic.parquet", index=False)
    for day in world.days():
        if day.number > last_day:
            break
        for file in day.files:
            path = folder / "incoming" / file.path.split("/", 1)[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        if day.kind == "broken feed":
            note = folder / "quarantine" / (day.files[0].path.split("/", 1)[1] + ".json")
            note.parent.mkdir(parents=True)
            note.write_text("{}")
    incoming, quarantine = folder / "incoming", folder / "quarantine"
    source = Source(
        folder / "historic.parquet",
        incoming if incoming.exists() else None,
        quarantine if quarantine.exists() else None,
    )
    return Hospital(folder, source)


@pytest.fixture
def small(tmp_path: Path) -> Hospital:
    """Historic records only; tests add the files that they are about."""
    made = hospital(tmp_path / "hospital", last_day=0)
    return Hospital(made.folder, Source(made.source.historic, made.folder / "incoming", made.folder / "quarantine"))


@dataclass(frozen=True)
class Trained:
    """A run of prepare, train and evaluate, and the folders that it wrote."""

    parts: prepare.Parts
    metrics: Metrics
    gate: GateDecision
    data: Path
    model: Path


def run(source: Source, folder: Path, champion: Path | None = None) -> Trained:
    """The steps, as the pipeline runs them."""
    parts = prepare.prepare(SCHEMA, source, HOW, champion)
    prepare.write(parts, folder / "data")
    metrics = train.train(models.find(MODEL), folder / "data", folder / "model")
    decision = evaluate.evaluate(models.find(MODEL), folder / "data", folder / "model", champion)
    return Trained(parts, metrics, decision, folder / "data", folder / "model")


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The first model."""
    folder = tmp_path_factory.mktemp("first")
    return run(hospital(folder / "hospital", last_day=0).source, folder)


@pytest.fixture(scope="session")
def retrained(first: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A challenger after the population and its outcomes have changed: four days of them, two with labels."""
    folder = tmp_path_factory.mktemp("retrained")
    return run(hospital(folder / "hospital", last_day=11).source, folder, first.model)


def ids(table: pa.Table) -> set[str]:
    return set(table["record_id"].to_pylist())


def records(number: int, prefix: str = "N", day: str = "2030-01-01", **changes: Any) -> pd.DataFrame:
    """Plausible records with ids of their own."""
    rng = np.random.default_rng(number)
    frame = World().historic().sample(number, random_state=1).drop(columns="progression").reset_index(drop=True)
    frame["record_id"] = [f"{prefix}{place:04}" for place in range(number)]
    frame["recorded_at"] = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.sort(rng.uniform(0, 24, number)), unit="h")
    return frame.assign(**changes)


def labels(frame: pd.DataFrame, share: float = 1.0) -> pd.DataFrame:
    """Outcomes for the first `share` of the records."""
    some = frame.head(int(len(frame) * share))
    return pd.DataFrame({"record_id": some["record_id"], "progression": np.linspace(50.0, 300.0, len(some))})
