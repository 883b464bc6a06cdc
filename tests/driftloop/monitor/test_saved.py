"""A monitor's file: the same monitor again, and one line for every other file."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop import Baseline, Column, InputError, Monitor, Policy, Schema
from tests.driftloop.populations import SCHEMA, draw, fresh

EARLIER = Path(__file__).parent / "monitor-version-1.json"


def watched() -> Monitor:
    frame = draw(120, np.random.default_rng([9, 1])).assign(price=1.5)
    monitor = Monitor(frame, budget=104, policy=Policy(alpha=0.01), ignore=["price"])
    for seed in range(4):
        monitor.update(fresh(30, seed), at="2026-11-02T06:00:00Z")
    monitor.update(fresh(30, 5).assign(pressure=np.nan), at="2026-11-03T06:00:00Z")
    monitor.update(fresh(7, 6), at="2026-11-04T06:00:00Z")
    return monitor


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "monitor.json"
    watched().save(path)
    return path


def test_a_loaded_monitor_is_the_same_and_goes_on_as_the_first_would(saved: Path) -> None:
    first, loaded = watched(), Monitor.load(saved)
    assert repr(loaded) == repr(first)
    assert (loaded.policy, loaded.ignore, loaded.history) == (first.policy, first.ignore, first.history)
    assert (loaded.evidence, loaded.baseline, loaded.waiting) == (first.evidence, first.baseline, 7)
    for seed in range(10, 14):
        assert loaded.update(fresh(30, seed), at="2026-11-05") == first.update(fresh(30, seed), at="2026-11-05")
    assert loaded.evidence == first.evidence
    fresh_reference = draw(200, np.random.default_rng(4)).assign(price=2.5)
    assert loaded.reset(fresh_reference).baseline == first.reset(fresh_reference).baseline


def test_the_same_monitor_gives_the_same_file_over_an_old_one(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "monitor.json"
    path.write_text("older")
    Monitor.load(str(saved)).save(str(path))
    assert path.read_bytes() == saved.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["monitor.json"], "nothing is left beside it"


def test_a_schema_that_was_written_is_kept(tmp_path: Path) -> None:
    schema = Schema([Column("bmi", unit="kg/m2", range=(5, 90)), Column("sex", "categorical")])
    Monitor(fresh(50), schema=schema).save(tmp_path / "monitor.json")
    assert Monitor.load(tmp_path / "monitor.json").schema == schema


def test_saving_settles_the_columns_so_that_it_changes_no_later_answer(tmp_path: Path) -> None:
    monitor = Monitor(draw(300, np.random.default_rng(2)))
    monitor.save(tmp_path / "monitor.json")
    loaded = Monitor.load(tmp_path / "monitor.json")
    window = fresh(60).drop(columns="glucose")
    assert monitor.update(window, at="2026-11-02") == loaded.update(window, at="2026-11-02")
    assert monitor.history[-1].verdict == "incident"


def test_a_file_of_this_version_is_read_by_all_later_ones() -> None:
    loaded = Monitor.load(EARLIER)
    assert [row.verdict for row in loaded.history] == ["stable"] * 4 + ["incident", "insufficient"]
    assert (loaded.budget, loaded.waiting, loaded.baseline.rows, loaded.evidence.checks) == (104, 7, 120, 4)
    assert loaded.update(fresh(30, 8), at="2026-11-05").rows == 37


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        Monitor.load(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


@settings(max_examples=150)
@given(data=st.data())
def test_a_file_with_any_byte_changed_or_cut_off_is_refused(
    saved: Path, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    content = saved.read_bytes()
    place = data.draw(st.integers(0, len(content) - 2))  # the last byte is the end of the line
    bit = data.draw(st.integers(0, 8))
    wrong = (
        content[:place] if bit == 8 else content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]
    )
    path = tmp_path_factory.mktemp("damaged") / "monitor.json"
    path.write_bytes(wrong)
    refused(path)


def rewritten(saved: Path, path: Path, **changes: Any) -> Path:
    """The file with another content and its right hash: what a person or another program wrote."""
    whole = json.loads(saved.read_bytes())
    state = msgspec.json.encode(whole["state"] | changes)
    whole |= {"state": msgspec.Raw(state), "sha256": sha256(state).hexdigest()}
    path.write_bytes(msgspec.json.encode(whole))
    return path


def test_rewriting_by_itself_changes_nothing(saved: Path, tmp_path: Path) -> None:
    assert repr(Monitor.load(rewritten(saved, tmp_path / "m.json"))) == repr(Monitor.load(saved))


def other_windows() -> list[Any]:
    from base64 import b64encode

    from driftloop import Window

    return [b64encode(Window(fresh(9)[["bmi"]], Schema([Column("bmi")])).to_bytes()).decode()]


def other_baseline(rows: int) -> str:
    from base64 import b64encode

    return b64encode(Baseline(fresh(50)[:rows], SCHEMA).to_bytes()).decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy": {"budget": 0}}, "budget must be at least 1"),
        ({"policy": {"alhpa": 1}}, "alhpa"),
        ({"baseline": "bm90aGluZw=="}, "do not belong together"),
        ({"baseline": "***"}, "not the content"),
        ({"baseline": other_baseline(0)}, "do not belong together"),
        ({"waiting": other_windows()}, "do not belong together"),
        ({"waiting": ["bm90aGluZw=="]}, "do not belong together"),
        ({"history": [{"at": 3}]}, "not the content"),
        ({"evidence": 5}, "not the content"),
        ({"more": 5}, "more"),
    ],
)
def test_a_content_that_makes_no_sense_is_refused(
    saved: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    assert said in refused(rewritten(saved, tmp_path / "m.json", **changes))


@pytest.mark.parametrize("sums", ["bm90aGluZw==", "eJxjYGBgAAAABAAB", "eJwDAAAAAAE="])
def test_evidence_that_is_not_the_baselines_is_refused(saved: Path, tmp_path: Path, sums: str) -> None:
    evidence = json.loads(saved.read_bytes())["state"]["evidence"]
    evidence["blocks"][0]["sums"] = sums
    assert "do not belong together" in refused(rewritten(saved, tmp_path / "m.json", evidence=evidence))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a saved monitor, or damaged"),
        (b"\x80\x04\x95", "not a saved monitor, or damaged"),
        (b"[]", "not a saved monitor, or damaged"),
        (b'{"format": "other", "version": 1}', "not a saved monitor: name a file"),
        (b'{"format": "driftloop monitor", "version": 2}', "version 2 is newer"),
        (b'{"format": "driftloop monitor", "version": 1}', "damaged"),
        (b"[" * 100_000, "not a saved monitor, or damaged"),
    ],
)
def test_another_file_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "monitor.json"
    path.write_bytes(content)
    assert said in refused(path)


def test_no_file_or_a_folder_is_one_line(tmp_path: Path) -> None:
    refused(tmp_path / "none.json")
    refused(tmp_path)
    for wrong in (None, 5, ""):
        with pytest.raises(InputError, match="pass the path of a file"):
            Monitor.load(wrong)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name != "posix", reason="a folder's permissions are POSIX's")
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match="cannot be written"):
        watched().save(tmp_path / "file" / "monitor.json")
