"""What a cold process of the function app costs to its first verdict, beside an app that imports nothing."""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.account import account
from benchmarks.process_time import ProcessTime, measure
from benchmarks.rates import stream
from benchmarks.single import REFERENCE_ROWS
from benchmarks.tables import table
from driftloop import Baseline, Schema
from driftloop.events import InService

MODEL = "cold"
ROWS = 442  # of the diabetes table
RUNS = 5


def cold_start() -> list[ProcessTime]:
    """An empty app, and a check of 442 new rows of the diabetes table; storage is Azurite on the same machine."""
    source, rng = table("diabetes"), stream(8)
    with tempfile.TemporaryDirectory() as name, account(folder := Path(name)) as (storage, variables):
        reference = source.draw(REFERENCE_ROWS, rng)
        baseline = Baseline.build(reference, Schema.infer(reference.to_batches())).to_bytes()
        pointer = InService(MODEL, "1", hashlib.sha256(baseline).hexdigest())
        baselines = storage.container("baselines")
        baselines.upload_blob(f"{MODEL}/1.parquet", baseline)
        baselines.upload_blob(f"{MODEL}/in-service.json", msgspec.json.encode(pointer))
        (folder / "driftloop.toml").write_text(f'[[model]]\nname = "{MODEL}"\n', encoding="utf-8")
        environment = {**variables, "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml")}

        def land(number: int) -> None:
            content = _parquet(source.draw(ROWS, rng))
            storage.container("incoming").upload_blob(f"{MODEL}/records/{number}.parquet", content)

        process = [sys.executable, "-m", "benchmarks.cold_process"]
        return [
            measure("function app, cold, nothing imported", [*process, "empty"], runs=RUNS),
            measure(
                "function app, cold, to the verdict on 442 rows",
                [*process, "check", MODEL],
                runs=RUNS,
                environment=environment,
                before=land,
            ),
        ]


def _parquet(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer)
    return buffer.getvalue()
