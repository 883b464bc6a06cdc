"""The same rows are the same window, whoever wrote them in whatever format."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from driftloop import Column, Schema, Window, check, read_batches
from driftloop.profile.summary import summarise

ROWS = 160


def rows() -> pd.DataFrame:
    """Every kind of column that a table of a feed has, with gaps."""
    rng = np.random.default_rng(5)
    day = dt.datetime(2026, 8, 1)  # noqa: DTZ001 (files say nothing of a zone)
    frame = pd.DataFrame(
        {
            "record": [f"R-{value:05d}" for value in rng.permutation(ROWS)],
            "seen_at": [day + dt.timedelta(minutes=int(value)) for value in rng.integers(0, 60_000, ROWS)],
            "amount": rng.normal(50, 10, ROWS).round(2),
            "ratio": rng.normal(0, 1e-3, ROWS).round(9),  # pandas writes 15 decimals of JSON
            "short": rng.normal(20, 3, ROWS).round(3).astype("float32"),
            "count": rng.integers(0, 900, ROWS),
            "stage": rng.integers(1, 4, ROWS),
            "smoker": rng.random(ROWS) < 0.3,
            "ward": rng.choice(["north", 'süd, "alt"', "01"], ROWS),
            "empty": pd.Series([None] * ROWS, dtype="float64"),
        }
    )
    frame.loc[rng.random(ROWS) < 0.1, "amount"] = np.nan
    return frame


def by_pandas(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    to = {ending: folder / f"pandas.{ending}" for ending in ("csv", "tsv", "jsonl", "parquet", "csv.gz", "csv.zst")}
    frame.to_csv(to["csv"])  # with the nameless index
    frame.to_csv(to["tsv"], sep="\t", index=False)
    frame.to_csv(to["csv.gz"], index=False)
    frame.to_csv(folder / "plain.csv", index=False, sep=";", decimal=",", encoding="utf-16", lineterminator="\r\n")
    frame.to_json(to["jsonl"], orient="records", lines=True, double_precision=15, date_format="epoch")
    frame.to_parquet(to["parquet"])
    with pa.CompressedOutputStream(str(to["csv.zst"]), "zstd") as file:
        file.write(frame.to_csv(index=False).encode())
    frame.to_json(folder / "array.json", orient="records", double_precision=15, date_format="iso")
    return {f"pandas {name}": path for name, path in to.items()} | {
        "pandas European csv": folder / "plain.csv",
        "pandas JSON array": folder / "array.json",
    }


def by_polars(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    table = pl.from_pandas(frame)
    to = {ending: folder / f"polars.{ending}" for ending in ("csv", "tsv", "ndjson", "parquet", "arrow")}
    table.write_csv(to["csv"])
    table.write_csv(to["tsv"], separator="\t")
    table.write_ndjson(to["ndjson"])
    table.write_parquet(to["parquet"])
    table.write_ipc(to["arrow"])
    return {f"polars {name}": path for name, path in to.items()}


def by_duckdb(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    to = {ending: folder / f"duckdb.{ending}" for ending in ("csv", "tsv", "jsonl", "parquet")}
    with duckdb.connect() as base:
        base.register("frame", frame)
        base.execute(f"COPY frame TO '{to['csv']}' (FORMAT csv, HEADER)")
        base.execute(f"COPY frame TO '{to['tsv']}' (FORMAT csv, HEADER, DELIMITER '\t')")
        base.execute(f"COPY frame TO '{to['jsonl']}' (FORMAT json)")
        base.execute(f"COPY frame TO '{to['parquet']}' (FORMAT parquet)")
    return {f"duckdb {name}": path for name, path in to.items()}


def by_pyarrow(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    to = {ending: folder / f"pyarrow.{ending}" for ending in ("csv", "parquet", "feather", "arrow")}
    pc.write_csv(table, to["csv"])
    pq.write_table(table, to["parquet"], use_deprecated_int96_timestamps=True)
    feather.write_feather(table, to["feather"])
    odd = table.set_column(0, "record", table["record"].cast(pa.large_string()))
    odd = odd.set_column(8, "ward", odd["ward"].cast(pa.string_view()))
    odd = odd.set_column(5, "count", odd["count"].cast(pa.decimal128(24, 3)))
    with pa.ipc.new_stream(to["arrow"], odd.schema) as stream:
        stream.write_table(odd)
    return {f"pyarrow {name}": path for name, path in to.items()}


def as_spark(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """A folder a partition, part files, a marker and checksums."""
    table = folder / "spark"
    for stage, part in frame.groupby("stage"):
        where = table / f"stage={stage}"
        where.mkdir(parents=True)
        (where / ".part-00000.snappy.parquet.crc").write_bytes(b"crc")
        part.drop(columns="stage").to_parquet(where / "part-00000.snappy.parquet", index=False)
    (table / "_SUCCESS").touch()
    csv = folder / "spark-csv"
    csv.mkdir()
    frame[:100].to_csv(csv / "part-00000.csv", index=False)
    frame[100:].assign(smoker=lambda t: t.smoker.astype(int)).to_csv(csv / "part-00001.csv", index=False)
    (csv / "part-00002.csv").touch()
    (csv / "_SUCCESS").touch()
    return {"spark parquet": table, "spark csv": csv}


WRITERS: tuple[Callable[[pd.DataFrame, Path], dict[str, Path]], ...] = (
    by_pandas,
    by_polars,
    by_duckdb,
    by_pyarrow,
    as_spark,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, frame = tmp_path_factory.mktemp("written"), rows()
    return {name: path for write in WRITERS for name, path in write(frame, folder).items()}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.infer(rows())


def test_the_window_has_the_same_hash_for_all_pairs_of_writers(written, schema):
    hashes = {name: Window.build(read_batches(path, schema), schema).sha256 for name, path in written.items()}
    assert len(hashes) >= 23
    different = [(a, b) for a, b in itertools.combinations(hashes, 2) if hashes[a] != hashes[b]]
    assert different == []


def test_the_same_schema_is_inferred_from_every_writer_s_file(written, schema):
    expected = {(c.name, c.kind, c.role, c.format) for c in schema.columns}
    for name, path in written.items():
        columns = Schema.infer(read_batches(path)).columns
        found = {(c.name, c.kind, c.role, "" if c.kind == "numeric" else c.format) for c in columns}
        assert found == expected, name


def test_the_hash_tells_other_rows_apart(written, schema, tmp_path):
    frame = rows()
    frame.loc[7, "amount"] += 0.01
    frame.to_csv(tmp_path / "other.csv", index=False)
    same = Window.build(read_batches(written["pandas csv"], schema), schema).sha256
    assert Window.build(read_batches(tmp_path / "other.csv", schema), schema).sha256 != same


def test_numbers_move_only_where_a_writer_of_json_has_widened_them(tmp_path):
    """Doubles that a float32 holds exactly stay what they are, but in JSON, where they stand for short floats."""
    short = np.random.default_rng(8).normal(20, 3, ROWS).round(3).astype("float32")
    doubles = pd.DataFrame({"x": short.astype("float64")})
    doubles.to_parquet(tmp_path / "doubles.parquet")
    doubles.to_csv(tmp_path / "doubles.csv", index=False)
    pd.DataFrame({"x": short}).to_parquet(tmp_path / "short.parquet")
    doubles.to_json(tmp_path / "short.jsonl", orient="records", lines=True, double_precision=15)
    schema = Schema((Column("x"),))

    def means(source):
        return summarise(Window.build(source, schema).profile.columns["x"]).mean

    kept = [means(read_batches(tmp_path / f"doubles.{ending}", schema)) for ending in ("parquet", "csv")]
    assert {*kept, means(doubles), means(pl.from_pandas(doubles))} == {kept[0]}
    assert kept[0] == pytest.approx(doubles["x"].mean(), rel=1e-15)
    decimals = [means(read_batches(tmp_path / f"short.{ending}", schema)) for ending in ("parquet", "jsonl")]
    assert decimals == [pytest.approx(short.astype("float64").round(3).mean(), rel=1e-15)] * 2
    assert decimals[0] != kept[0]


def test_a_check_of_the_same_rows_says_the_same_to_the_byte_from_every_source(tmp_path):
    """Also of what is not compared, and why: a second date, an id."""
    rng = np.random.default_rng(7)
    told = set()
    sides = {}
    for side in ("reference", "current"):
        frame = rows().assign(amount=rng.normal(50, 10, ROWS).round(2))
        frame["born"] = [dt.date(1950, 1, 1) + dt.timedelta(days=int(value)) for value in rng.integers(0, 9999, ROWS)]
        frame["record"] = [f"{side}-{value:05d}" for value in rng.permutation(ROWS)]
        table = pa.Table.from_pandas(frame, preserve_index=False)
        frame.to_csv(tmp_path / f"{side}.csv", index=False)
        pq.write_table(table, tmp_path / f"{side}.parquet")
        sides[side] = {
            "pandas": frame,
            "pandas nullable": frame.convert_dtypes(),
            "polars": pl.from_arrow(table),
            "pyarrow": table,
            "duckdb": duckdb.from_arrow(table),
            "csv": tmp_path / f"{side}.csv",
            "parquet": tmp_path / f"{side}.parquet",
        }
    for kind, reference in sides["reference"].items():
        told.add(check(reference, sides["current"][kind]).to_json())
    (only,) = told
    assert '"born"' in only
    assert '"record"' in only
