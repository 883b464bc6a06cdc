"""What a person sees of a monitor: its history as a table, a few lines in a terminal, a picture in a notebook."""

from __future__ import annotations

import builtins
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import polars as pl
import pytest

from driftloop import Column, History, InputError, Monitor, Schema
from driftloop.monitor import history as history_module
from tests.driftloop.populations import draw, fresh


def watched() -> Monitor:
    """Three ordinary windows, an incident, a drift."""
    monitor = Monitor(draw(350, np.random.default_rng([8, 1])))
    for day in range(1, 4):
        monitor.update(fresh(60, day), at=f"2026-11-0{day}")
    monitor.update(fresh(60, 4).assign(pressure=np.nan), at="2026-11-04")
    for day in (5, 6):
        frame = fresh(60, day)
        monitor.update(frame.assign(bmi=(frame["bmi"] + 6).round(1)), at=f"2026-11-0{day}")
    return monitor


def test_the_history_is_a_sequence_of_rows() -> None:
    history = watched().history
    assert [row.verdict for row in history] == ["stable"] * 3 + ["incident"] + ["drift"] * 2
    assert history[3].incidents[0].startswith("pressure: blank")
    assert history[3].p == history[2].p, "an incident is no evidence"
    assert history[-1].moved[0] == "bmi"
    assert [row.at for row in history[:2]] == ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]
    assert history[-1].evidence == 1 - history[-1].p
    assert history.to_dict()[3]["incidents"] == list(history[3].incidents)
    assert history == watched().history
    assert hash(history) == hash(watched().history)


def test_the_history_is_a_data_frame_of_either_library() -> None:
    history = watched().history
    frame = history.to_frame("pandas")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns[:5]) == ["at", "verdict", "evidence", "incidents", "moved"]
    assert frame["moved"].tolist()[-1].startswith("bmi")
    assert isinstance(history.to_frame("polars"), pl.DataFrame)
    assert list(History().to_frame("pandas").columns) == list(frame.columns), "also without rows"
    with pytest.raises(InputError, match="did you mean 'polars'"):
        history.to_frame("polar")


def test_without_a_library_of_data_frames_the_line_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name in ("pandas", "polars"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr("driftloop.report.frames.import_module", absent)
    with pytest.raises(InputError, match=r"needs pandas or polars: install it, or use to_dict\(\)"):
        watched().history.to_frame()


def test_old_checks_are_forgotten_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "KEPT", 4)
    monitor = watched()
    assert (len(monitor.history), monitor.history.forgotten) == (4, 2)
    assert "and 2 earlier" in repr(monitor.history)
    assert "6 checks" in repr(monitor)


def test_a_repr_is_a_few_lines() -> None:
    monitor = watched()
    text = repr(monitor)
    assert text.startswith("<Monitor drift: 6 checks against 350 records, budget 520")
    assert "1 incident, the last at 2026-11-04T00:00:00Z: pressure: blank" in text
    assert "alarm at 1 in 690 checks" in text
    assert len(text.splitlines()) <= 6
    monitor.update(fresh(5, 7))
    assert "5 records wait for the next window" in repr(monitor)
    assert repr(Monitor(fresh(50))).startswith("<Monitor new: 0 checks")
    lines = repr(monitor.history).splitlines()
    assert lines[4].split()[:2] == ["2026-11-04T00:00:00", "incident"]
    assert "pressure: blank" in lines[4]


def chart(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])


def test_a_notebook_shows_evidence_against_the_alarm_line_incidents_and_what_moved() -> None:
    page = watched()._repr_html_()
    drawn = chart(page)
    titles = [title.text or "" for title in drawn.iter("title")]
    assert titles[0] == "Evidence of 6 checks: the last was beyond the alarm line; 1 incident"
    assert sum("incident pressure: blank" in title for title in titles) == 1
    assert sum("drift bmi" in title for title in titles) == 2
    assert any("alarm: 1 in 690 checks" in (text.text or "") for text in drawn.iter("text"))
    assert "pressure: blank" in page[page.index("</svg>") :]
    assert "<script" not in page


def test_the_lines_height_is_the_evidences() -> None:
    """Read back from the picture: the alarm's height over the floor to that of a point on it."""
    monitor = watched()
    drawn = chart(monitor._repr_html_())
    (line,) = list(drawn.iter("polyline"))
    heights = [float(place.split(",")[1]) for place in line.attrib["points"].split()]
    alarm = next(float(each.attrib["y1"]) for each in drawn.iter("line") if each.get("stroke-dasharray") == "6 4")
    assert len(heights) == 6
    assert [height <= alarm for height in heights] == [row.p <= row.alarm_p for row in monitor.history]


def test_a_reset_breaks_the_line() -> None:
    monitor = watched()
    monitor.reset()
    assert repr(monitor).startswith("<Monitor new: 6 checks")
    assert "<strong>new</strong>" in monitor._repr_html_()
    monitor.update(fresh(60, 8))
    drawn = chart(monitor._repr_html_())
    assert [len(each.attrib["points"].split()) for each in drawn.iter("polyline")] == [6, 1]
    assert any(title.text == "evidence began anew" for title in drawn.iter("title"))


def test_an_unused_monitor_and_a_long_one_are_shown_too() -> None:
    monitor = Monitor(draw(350, np.random.default_rng([8, 2])))
    assert "no check yet" in monitor._repr_html_()
    assert "<table>" in monitor.history._repr_html_()
    for seed in range(130):
        monitor.update(fresh(20, seed), at="2026-11-02")
    page = monitor._repr_html_()
    assert "Evidence of 130 checks" in page
    assert len(page) < 60_000
    assert "and 70 others" in monitor.history._repr_html_()


def test_names_from_the_data_are_text_everywhere() -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&"
    schema = Schema([Column(hostile)])
    sizes = np.random.default_rng(3)
    monitor = Monitor(pd.DataFrame({hostile: sizes.normal(size=300)}), schema=schema)
    monitor.update(pd.DataFrame({hostile: sizes.normal(size=60) + 9}))
    monitor.update(pd.DataFrame({hostile: np.full(60, np.nan)}))
    for page in (monitor._repr_html_(), monitor.history._repr_html_()):
        assert "<img" not in page
        assert "&lt;img" in page
    chart(monitor._repr_html_())
