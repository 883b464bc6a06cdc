"""When the records of a window really began: stragglers do not move it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from driftloop import Column, Schema
from driftloop.data.columns.times import times as times_of
from driftloop.times import format_time, parse_time
from function_app.checks import regime_start
from function_app.checks.regime_start import RecordTimes, remembered

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SCHEMA = Schema(columns=(Column(name="at", kind="datetime", role="timestamp"), Column(name="x")))


def batch(minutes: list[float]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"at": [format_time(NOW + timedelta(minutes=minute)) for minute in minutes]})


def start_of(*batches: pa.RecordBatch) -> datetime | None:
    times = RecordTimes(SCHEMA)
    assert len(list(times.watching(iter(batches)))) == len(batches)
    return None if times.start is None else parse_time(times.start)


def test_without_stragglers_it_is_near_the_first_record() -> None:
    assert start_of(batch(list(range(19)))) == NOW, "a twentieth of 19 is less than one record"
    assert start_of(batch(list(range(100)))) == NOW + timedelta(minutes=5), "at most 5 of 100 lie before"


@pytest.mark.parametrize(("stragglers", "robust"), [(1, True), (5, True), (6, False)])
def test_a_twentieth_of_stragglers_of_another_year_does_not_move_it(stragglers: int, robust: bool) -> None:
    old = [-400 * 24 * 60.0] * stragglers
    found = start_of(batch(old + list(range(100 - stragglers))))

    assert found is not None
    assert (found >= NOW) is robust


def test_the_order_of_the_records_does_not_matter() -> None:
    minutes = [float(minute) for minute in range(200)]

    assert (
        start_of(batch(minutes[::-1])) == start_of(batch(minutes)) == start_of(batch(minutes[:50]), batch(minutes[50:]))
    )


def test_a_large_batch_weighs_what_it_holds() -> None:
    """A stragglers' file of 100 rows beside one of 100,000: a tenth of a per cent, however few of it are looked at."""
    old, new = batch([-1e6] * 100), batch([float(minute % 60) for minute in range(100_000)])

    for order in ((old, new), (new, old)):
        found = start_of(*order)
        assert found is not None
        assert found >= NOW


@pytest.mark.parametrize(("rows", "looked_at"), [(1_024, 1_024), (1_025, 513), (3_072, 1_024), (10_000, 1_000)])
def test_of_a_large_batch_an_even_sample_is_looked_at(
    rows: int, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the cost of finding the start does not grow with the rows of a batch."""
    seen: list[int] = []

    def counted(column: Any, *rest: Any) -> Any:
        seen.append(len(column))
        return times_of(column, *rest)

    monkeypatch.setattr("driftloop.data.columns.times.times", counted)
    assert start_of(batch([float(minute) for minute in range(rows)])) is not None
    assert seen == [looked_at]
    assert looked_at <= regime_start.LOOKED_AT


def test_memory_is_bounded_and_the_answer_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regime_start, "HELD", 512)
    batches = [batch([float(number * 100 + minute) for minute in range(100)]) for number in range(100)]
    times = RecordTimes(SCHEMA)
    for _ in times.watching(iter(batches)):
        assert len(times._times) <= 512 + 1_024

    found = parse_time(times.start or "")
    assert abs(found - (NOW + timedelta(minutes=500))) < timedelta(minutes=60), "the 5 % quantile of 10,000 minutes"


def test_no_times_no_start() -> None:
    assert start_of() is None
    assert start_of(pa.RecordBatch.from_pydict({"x": [1.0]})) is None
    assert start_of(pa.RecordBatch.from_pydict({"at": ["never"] * 3})) is None
    assert start_of(pa.RecordBatch.from_pydict({"at": [1e300] * 3})) is None, "beyond the calendar"


def test_the_starts_of_the_last_windows_are_remembered() -> None:
    starts: dict[str, str] = {}
    for number in range(70):
        starts = remembered(starts, f"first-{number}", f"start-{number}")

    assert len(starts) == regime_start.WINDOWS == 64
    assert starts["first-69"] == "start-69"
    assert "first-5" not in starts
    assert remembered(starts, None, "x") == remembered(starts, "x", None) == starts
    assert remembered({"a": "1"}, "a", "2") == {"a": "2"}


def test_what_an_earlier_reading_left_is_forgotten_with_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window is read again without a bad file; the first reading passed over most rows."""
    monkeypatch.setattr(regime_start, "HELD", 64)
    times = RecordTimes(SCHEMA)
    assert len(list(times.watching(iter([batch([-1e6] * 1_000)])))) == 1
    assert times._step > 1
    few = [float(minute) for minute in range(40)]
    assert len(list(times.watching(iter([batch(few)])))) == 1
    assert len(times._times) == 40
    assert parse_time(times.start or "") == NOW + timedelta(minutes=2)


def test_before_any_batch_there_is_no_start() -> None:
    assert RecordTimes(SCHEMA).start is None
    assert start_of() is None
