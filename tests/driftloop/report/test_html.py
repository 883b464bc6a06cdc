"""The report: one page that needs nothing else, what matters first, nothing from the data unescaped."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from driftloop import Column, Evidence, Policy, Schema
from driftloop.errors import ConfigError
from driftloop.report.context import PastCheck, ReportContext, Started
from driftloop.report.html import with_started
from driftloop.report.words.links import is_link
from tests.driftloop.populations import SCHEMA, draw, fresh
from tests.driftloop.report.pages import (
    CONTEXT,
    EVIL,
    WHOLE,
    broken,
    elements,
    hostile,
    moved,
    page_of,
    records,
    result_of,
    wide,
)

MEGABYTE = 1_000_000


def test_it_shows_verdict_reasons_and_a_picture_of_each_column():
    window = fresh(100)
    text = page_of(result_of(draw(350, np.random.default_rng(1)), window.assign(bmi=window["bmi"] + 4), SCHEMA))
    found = elements(text)
    charts = [attributes for tag, attributes in found if tag == "svg" and attributes.get("class") == "chart"]
    assert len(charts) == 4 + 1, "each column, and the bar of the evidence"
    assert all(chart["role"] == "img" for chart in charts)
    assert text.count("<desc>") == 5
    assert "The population has moved. A retrain is due." in text
    assert re.search(r"bmi: mean \+\d\.\d+ kg/m2", text)
    assert text.index("<h3><bdi>bmi</bdi></h3>") < text.index('<span class="name"><bdi>pressure</bdi>')
    assert dict(found)["html"]["lang"] == "en"
    assert "prefers-color-scheme: dark" in text
    assert "baseline, n = 350" in text
    assert "window, n = 100" in text


def test_what_the_caller_knows_is_shown():
    text = page_of(result_of(records(350, 1), moved(), WHOLE, Evidence()), CONTEXT)
    for said in (
        "diabetes-progression",
        "version 3",
        "training-data/historic.parquet",
        "2026-10-09 06:00",
        "chk-08697f28f5df",
        "6 checks, 1 with an alarm. The alarm line is at 1 in 690 checks.",
        'href="https://github.com/proseware/driftloop/actions/runs/17"',
        "57.8 mg/dl",
        "Predictions",
        "</bdi> × <bdi>",
    ):
        assert said in text
    assert "One value of the window lies beyond the picture: 410 kg/m2." in text


def test_one_event_has_one_number():
    result = result_of(records(350, 1), moved(), WHOLE, Evidence())
    text = page_of(result, CONTEXT)
    assert result.evidence is not None
    assert result.chance == result.evidence.p
    assert result.alarm == Policy().evidence_level
    rarities = set(re.findall(r"1 in [\d,]+ checks", text.partition('id="error"')[0]))
    assert rarities == {"1 in 1,000,000 checks", "1 in 690 checks"}
    assert "1e-" not in text


def test_a_stable_day_does_not_read_like_an_alarm():
    text = page_of(result_of(records(350, 1), records(60, 7), WHOLE))
    assert "Nothing has moved beyond chance" in text
    assert '<p class="rarity">most checks</p>' in text
    assert "how sure" not in text


@pytest.mark.parametrize(("window", "verdict"), [(broken(), "incident"), (records(5, 1), "insufficient")])
def test_no_chance_is_given_where_none_was_computed(window, verdict):
    text = page_of(result_of(records(350, 1), window, WHOLE, Evidence()), CONTEXT)
    assert f'<body class="{verdict}">' in text
    assert "No chance is given" in text
    assert '<p class="rarity">' not in text


def test_headings_stand_in_their_order():
    for window in (moved(), broken(), records(5, 1), records(60, 5)):
        found = elements(page_of(result_of(records(350, 1), window, WHOLE, Evidence()), CONTEXT))
        levels = [int(tag[1]) for tag, _ in found if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_stand_once_and_labels_point_to_them():
    found = elements(page_of(result_of(records(350, 1), moved(), WHOLE, Evidence()), CONTEXT))
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in found if "aria-labelledby" in a} <= set(ids)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_from_the_data_reaches_the_page_unescaped(language):
    reference, window, schema = hostile()
    context = ReportContext(
        title=EVIL,
        model_version=EVIL,
        window_name="a\u202eb<i>.csv",
        check_id=EVIL,
        history=(PastCheck(EVIL, "stable", 0.5), PastCheck("</svg>", "drift", 0.001)),
        started=(Started(EVIL, EVIL, "javascript:alert(1)"), Started("run", "x", 'https://x.example/"onclick=1')),
    )
    text = page_of(result_of(reference, window, schema), context, language)
    found = elements(text)
    tags = {tag for tag, _ in found}
    assert not tags & {"script", "img", "link", "iframe", "object", "form", "i"}
    assert [attributes["href"] for tag, attributes in found if tag == "a"] == ["#columns"]
    assert "&lt;script&gt;" in text
    assert all(not name.startswith("on") for _, attributes in found for name in attributes)
    assert not set(text) & {"\u202e", "\x1b", "\x00"}


@pytest.mark.parametrize(
    ("url", "led"),
    [
        ("https://github.com/a/b/actions/runs/1?x=1#y", True),
        ("http://127.0.0.1:8000/", True),
        ("javascript:alert(1)", False),
        ("https://a.example/\nb", False),
        ("https://a.example/'b", False),
        ("data:text/html,x", False),
        ("//a.example", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url, led):
    assert is_link(url) is led


def test_a_page_makes_no_request():
    text = page_of(result_of(records(350, 1), moved(), WHOLE, Evidence()), CONTEXT)
    assert not re.search(r"url\(|@import|src=", text)
    addresses = re.findall(r"https?://[^\s\"<]+", text)
    assert set(addresses) == {"https://github.com/proseware/driftloop/actions/runs/17"}, (
        "a link, which a person follows"
    )


@pytest.mark.parametrize(
    "values",
    [
        [np.nan] * 40,
        [np.inf] * 40,
        [7.0] * 40,
        [1e300, -1e300] * 20,
        [0.0] * 39 + [np.nan],
        [5e-324, 1e-300] * 20,
        [1e9 + number * 1e-6 for number in range(40)],
    ],
    ids=["missing", "infinite", "constant", "huge", "one missing", "tiny", "far from zero"],
)
def test_any_column_can_be_drawn(values):
    schema = Schema((Column("x"), Column("t", "datetime"), Column("g", "categorical")))
    times = pd.date_range("2026-01-01", periods=40, freq="D")
    frame = pd.DataFrame({"x": values, "t": times, "g": [f"category number {n}" for n in range(40)]})
    for reference, window in ((frame, frame.assign(t=None, x=np.arange(40.0))), (frame.assign(x=range(40)), frame)):
        text = page_of(result_of(reference, window, schema))
        assert not re.search(r"\b(nan|inf|None)\b", text)
        assert len([tag for tag, a in elements(text) if tag == "svg" and a.get("class") == "chart"]) >= 3


@pytest.mark.parametrize("columns", [1, 50, 500])
def test_a_page_stays_small_however_many_columns_there_are(columns):
    text = page_of(result_of(wide(columns, 400, 1), wide(columns, 200, 2, 0.4)), CONTEXT)
    elements(text)
    assert len(text.encode()) < MEGABYTE
    assert text.count("feature ") >= columns
    assert ("Only the 100 columns that matter most have a picture." in text) is (columns == 500)


def test_an_empty_window_gives_a_page():
    text = page_of(result_of(records(350, 1), records(60, 1).head(0), WHOLE))
    assert "There are too few records to say anything." in text
    elements(text)


def test_a_million_rows_give_a_page_that_is_as_small(rng):
    reference = pd.DataFrame({"x": rng.normal(size=1_000_000), "g": rng.integers(0, 3000, 1_000_000).astype(str)})
    window = pd.DataFrame({"x": rng.normal(0.02, 1, 1_000_000), "g": rng.integers(0, 3000, 1_000_000).astype(str)})
    text = page_of(result_of(reference, window, Schema((Column("x"), Column("g", "categorical")))))
    assert len(text) < 100_000
    assert "n = 1,000,000" in text
    assert "Normal limit of the permutation distribution" in text


def test_what_was_started_since_is_put_into_a_page_that_is_there():
    page = page_of(result_of(records(350, 1), moved(), WHOLE))
    assert "What was started" not in page
    later = with_started(page, ReportContext(started=(Started("run", r"train \1 17", "https://a.example/17"),)))
    assert r'<a href="https://a.example/17" rel="noreferrer noopener">train \1 17</a>' in later
    assert with_started(later, ReportContext()) == page
    with pytest.raises(ValueError, match="no place"):
        with_started("<html></html>", CONTEXT)


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="choose en or ja"):
        page_of(result_of(records(350, 1), records(60, 5), WHOLE), None, "jp")


CONTRASTS = [
    ("ink", "page"), ("ink", "card"), ("soft", "page"), ("soft", "card"),
    ("accent", "page"), ("accent", "card"), ("accent", "tint"),
]  # fmt: skip


def palettes(text):
    """The colours by name, for light and dark, for each verdict."""
    style = text.partition("<style>")[2].partition("@media (max-width")[0]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    found = {}
    shared = {}
    for scheme, part in (("light", light), ("dark", dark)):
        root = re.search(r":root \{(.*?)\}", part, re.DOTALL)[1]
        shared = {**shared, **dict(re.findall(r"--([\w-]+):(#\w+)", root))}
        found[scheme, "stable"] = shared
        for verdict in ("drift", "incident", "insufficient"):
            own = re.search(rf"\.{verdict} \{{(.*?)\}}", part)[1]
            found[scheme, verdict] = {**shared, **dict(re.findall(r"--([\w-]+):(#\w+)", own))}
    return found


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_its_ground_in_light_and_dark():
    for palette in palettes(page_of(result_of(records(350, 1), records(60, 5), WHOLE))).values():
        for text, ground in CONTRASTS:
            light, dark = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground, palette)
