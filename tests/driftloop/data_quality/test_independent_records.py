"""How many independent records a side is worth: Kish's effective number of clusters, and the harmonic part of both."""

import pyarrow as pa
import pytest

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.independent_records import independent_part

SCHEMA = Schema((Column("x"), Column("ward", "categorical", role="cluster")))


def side(kind, *sizes, schema=SCHEMA):
    """Clusters of so many records each."""
    wards = [f"W{ward}" for ward, size in enumerate(sizes) for _ in range(size)]
    return kind.build(pa.table({"x": [float(row) for row in range(len(wards))], "ward": wards}), schema)


def test_clusters_of_one_size_count_as_one_record_each():
    """350 x 50 / 400 = 43.75 of the records, 10 x 10 / 20 = 5 of the clusters."""
    assert independent_part(side(Baseline, *[35] * 10), side(Window, *[5] * 10)) == pytest.approx(5 / 43.75)


def test_clusters_of_unequal_sizes_are_worth_less():
    """Shares of 1/4 and 3/4 are worth 1 / (1/16 + 9/16) = 1.6 clusters, and 4 of them 4."""
    found = independent_part(side(Baseline, 3, 9), side(Window, 2, 2, 2, 2))
    assert found == pytest.approx((1.6 * 4 / 5.6) / (12 * 8 / 20))


def test_repeated_records_count_as_often_as_they_occur():
    same = pa.table({"x": [1.0] * 12, "ward": ["W0"] * 3 + ["W1"] * 9})
    found = independent_part(Baseline.build(same, SCHEMA), side(Window, 2, 2, 2, 2))
    assert found == pytest.approx((1.6 * 4 / 5.6) / (12 * 8 / 20))


def test_clusters_of_single_records_are_all_independent():
    assert independent_part(side(Baseline, *[1] * 40), side(Window, *[1] * 30)) == 1.0


def test_without_clusters_or_records_every_record_counts():
    plain = SCHEMA.with_roles(ignore=["ward"])
    assert independent_part(side(Baseline, 3, 9, schema=plain), side(Window, 2, 2, schema=plain)) == 1.0
    assert independent_part(side(Baseline, 3, 9), side(Window)) == 1.0
