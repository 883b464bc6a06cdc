"""A check in a terminal: 80 columns, the important first, the evidence against its line."""

import re

import numpy as np
import pytest

from driftloop import Evidence
from driftloop.report.terminal import bar, table
from driftloop.report.words.cells import line_width, width_of
from tests.driftloop.report.pages import WHOLE, broken, hostile, moved, records, result_of, wide

COLOUR = re.compile(r"\x1b\[\d+m")


def plain(result, width=80, language="en"):
    return COLOUR.sub("", table(result, width=width, language=language))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_line_fits(width, language):
    for window in (moved(), broken(), records(60, 5), records(5, 1)):
        text = plain(result_of(records(350, 1), window, WHOLE, Evidence()), width, language)
        assert [line for line in text.splitlines() if width_of(line) > width] == []


def test_moved_columns_come_first_and_the_evidence_stands_against_its_line():
    text = plain(result_of(records(350, 1), moved(), WHOLE, Evidence()))
    first, second, third = text.splitlines()[:3]
    assert first == "drift: the population has moved: a retrain is due"
    assert second == "60 records against 350"
    assert third.startswith("[####################|####] seen without drift in under 1 in 1,000,000 checks;")
    rows = text[text.index("column") :]
    assert rows.index("bmi") < rows.index("glucose") < rows.index("ward")
    assert "not compared: when (time)" in text


def test_an_incident_gives_no_chance():
    text = plain(result_of(records(350, 1), broken(), WHOLE, Evidence()))
    assert text.startswith("incident: the feed is broken")
    assert "seen without drift" not in text


def test_many_columns_are_cut_where_nothing_has_moved():
    text = plain(result_of(wide(200, 100, 1), wide(200, 60, 2)))
    assert "and 160 more columns within chance" in text
    assert len(text.splitlines()) < 150


def test_no_name_steers_the_terminal():
    reference, window, schema = hostile()
    text = plain(result_of(reference, window, schema))
    assert not set(text) & {"\u202e", "\x1b", "\r"}


@pytest.mark.parametrize(("p", "cells"), [(1.0, 0), (0.0501, 19), (0.05, 20), (1e-12, 24)])
def test_a_bar_passes_its_line_only_with_the_alarm(p, cells):
    shown = bar(p, 0.05)
    assert shown.count("#") == cells
    assert len(shown) == 27
    assert ("#|" in shown) is (p <= 0.05)


def test_the_width_is_the_terminal_s(monkeypatch):
    monkeypatch.setenv("COLUMNS", "123")
    assert line_width() == 123
    monkeypatch.setenv("COLUMNS", "7")
    assert line_width() == 40


def test_a_repr_says_the_same_number():
    result = result_of(records(350, 1), records(60, 7), WHOLE)
    assert repr(result).startswith("<Check stable: 60 rows against 350, seen without drift in most checks\n")
    assert np.isfinite(result.chance)
