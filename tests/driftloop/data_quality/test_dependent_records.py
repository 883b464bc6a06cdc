"""Rules of broken feeds where records depend on each other: repeated patients, and chances that count clusters."""

import numpy as np
import pyarrow as pa

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.incidents import assess

LEVEL = 0.0025
SCHEMA = Schema(
    (
        Column("sex", "categorical"),
        Column("height"),
        Column("visit", "categorical", role="id"),
        Column("patient", "categorical", role="cluster"),
    )
)
PLAIN = SCHEMA.with_roles(id="visit", ignore=["patient"])


def visits(patients, first=0, seed=1):
    """Each patient measures the same at every visit."""
    rng = np.random.default_rng(seed)
    heights = dict(
        zip(np.unique(patients).tolist(), rng.normal(170, 9, len(np.unique(patients))).round(4), strict=True)
    )
    return pa.table(
        {
            "sex": ["f" if patient % 2 else "m" for patient in patients],
            "height": [heights[patient] for patient in patients.tolist()],
            "visit": [f"V{number}" for number in range(first, first + len(patients))],
            "patient": [f"P{patient}" for patient in patients],
        }
    )


def test_a_patient_who_measures_the_same_twice_is_no_second_delivery():
    baseline, window = visits(np.arange(200)), visits(np.repeat(np.arange(300, 330), 3), 1_000, 2)
    plain = assess(Baseline(baseline, PLAIN), Window(window, PLAIN), LEVEL)
    assert plain.incidents[0].startswith("67% of the records are repetitions of others in the window")
    assert assess(Baseline(baseline, SCHEMA), Window(window, SCHEMA), LEVEL).incidents == ()


def test_a_batch_that_is_delivered_twice_is_one_still():
    baseline, window = visits(np.arange(200)), visits(np.arange(300, 360), 1_000, 2)
    twice = pa.concat_tables([window, window])
    found = assess(Baseline(baseline, SCHEMA), Window(twice, SCHEMA), LEVEL).incidents
    assert found[0].startswith("50% of the records are repetitions of others in the window")
    again = assess(Baseline(baseline, SCHEMA), Window(baseline.slice(0, 80), SCHEMA), LEVEL).incidents
    assert again[0].startswith("100% of the window are records of the baseline, sent again")


def test_without_id_and_time_no_visit_is_called_repeated():
    schema = SCHEMA.with_roles(ignore=["visit"])
    baseline, window = visits(np.arange(200)), visits(np.repeat(np.arange(300, 330), 3), 1_000, 2)
    assert assess(Baseline(baseline, schema), Window(window, schema), LEVEL).incidents == ()


def test_values_that_two_patients_lack_are_no_broken_feed_and_those_of_all_patients_are():
    baseline, window = visits(np.repeat(np.arange(100), 4)), visits(np.repeat(np.arange(200, 210), 12), 1_000, 3)

    def lacking(patients):
        lost = [None if int(name[1:]) < 200 + patients else height for name, height in rows_of(window)]
        return window.set_column(1, "height", pa.array(lost, pa.float64()))

    def rows_of(table):
        return zip(table["patient"].to_pylist(), table["height"].to_pylist(), strict=True)

    assert (
        "blank"
        in assess(Baseline(baseline, PLAIN), Window(lacking(5), PLAIN), LEVEL, repeats_allowed=True).incidents[0]
    )
    assert assess(Baseline(baseline, SCHEMA), Window(lacking(2), SCHEMA), LEVEL).incidents == ()
    assert "blank" in assess(Baseline(baseline, SCHEMA), Window(lacking(10), SCHEMA), LEVEL).incidents[0]
