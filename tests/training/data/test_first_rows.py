import numpy as np
import pyarrow as pa
import pytest

from training.data.first_rows import FirstRows, Ordering

ORDERS: list[Ordering] = [
    [("key", "ascending")],
    [("day", "descending"), ("key", "descending")],
    [("day", "ascending"), ("key", "descending")],
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [0, 1, 40, 500])
def test_the_same_rows_as_sorting_all_at_once(order: Ordering, limit: int) -> None:
    rng = np.random.default_rng(limit)
    table = pa.table({"key": rng.permutation(300), "day": rng.integers(0, 5, 300)})
    kept = FirstRows(limit, order)
    for start in range(0, 300, 7):
        kept.add(table.slice(start, 7))
    expected = table.sort_by(order).slice(0, limit)["key"].to_pylist()
    assert kept.table().sort_by(order)["key"].to_pylist() == expected


def test_no_more_than_twice_as_many_are_held() -> None:
    kept = FirstRows(10, [("key", "ascending")])
    most = 0
    for key in range(1_000, 0, -1):  # each is smaller than all before
        kept.add(pa.table({"key": [key]}))
        most = max(most, kept._rows)
    assert most == 20
    assert sorted(kept.table()["key"].to_pylist()) == list(range(1, 11))
