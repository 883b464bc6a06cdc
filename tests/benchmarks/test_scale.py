"""The benchmarks of wide tables and many models still run, and count what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.many_models import measured as measured_models
from benchmarks.wide import FACTORS, measured, wide_table


def test_a_wide_table_has_its_columns_of_three_kinds_and_missing_values() -> None:
    rng = np.random.default_rng(1)
    table = wide_table(2_000, rng.normal(size=(FACTORS, 30)) / np.sqrt(FACTORS), rng)

    assert table.num_columns == 30
    assert [name.split("_")[0] for name in table.column_names[:5]] == ["skewed", "group", "value", "value", "value"]
    gaps = [column.null_count / 2_000 for column in table.columns]
    assert [place for place, share in enumerate(gaps) if share] == [3, 13, 23]
    assert 0.005 < gaps[3] < 0.04


def test_alarms_are_counted_of_all_windows() -> None:
    found = measured(20, 3)

    assert found.alarms.tries == sum(found.verdicts.values()) == 3
    assert found.alarms.hits == 3 - found.verdicts.get("stable", 0)


@pytest.mark.slow
def test_what_a_model_costs_is_counted_by_service() -> None:
    parts = {each.part: each for each in measured_models(12)}

    tick = parts["timer's tick"]
    assert (tick.blob, tick.queue, tick.table) == (0, 1, pytest.approx(1 / 12)), "one query for all models"
    new, nothing = parts["check of a new window"], parts["check, nothing new"]
    assert new.blob > nothing.blob > 0
    assert new.kilobytes > nothing.kilobytes > 0
    assert nothing.queue == 0
    assert parts["list of models"].table == pytest.approx(1 / 12), "one request for a thousand"
