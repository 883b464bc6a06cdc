"""Reports of many kinds, for tests that read them and tests that look at them in a browser."""

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from driftloop import Baseline, Check, Column, Evidence, Schema, Window, check
from driftloop.impact.impact import Impact
from driftloop.report.context import ModelError, PastCheck, ReportContext, Started
from driftloop.report.html import render
from tests.driftloop.populations import draw

EVIL = '<script>alert("x")</script>'
EVIL_NAMES = (
    EVIL,
    '"><img src=x onerror=alert(1)>',
    "</svg></style><iframe>",
    "a|b\n# [c](javascript:d) `e`",
    "salary\u202egnp.exe",
)
WHOLE = Schema(
    (
        Column("bmi", unit="kg/m2", importance=0.6),
        Column("pressure", unit="mmHg", importance=0.2),
        Column("glucose", unit="mg/dl", importance=0.2),
        Column("sex", "categorical", importance=0.1),
        Column("ward", "categorical", importance=0.0),
        Column("predicted", role="prediction", unit="mg/dl"),
        Column("when", "datetime", role="timestamp"),
    )
)
CONTEXT = ReportContext(
    model="diabetes-progression",
    model_version="3",
    check_id="chk-08697f28f5df",
    baseline_name="training-data/historic.parquet",
    window_name="incoming/2026-10-09.parquet",
    made_at="2026-10-09T06:00:12Z",
    history=(
        PastCheck("2026-10-01", "stable", 0.5),
        PastCheck("2026-10-02", "stable", 1.0),
        PastCheck("2026-10-03", "incident"),
        PastCheck("2026-10-04", "stable", 0.03),
        PastCheck("2026-10-05", "insufficient"),
        PastCheck("2026-10-06", "drift", 1e-4),
    ),
    started=(
        Started("drift", "drift-4dd3a3aa4950: 150 labels had arrived"),
        Started("run", "train 17: success", "https://github.com/proseware/driftloop/actions/runs/17"),
        Started("deployment", "green, 100 % of the traffic"),
    ),
    error=ModelError(44.1, 0.31, 150, 0.0002, 0.2 / 520, "mg/dl"),
)


def records(rows: int, seed: int, heavier: float = 0.0) -> pd.DataFrame:
    """Records of `WHOLE`, some without a glucose value."""
    rng = np.random.default_rng(seed)
    frame = draw(rows, rng)
    frame["bmi"] = (frame["bmi"] + heavier).round(1)
    frame["predicted"] = (3 * frame["bmi"] + frame["pressure"] + rng.normal(0, 9, rows)).round(1)
    frame["ward"] = rng.choice(list("ABCD"), rows)
    frame["when"] = pd.date_range("2026-10-08", periods=rows, freq="17min")
    frame.loc[rng.random(rows) < 0.04, "glucose"] = np.nan
    return frame


def moved() -> pd.DataFrame:
    """A window that is heavier, in which pressure no longer depends on anything, with one value far out."""
    frame = records(60, 2, 3.2)
    frame["pressure"] = np.random.default_rng(3).permutation(frame["pressure"])
    frame.loc[3, "bmi"] = 410.0
    return frame


def broken() -> pd.DataFrame:
    """A window of another unit, with a blank column."""
    frame = records(60, 7)
    return frame.assign(glucose=frame["glucose"] / 18, pressure=np.nan)


def result_of(reference: Any, window: Any, schema: Schema | None = None, evidence: Evidence | None = None) -> Check:
    """The check of a window."""
    baseline = Baseline.build(reference, schema)
    return check(baseline, Window.build(window, baseline.schema), evidence=evidence)


def page_of(result: Check, context: ReportContext | None = None, language: str = "en") -> str:
    """Its page."""
    assert result.baseline is not None
    assert result.window is not None
    return render(result, result.baseline, result.window, context, language)


def wide(columns: int, rows: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Many columns, every third with 40 categories."""
    rng = np.random.default_rng(seed)
    names = np.array([f"category {number}" for number in range(40)])
    return pd.DataFrame(
        {
            f"feature {index:03}": rng.choice(names, rows) if index % 3 == 0 else rng.normal(index + shift, 1.0, rows)
            for index in range(columns)
        }
    )


def hostile() -> tuple[pd.DataFrame, pd.DataFrame, Schema]:
    """A reference and a window whose names, units and categories are markup."""
    schema = Schema(
        (
            Column(EVIL_NAMES[0], "categorical", unit=EVIL),
            *(Column(name, unit=EVIL_NAMES[2]) for name in EVIL_NAMES[1:]),
        )
    )
    frame = pd.DataFrame({name: np.arange(60.0) ** (1 + index / 4) for index, name in enumerate(EVIL_NAMES)})
    frame[EVIL] = [EVIL, "[a](http://evil.example)|</td>"] * 30
    window = frame.copy()
    window[EVIL_NAMES[1]] += 100
    window[EVIL] = [EVIL] * 55 + ["[a](http://evil.example)|</td>"] * 5
    return frame, window, schema


def with_subgroups(language: str = "ja") -> str:
    """A page with the subgroups behind a change, one of which is named by markup."""
    rng = np.random.default_rng(1)

    def visits(rows: int, share: float) -> pd.DataFrame:
        ward = np.where(rng.random(rows) < share, EVIL * 3, "[a](http://evil.example)|</td>")
        return pd.DataFrame({"ward" * 20: ward, **{f"x{number}": rng.normal(0, 1, rows) for number in range(4)}})

    result = result_of(visits(400, 0.3), visits(400, 0.8))
    return result.to_html(where=result.where(), language=language, context=CONTEXT)


def with_segments(language: str = "en") -> str:
    """A page with segments, some of which are named by markup, and what the change does to the model."""
    rng = np.random.default_rng(1)
    schema = Schema((Column("ward" * 20, "categorical", segment=True), Column("x"), Column("y")))

    def visits(by: float) -> pd.DataFrame:
        ward = rng.choice([EVIL * 3, "A", "B"], 400)
        return pd.DataFrame({"ward" * 20: ward, "x": rng.normal(by * (ward == "A"), 1), "y": rng.normal(0, 1, 400)})

    result = result_of(visits(0.0), visits(1.0), schema)
    impact = Impact(0.3, 0.24, 0.36, (-0.04, 0.44), 0.25, 210.0, 0.01, 500, 400, 0.1, classes=True)
    return result.with_impact(impact).to_html(language=language, context=CONTEXT)


class Elements(HTMLParser):
    """The elements of a page; it must close what it opens."""

    ALONE = frozenset({"meta", "br", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """Tags and attributes in their order."""
    parser = Elements()
    parser.feed(text)
    assert parser.open == []
    return parser.seen
