"""`driftloop.Monitor`: evidence over windows, by the rules of the timer and of `driftloop replay`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import driftloop
from driftloop import Baseline, Column, ConfigError, InputError, Monitor, Policy, Schema, SchemaError, Window
from driftloop.data.readers import read_batches
from driftloop.replay import baseline_for, replay
from driftloop.sides.settings import ColumnSettings
from driftloop.times import parse_time
from tests.driftloop.populations import SCHEMA, draw, fresh

DAY = "2026-11-{:02}".format


def reference(seed: int = 5, shift: float = 0.0) -> pd.DataFrame:
    """350 records with a label."""
    rng = np.random.default_rng([5, seed])
    frame = draw(350, rng)
    return frame.assign(bmi=(frame["bmi"] + shift).round(1), price=rng.normal(size=350).round(3))


def shifted(rows: int, seed: int, by: float = 2.5) -> pd.DataFrame:
    frame = fresh(rows, seed)
    return frame.assign(bmi=(frame["bmi"] + by).round(1))


def weeks() -> list[pd.DataFrame]:
    """Ordinary windows, small ones that wait, a broken one while one waits, one twice, and a shift."""
    return [
        fresh(50, 1),
        fresh(6, 2),
        fresh(7, 3),
        fresh(50, 4),
        fresh(10, 5),
        fresh(40, 6).assign(pressure=np.nan),
        fresh(50, 7),
        fresh(50, 7),
        *(shifted(50, seed) for seed in range(8, 13)),
    ]


def seen(monitor: Monitor) -> list[tuple[Any, ...]]:
    return [(r.verdict, r.rows, r.p, r.strongest, r.windows, r.since) for r in monitor.history]


@pytest.mark.parametrize("kept_in_a_file", [False, True], ids=["in memory", "saved and loaded after each window"])
def test_it_gives_the_evidence_of_a_replay_to_the_bit(tmp_path: Path, *, kept_in_a_file: bool) -> None:
    files = [tmp_path / f"week{number:02}.parquet" for number in range(len(weeks()))]
    for path, frame in zip(files, weeks(), strict=True):
        frame.to_parquet(path, index=False)
    reference().to_parquet(tmp_path / "reference.parquet", index=False)
    baseline = baseline_for(tmp_path / "reference.parquet", files, ColumnSettings()).baseline
    lines = list(replay(baseline, files, Policy(budget=104)))

    monitor = Monitor(reference(), budget=104)
    for frame in weeks():
        monitor.update(frame)
        if kept_in_a_file:
            monitor.save(tmp_path / "monitor.json")
            monitor = Monitor.load(tmp_path / "monitor.json")

    assert monitor.baseline.sha256 == baseline.sha256
    assert seen(monitor) == [(e.verdict, e.rows, e.p, e.feature, e.stretch, e.since) for e in lines]
    assert {row.verdict for row in monitor.history} == {"stable", "insufficient", "incident", "drift"}
    assert len({row.p for row in monitor.history}) > 5, "there is something to compare"


def test_a_label_that_only_the_reference_has_is_taken_for_the_target_as_in_a_check() -> None:
    monitor, window = Monitor(reference()), fresh(60, 1)
    result = monitor.update(window)
    alone = driftloop.check(reference(), window, evidence=driftloop.Evidence())
    assert result == alone
    assert any("price: only the reference has it" in note for note in result.notes)
    later = monitor.update(fresh(60, 2))
    assert ("price", "target") in later.columns_not_compared
    assert not any("price" in note for note in later.notes), "said once"
    assert monitor.update(fresh(60, 3).drop(columns="glucose")).verdict.value == "incident", "the columns are settled"


def test_an_empty_first_window_settles_nothing() -> None:
    monitor = Monitor(reference())
    assert monitor.update(fresh(60, 1)[:0]).verdict.value == "insufficient"
    assert monitor.waiting == 0
    assert monitor.update(fresh(60, 1)).verdict.value == "stable"


STREAMS: dict[str, Callable[[Path], Any]] = {
    "reader": lambda _: pa.Table.from_pandas(reference(), preserve_index=False).to_reader(),
    "generator": lambda _: iter(pa.Table.from_pandas(reference(), preserve_index=False).to_batches(max_chunksize=40)),
    "batches of a file": lambda folder: read_batches(folder / "reference.parquet"),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_reference_that_can_be_read_once_survives_a_first_window_that_cannot_be_read(
    tmp_path: Path, kind: str
) -> None:
    reference().to_parquet(tmp_path / "reference.parquet", index=False)
    monitor = Monitor(STREAMS[kind](tmp_path))
    with pytest.raises(InputError):
        monitor.update(tmp_path / "missing.csv")
    with pytest.raises(InputError):
        monitor.update(pd.DataFrame({"other": [1.0] * 50}))
    monitor.update(fresh(60, 1))
    assert monitor.baseline == driftloop.check(reference(), fresh(60, 1)).baseline


def test_a_reference_that_its_owner_changes_afterwards_stays_what_it_was() -> None:
    frame = reference()
    monitor = Monitor(frame)
    frame["bmi"] += 50
    del frame["sex"]
    assert monitor.update(fresh(60, 1)).verdict.value == "stable"


@pytest.mark.parametrize("given", [None, 3, {"bmi": [1.0]}, "missing.csv", [1, 2], pd.DataFrame({"other": [1.0] * 9})])
def test_what_is_no_window_leaves_the_monitor_as_it_was(given: Any) -> None:
    monitor = Monitor(reference())
    monitor.update(fresh(60, 1), at=DAY(1))
    before = (monitor.evidence, list(monitor.history), monitor.waiting, repr(monitor))
    with pytest.raises(InputError) as caught:
        monitor.update(given)
    assert "\n" not in str(caught.value)
    assert (monitor.evidence, list(monitor.history), monitor.waiting, repr(monitor)) == before


def test_a_window_of_another_schema_is_refused_and_leaves_the_monitor_as_it_was() -> None:
    monitor = Monitor(Baseline(fresh(300, 1), SCHEMA))
    with pytest.raises(SchemaError):
        monitor.update(Window(fresh(60, 2)[["bmi"]], Schema([Column("bmi")])))
    assert len(monitor.history) == 0


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"reference": None}, InputError, "None was given: pass a pandas"),
        ({"reference": 3}, InputError, "an int was given"),
        ({"reference": "missing.parquet"}, InputError, "missing.parquet"),
        ({"reference": fresh(9)[:0]}, InputError, "no rows"),
        ({"budget": 0}, ConfigError, "pass a whole number"),
        ({"budget": 1.5}, ConfigError, "pass a whole number"),
        ({"budget": True}, ConfigError, "pass a whole number"),
        ({"budget": "520"}, ConfigError, "pass a whole number"),
        ({"budget": 100, "policy": Policy(budget=200)}, ConfigError, "say it in one place"),
        ({"policy": {"alpha": 0.1}}, InputError, "pass a driftloop.Policy"),
        ({"schema": "schema.toml"}, InputError, "pass a driftloop.Schema"),
        ({"target": "prize"}, SchemaError, "prize"),
        ({"reference": Baseline(fresh(50), SCHEMA), "target": "bmi"}, InputError, "brings its own schema"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_line(wrong: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        Monitor(**({"reference": reference()} | wrong))
    assert "\n" not in str(caught.value)


def test_settings_are_attributes_of_the_same_names() -> None:
    monitor = Monitor(reference(), budget=52, schema=None, target="price", ignore="sex", policy=Policy(alpha=0.01))
    assert (monitor.budget, monitor.schema, monitor.target, monitor.id, monitor.time, monitor.ignore) == (
        52, None, "price", None, None, ("sex",),
    )  # fmt: skip
    assert monitor.policy == Policy(alpha=0.01, budget=52)
    assert Monitor(reference()).budget == 520
    assert Monitor(reference(), policy=Policy(budget=77)).budget == 77


def test_after_a_drift_the_verdict_stays_until_a_reset_with_what_the_new_model_learned() -> None:
    monitor = Monitor(reference(), target="price")
    verdicts = [monitor.update(shifted(60, seed), at=DAY(seed)).verdict.value for seed in range(1, 6)]
    assert verdicts[-2:] == ["drift", "drift"]
    assert monitor.alarm
    assert [row.moved[0] for row in monitor.history[-2:]] == ["bmi", "bmi"], "also where this window alone shows others"
    assert monitor.reset(reference(6, shift=2.5)) is monitor
    assert not monitor.alarm
    later = [monitor.update(shifted(60, seed)).verdict.value for seed in range(6, 9)]
    assert later == ["stable"] * 3
    assert [row.epoch for row in monitor.history] == [0] * 5 + [1] * 3
    assert monitor.target == "price", "the new reference was read as the first one"


def test_a_reset_without_a_reference_begins_anew_with_the_old_one() -> None:
    monitor = Monitor(reference())
    for seed in range(1, 5):
        monitor.update(shifted(60, seed))
    baseline = monitor.baseline
    monitor.reset()
    assert (monitor.baseline, monitor.evidence.checks, monitor.alarm) == (baseline, 0, False)


def test_windows_that_the_new_model_has_learned_are_no_evidence() -> None:
    def dated(frame: pd.DataFrame, day: int) -> pd.DataFrame:
        return frame.assign(when=pd.date_range(DAY(day), periods=len(frame), freq="min", tz="UTC"))

    monitor = Monitor(dated(reference(), 1), target="price", time="when")
    monitor.reset(after=DAY(10))
    monitor.update(dated(shifted(60, 1), 5), at=DAY(11))
    assert monitor.evidence.checks == 0
    monitor.update(dated(shifted(60, 2), 11), at=DAY(12))
    assert monitor.evidence.checks == 1


def test_records_from_after_the_check_are_an_incident() -> None:
    frame = fresh(60, 1).assign(when=pd.date_range(DAY(20), periods=60, freq="min", tz="UTC"))
    before = reference().assign(when=pd.date_range(DAY(1), periods=350, freq="min", tz="UTC"))
    monitor = Monitor(before, target="price", time="when")
    assert monitor.update(frame, at=DAY(10)).verdict.value == "incident"
    assert monitor.update(frame, at=DAY(21)).verdict.value == "stable"


def test_an_accepted_regime_raises_no_further_alarm_but_a_change_from_it_does() -> None:
    monitor = Monitor(reference())
    for seed in range(1, 7):
        monitor.update(shifted(100, seed))
    assert monitor.alarm
    assert monitor.accept() is monitor
    assert [monitor.update(shifted(100, seed)).verdict.value for seed in range(7, 11)] == ["stable"] * 4
    for seed in range(11, 15):
        monitor.update(shifted(100, seed, by=9.0))
    assert monitor.alarm


def test_what_waits_survives_a_reset_unless_it_was_read_with_other_columns() -> None:
    monitor = Monitor(reference(), target="price")
    monitor.update(fresh(9, 1))
    monitor.reset(reference(6))
    assert monitor.waiting == 9
    monitor.reset(reference(7).drop(columns="glucose"))
    assert monitor.waiting == 0
    result = monitor.update(fresh(60, 2).drop(columns="glucose"))
    assert "9 waiting records were read with other columns" in result.notes[0]
    assert monitor.update(fresh(60, 3).drop(columns="glucose")).notes == ()


def test_a_target_that_a_window_has_shown_is_known_to_the_next_reference() -> None:
    monitor = Monitor(reference())
    monitor.update(fresh(60, 1))
    monitor.update(fresh(9, 2))
    monitor.reset(reference(6))
    assert monitor.waiting == 9
    assert [column.name for column in monitor.baseline.schema.features] == ["bmi", "pressure", "glucose", "sex"]
    result = monitor.update(fresh(60, 3).drop(columns="glucose"))
    assert (result.rows, result.verdict.value) == (69, "incident"), "glucose is lost, and no target"
    monitor.reset(reference(7).drop(columns="price"))
    assert monitor.update(fresh(60, 4)).verdict.value == "stable", "a reference without the target is one, too"
    assert monitor.target is None, "the caller has named none"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2026-11-02", "2026-11-02T00:00:00Z"),
        ("2026-11-02T07:00:00+01:00", "2026-11-02T06:00:00Z"),
        (datetime(2026, 11, 2, 7), "2026-11-02T07:00:00Z"),  # noqa: DTZ001
        (datetime(2026, 11, 2, 7, tzinfo=timezone(timedelta(hours=1))), "2026-11-02T06:00:00Z"),
        (date(2026, 11, 2), "2026-11-02T00:00:00Z"),
        (pd.Timestamp("2026-11-02 07:00", tz="UTC"), "2026-11-02T07:00:00Z"),
    ],
)
def test_the_moment_of_a_check_is_taken_in_every_form(at: Any, written: str) -> None:
    monitor = Monitor(reference())
    monitor.update(fresh(60, 1), at=at)
    assert monitor.history[-1].at == written


@pytest.mark.parametrize(
    "at", [5, "yesterday", ["2026-11-02"], np.datetime64("2026-11-02"), pd.NaT, "0001-01-01T00:00+05:00"]
)
def test_another_moment_is_one_line(at: Any) -> None:
    monitor = Monitor(reference())
    with pytest.raises(InputError, match=r"at: an? [\w.]+ was given|is not a time in ISO 8601"):
        monitor.update(fresh(60, 1), at=at)
    assert len(monitor.history) == 0


def test_without_a_moment_it_is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    monitor = Monitor(reference())
    monitor.update(fresh(60, 1))
    assert before <= parse_time(monitor.history[-1].at) <= datetime.now(UTC)
