"""Which columns training reads of a record."""

from __future__ import annotations

import pyarrow as pa

from driftloop import Baseline, Column, Schema
from training.data import records
from training.data.records import Roles

SCHEMA = Schema(
    (
        Column("key", "categorical", role="id"),
        Column("at", "datetime", role="timestamp"),
        Column("patient", role="cluster"),
        Column("x"),
        Column("y", role="target"),
    )
)


def test_the_group_of_a_record_is_read_beside_its_features_and_reaches_the_baseline(tmp_path) -> None:
    roles = Roles.of(SCHEMA)
    assert roles.described == ("key", "at", "patient", "x")
    assert roles.features == ("x",)
    rows = tmp_path / "historic.csv"
    rows.write_text("key,at,patient,x,y\na,2026-01-01,7,1.5,1\nb,2026-01-02,7,2.5,2\nc,2026-01-03,8,3.5,3\n")
    table = records.read([rows], SCHEMA, (*roles.described, roles.target))
    assert table["patient"].type == pa.string()
    sample = Baseline.build(table.to_batches(), SCHEMA).profile.sample
    assert sample.clusters is not None
    assert len(set(sample.clusters.tolist())) == 2
