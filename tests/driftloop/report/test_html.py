"""The report: one page, a picture of each column, nothing from the data unescaped."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from driftloop import Baseline, Column, Schema, Window, check
from driftloop.report.html import render
from tests.driftloop.populations import SCHEMA, draw, fresh

EVIL = '<script>alert("x")</script>'


def page(reference, window, schema):
    baseline, current = Baseline.build(reference, schema), Window.build(window, schema)
    return render(check(baseline, current), baseline, current)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "line", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def elements(text):
    parser = Elements()
    parser.feed(text)
    assert parser.open == []
    return parser.seen


def test_it_shows_verdict_reasons_and_a_picture_of_each_column():
    window = fresh(100)
    text = page(draw(350, np.random.default_rng(1)), window.assign(bmi=window["bmi"] + 4), SCHEMA)
    found = elements(text)
    pictures = [attributes for tag, attributes in found if tag == "svg"]
    assert len(pictures) == 4
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)
    assert '<h1 class="drift">drift</h1>' in text
    assert re.search(r"bmi: mean \+\d\.\d+ kg/m2", text)
    assert text.index("<h2>bmi</h2>") < text.index("<h2>pressure</h2>")
    assert dict(found)["html"]["lang"] == "en"
    assert "prefers-color-scheme: dark" in text


def test_nothing_from_the_data_reaches_the_page_unescaped():
    schema = Schema((Column(EVIL, "categorical", unit=EVIL), Column("x", unit='"><img src=x>')))
    frame = pd.DataFrame({EVIL: [EVIL, "a"] * 30, "x": np.arange(60.0)})
    text = page(frame, frame.assign(x=frame["x"] + 100), schema)
    tags = {tag for tag, _ in elements(text)}
    assert not tags & {"script", "img", "a", "link", "iframe"}
    assert "&lt;script&gt;" in text
    assert all(not name.startswith("on") for _, attributes in elements(text) for name in attributes)


@pytest.mark.parametrize(
    "values",
    [[np.nan] * 40, [np.inf] * 40, [7.0] * 40, [1e300, -1e300] * 20, [0.0] * 39 + [np.nan]],
    ids=["missing", "infinite", "constant", "huge", "one missing"],
)
def test_any_column_can_be_drawn(values):
    schema = Schema((Column("x"), Column("t", "datetime"), Column("g", "categorical")))
    times = pd.date_range("2026-01-01", periods=40, freq="D")
    frame = pd.DataFrame({"x": values, "t": times, "g": [f"category number {n}" for n in range(40)]})
    text = page(frame, frame.assign(t=None, x=np.arange(40.0)), schema)
    assert "nan" not in re.sub(r"<title>.*?</title>|aria-label=\"[^\"]*\"", "", text.lower()).replace("finance", "")
    assert len([tag for tag, _ in elements(text) if tag == "svg"]) == 3
