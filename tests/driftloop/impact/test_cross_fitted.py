"""Cross-fitted errors in the holdout's file: older readers and files are served, and more labels count."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftloop import Baseline, Schema
from driftloop.errors import BaselineError
from driftloop.impact.cross_fitted import KEY, LEAST_SHIFT, attach, attached, level_shift
from driftloop.impact.error_regression import Link
from driftloop.impact.estimating import find_impact
from driftloop.impact.holdout import build_holdout, read_holdout
from driftloop.profile.saving.parquet_format import profile_from_bytes
from driftloop.report.words.language import Words
from tests.driftloop.impact.tables import mean_error, numbers, sides

WINDOWS = 60


def known(seed: int, schema: Schema, rows: int = 500, factor: float = 1.0) -> Baseline:
    table = numbers(seed, rows)
    return build_holdout(table, factor * np.abs(table["y"].to_numpy() - table["prediction"].to_numpy()), schema)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return sides(numbers(10_000, 1000), numbers(1))[0]


def test_they_come_back_from_the_holdouts_file(tmp_path, schema: Schema) -> None:
    holdout, learnt = known(1, schema), known(2, schema, 800)
    (tmp_path / "holdout.parquet").write_bytes(attach(holdout, learnt).to_bytes())
    found = read_holdout(tmp_path / "holdout.parquet", schema)
    assert attached(found) == learnt
    assert found.rows == 500


def test_a_reader_that_does_not_know_them_sees_the_holdout_alone(schema: Schema) -> None:
    holdout = known(1, schema)
    seen = profile_from_bytes(attach(holdout, known(2, schema)).to_bytes())
    assert seen.rows == 500
    assert np.array_equal(seen.sample.values, holdout.profile.sample.values)


def test_a_holdout_without_them_is_read_as_before(schema: Schema) -> None:
    holdout = known(1, schema)
    assert attached(holdout) is None
    assert attached(Baseline.from_bytes(holdout.to_bytes())) is None


def test_the_file_stays_small(schema: Schema) -> None:
    assert len(attach(known(1, schema, 20_000), known(2, schema, 20_000)).to_bytes()) < 300_000


def test_damaged_ones_are_refused(schema: Schema) -> None:
    holdout = known(1, schema)
    table = pq.ParquetFile(pa.BufferReader(holdout.to_bytes())).read()
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, KEY: b"?"}), sink)
    with pytest.raises(BaselineError, match="damaged"):
        attached(Baseline.from_bytes(sink.getvalue().to_pybytes()))
    other = build_holdout(pa.table({"x": [1.0, 2.0]}), [0.5, 0.1], Schema.infer(pa.table({"x": [1.0]})))
    with pytest.raises(BaselineError, match="other columns"):
        attached(attach(holdout, other))


@pytest.mark.parametrize(
    ("wrong", "learnt", "link", "tau"),
    [
        (20, 20, "logit", LEAST_SHIFT),
        # d = 0.2 / (0.3 x 0.7), v = (0.2 x 0.8 + 0.4 x 0.6) / 100 / 0.21^2: d^2 - 4 v = 0.9070 - 0.3628
        (20, 40, "logit", 0.5442**0.5),
        # d = 0.2 / 0.3, v = 0.004 / 0.09: d^2 - 4 v = 0.4444 - 0.1778
        (20, 40, "log", 0.2667**0.5),
    ],
)
def test_their_level_is_free_where_the_holdout_contradicts_it(wrong: int, learnt: int, link: Link, tau: float) -> None:
    first, second = (np.repeat([1.0, 0.0], [n, 100 - n]) for n in (wrong, learnt))
    assert level_shift(first, second, link) == pytest.approx(tau, rel=1e-3)


def test_the_estimate_is_closer_and_its_interval_narrower_and_covers(schema: Schema) -> None:
    off, width, covered = [], [], 0
    for seed in range(WINDOWS):
        window = numbers(3 * seed + 1, 2000, shift=0.7)
        read = sides(numbers(10_000, 1000), window)[1]
        holdout = known(3 * seed, schema)
        both = [
            find_impact(read, side, schema) for side in (attach(holdout, known(3 * seed + 2, schema, 1000)), holdout)
        ]
        truth = mean_error(window)
        off.append([abs(impact.error - truth) for impact in both])  # type: ignore[operator]
        width.append([impact.high - impact.low for impact in both])  # type: ignore[operator]
        covered += both[0].low <= truth <= both[0].high  # type: ignore[operator]
        assert (both[0].cross_fitted, both[1].cross_fitted) == (1000, 0)
    assert np.mean(off, axis=0)[0] < 0.85 * np.mean(off, axis=0)[1], "three times as many labels"
    assert np.mean(width, axis=0)[0] < 0.85 * np.mean(width, axis=0)[1]
    assert covered >= 47, "of 60 at 90 %: fewer has a chance of 1 in 400"


def test_errors_of_another_level_do_not_move_the_estimate_far(schema: Schema) -> None:
    """Cross-fitted errors that are twice as large as the model's: the holdout says so."""
    window = numbers(2, 2000)
    read = sides(numbers(10_000, 1000), window)[1]
    alone = find_impact(read, known(1, schema), schema)
    beside = find_impact(read, attach(known(1, schema), known(3, schema, 1000, factor=2.0)), schema)
    assert beside.error == pytest.approx(alone.error, rel=0.08)


def test_growth_counts_from_the_mean_of_all_known_errors(schema: Schema) -> None:
    """A holdout whose errors are small by chance is no growth of the window's: the cross-fitted ones say so."""
    read = sides(numbers(10_000, 1000), numbers(2, 2000))[1]
    impact = find_impact(read, attach(known(1, schema, 100), known(3, schema, 1000)), schema)
    assert impact.before is not None
    assert impact.before != impact.holdout_error
    assert impact.error is not None
    assert impact.growth is not None
    middle = sum(impact.growth) / 2
    assert abs(impact.error / impact.before - 1 - middle) < 0.03, "the sentence's three numbers agree"
    alone = find_impact(read, known(1, schema, 100), schema)
    assert (alone.before, alone.reference) == (None, alone.holdout_error)
    labelled = find_impact(
        read, attach(known(1, schema, 100), known(3, schema, 1000)), schema, labelled=numbers(2, 2000).slice(0, 50)
    )
    assert labelled.before is None, "labels are compared with the holdout alone"


def test_it_is_said_and_translated(schema: Schema) -> None:
    read = sides(numbers(10_000, 1000), numbers(2))[1]
    impact = find_impact(read, attach(known(1, schema), known(3, schema)), schema)
    assert impact.before is not None
    assert impact.sentences[0].endswith(f"(95% interval) over {impact.before:.3g}, the mean of all known errors")
    assert "of 1000 records with a known error" in impact.sentences[1]
    away = find_impact(
        sides(numbers(10_000, 1000), numbers(2, shift=5.0))[1], attach(known(1, schema), known(3, schema)), schema
    )
    assert away.error is None
    words = Words("ja")
    assert [said for said in (*impact.sentences, *away.sentences) if words.sentence(said).language != "ja"] == []
