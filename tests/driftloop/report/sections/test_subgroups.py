"""The subgroups behind a change in every presentation: the same of them everywhere, and nothing of theirs is markup."""

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from click import unstyle

from driftloop import Check
from driftloop.cli.main import run
from driftloop.report.sections.subgroups import view_subgroups
from driftloop.report.terminal import subgroup_lines
from driftloop.report.words.cells import width_of
from driftloop.report.words.language import Words
from driftloop.subgroups.found import Subgroup, Subgroups
from tests.driftloop.report.pages import EVIL, EVIL_NAMES, WHOLE, elements, records, result_of

SCHEMA = json.loads((Path(__file__).parents[4] / "docs" / "schemas" / "check.json").read_text())
FOUND = Subgroups(
    (
        Subgroup(
            ("sex = female", "bmi >= 30"),
            (("sex", "=", "female"), ("bmi", ">=", 30.0)),
            "glucose",
            90.0,
            104.25,
            120,
            61,
            0.005,
            "…",
        ),
        Subgroup(("ward = A",), (("ward", "=", "A"),), None, 0.25, 0.4, 90, 1200, 0.001, "…"),
        Subgroup(("pressure is missing",), (("pressure", "is missing", None),), None, 0.3, 0.6, 40, 20, 0.02, "…"),
    ),
    0.4,
    0.05,
)


@pytest.fixture(scope="module")
def result() -> Check:
    return result_of(records(350, 1), records(60, 5), WHOLE)


def test_each_kind_is_told_in_english_and_japanese() -> None:
    view = view_subgroups(FOUND, WHOLE, Words("en"))
    assert view.lines(Words("en")) == [
        "sex = female and bmi ≥ 30: glucose: mean 90 → 104.2 mg/dl (p = 0.005). "
        "120 records in the baseline, 61 in the window",
        "ward = A: 25% → 40% of the records (p = 0.001). 90 records in the baseline, 1,200 in the window",
        "pressure is missing: 30% → 60% of the records (p = 0.020). 40 records in the baseline, 20 in the window",
        "Without these records nothing else has moved (p = 0.40).",
    ]
    japanese = view_subgroups(FOUND, WHOLE, Words("ja")).lines(Words("ja"))
    rule, change = japanese[0].split(": ", 1)
    assert rule == "sex = female かつ bmi ≥ 30"
    assert change == "glucose：平均 90 → 104.2 mg/dl (p = 0.005). 基準データ 120 件、今回のデータ 61 件"
    assert [(each.baseline, each.window) for each in view.found] == [(None, None), (0.25, 0.4), (0.3, 0.6)]


def test_nothing_found_no_rule_and_no_value_are_told() -> None:
    words = Words("en")
    assert view_subgroups(Subgroups((), None, 0.05), WHOLE, words).lines(words) == [
        "No subgroup of records stands out."
    ]
    all_of_them = replace(FOUND.found[0], rule=(), conditions=(), baseline=math.nan)
    (line,) = view_subgroups(Subgroups((all_of_them,), 0.001, 0.05), WHOLE, words).lines(words)
    assert line.startswith("all records: glucose: mean – → 104.2 mg/dl")
    more = view_subgroups(replace(FOUND, rest_p=0.001), WHOLE, words).lines(words)[-1]
    assert more == "Without these records something else has moved, too (p = 0.001)."


@pytest.mark.parametrize("language", ["en", "ja"])
def test_page_markdown_json_and_terminal_tell_the_same(result: Check, language: str) -> None:
    words = Words(language)
    view = view_subgroups(FOUND, WHOLE, words)
    page = result.to_html(where=FOUND, language=language)
    markdown = result.to_markdown(where=FOUND, language=language).replace("\\", "")
    terminal = " ".join(unstyle(subgroup_lines(FOUND, WHOLE, width=80, language=language)).split())
    assert words("subgroups.title") in page
    for each in view.found:
        assert each.change in page
        assert each.records in page
        assert each.change in markdown
        assert "".join(each.change.split()) in "".join(terminal.split())
    document = json.loads(result.to_json(where=FOUND))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["where"]["found"][1]["conditions"] == [["ward", "=", "A"]]
    assert document["schema_version"] == 1, "a new field leaves it as it is"


def test_without_being_asked_for_there_is_no_such_part(result: Check) -> None:
    assert Words("en")("subgroups.title") not in result.to_html(language="en")
    assert Words("en")("subgroups.title") not in result.to_markdown(language="en")
    assert "where" not in json.loads(result.to_json())


def test_lines_in_a_terminal_fit(result: Check) -> None:
    for language in ("en", "ja"):
        lines = unstyle(subgroup_lines(FOUND, WHOLE, width=80, language=language)).split("\n")
        assert max(map(width_of, lines)) <= 80


def test_names_and_categories_from_the_data_are_text() -> None:
    rng = np.random.default_rng(1)
    names = EVIL_NAMES

    def table(rows: int, share: float) -> pd.DataFrame:
        found = {name: rng.normal(0, 1, rows) for name in names[1:]}
        return pd.DataFrame(
            {names[0]: np.where(rng.random(rows) < share, EVIL, "[a](http://e.example)|</td>"), **found}
        )

    checked = result_of(table(400, 0.3), table(400, 0.8))
    where = checked.where()
    assert any(EVIL in condition for each in where.found for condition in each.rule)
    page = checked.to_html(where=where, language="en")
    assert {tag for tag, _ in elements(page)}.isdisjoint({"script", "iframe", "img", "object"})
    assert "\u202e" not in page + checked.to_markdown(where=where) + subgroup_lines(where, checked.baseline.schema)
    assert EVIL not in checked.to_markdown(where=where, language="en")


def test_the_command_line_writes_them_into_every_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    for name, share in (("before", 0.3), ("after", 0.7)):
        sex = np.where(rng.random(400) < share, "f", "m")
        pd.DataFrame({"sex": sex, "age": rng.integers(20, 90, 400)}).to_csv(tmp_path / f"{name}.csv", index=False)
    reports = [tmp_path / f"report.{kind}" for kind in ("html", "md", "json")]
    words = ["check", "--reference", str(tmp_path / "before.csv"), "--current", str(tmp_path / "after.csv"), "--where"]
    assert run([*words, "--language", "en", *(part for report in reports for part in ("--report", str(report)))]) == 0
    printed = unstyle(capsys.readouterr().out)
    assert "Where the change is" in printed
    assert all("of the records" in report.read_text() for report in reports[:2])
    assert json.loads(reports[2].read_text())["where"]["found"][0]["conditions"][0][0] == "sex"
    assert run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["where"]["found"]
