"""Which columns training reads of a record."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from driftloop import Baseline, Column, Schema
from training.data import records
from training.data.collect import Source, collect
from training.data.records import Roles
from training.data.sample import held_out
from training.settings import Settings

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


def test_a_record_is_parted_by_its_cluster_and_one_without_by_its_id() -> None:
    roles = Roles.of(SCHEMA)
    table = pa.table({"key": ["a", "b", "7"], "patient": pa.array(["7", "7", None])})
    first, second, third = records.groups(table, roles)
    assert first == second != third  # the record "7" is not of patient 7
    plain = Roles(roles.id, roles.time, roles.target, roles.features)
    assert records.groups(table, plain) == ["a", "b", "7"]


def test_no_cluster_is_held_out_and_learnt_from(tmp_path) -> None:
    """Not within the historic records, and not where their new ones come in, of which a larger share is held out."""
    (tmp_path / "incoming/records").mkdir(parents=True)
    historic, delivered = tmp_path / "historic.csv", tmp_path / "incoming/records/1.csv"
    historic.write_text("key,at,patient,x,y\n" + "".join(f"h{n},2026-01-01,P{n % 200},1.5,1\n" for n in range(600)))
    delivered.write_text("key,at,patient,x\n" + "".join(f"d{n},2026-02-01,P{n % 300},1.5\n" for n in range(900)))
    source = Source(historic, tmp_path / "incoming", None)
    how = Settings(task="regression", loss="squared")

    def both_sides(schema: Schema) -> int:
        roles = Roles.of(schema)
        every = collect(schema, source, tmp_path).every
        held = held_out(every, roles, how)
        assert 0.1 < held.mean() < 0.5
        patients = np.array(every["patient"].to_pylist())
        return len(set(patients[held]) & set(patients[~held]))

    assert both_sides(SCHEMA) == 0
    others = [column for column in SCHEMA.columns if column.name != "patient"]
    assert both_sides(Schema((*others, Column("patient", "categorical")))) > 100
