"""docs/monitor.ipynb: its cells run in order, each shows something, and it is stored without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from driftloop import Check, Monitor

NOTEBOOK = Path(__file__).parents[3] / "docs" / "monitor.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def shown(code: str, names: dict[str, Any]) -> Any:
    """Runs a cell as a notebook does; its last expression is what is shown."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)  # type: ignore[attr-defined]


def test_it_is_stored_without_outputs_and_in_the_present_format() -> None:
    whole = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    assert len(cells("code")) == 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))
    assert all(cell["metadata"] == {} for cell in whole["cells"])
    ids = [cell["id"] for cell in whole["cells"]]
    assert len(set(ids)) == len(ids)


def test_its_cells_run_in_order_and_tell_their_story(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    values = [shown("".join(cell["source"]), names) for cell in cells("code")]
    assert all(value is not None for value in values), "each cell shows something"
    check, monitor = values[2], values[5]
    assert isinstance(check, Check)
    assert isinstance(monitor, Monitor)
    assert check.verdict.value == "stable"
    assert [each.name for each in check.columns_not_compared] == ["target"]
    verdicts = [row.verdict for row in names["monitor"].history]
    assert verdicts[:5] == ["stable", "stable", "stable", "incident", "stable"]
    assert verdicts[-1] == "drift"
    assert names["monitor"].history[-1].moved[0] == "bmi"
    assert values[6][0].startswith("s6: 100% of the values look like 1/18")
    assert repr(values[-1]).startswith("<Monitor new: 9 checks against 220 records")
    pictures = (tmp_path / "report.html").read_text(encoding="utf-8").count("<svg")
    assert pictures >= len(check.features) == 10, "each column has one"
    for value in (check, names["monitor"], values[-1]):
        assert "<table>" in value._repr_html_()


def test_its_text_names_what_its_cells_use() -> None:
    text = "".join(line for cell in cells("markdown") for line in cell["source"])
    for word in ("scikit-learn", "pandas", "target", "budget"):
        assert word in text
