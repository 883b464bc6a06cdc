from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.azure_pipelines import TemplateError, expand


def pipeline(folder: Path, text: str, **files: str) -> Path:
    for name, content in {"main": text, **files}.items():
        (folder / f"{name}.yml").write_text(dedent(content))
    return folder / "main.yml"


def steps(folder: Path, text: str, given: dict[str, Any] | None = None, **files: str) -> list[Any]:
    found: list[Any] = expand(pipeline(folder, text, **files), given or {})["steps"]
    return found


def test_conditions_choose_items_of_lists_and_keys_of_mappings(tmp_path: Path) -> None:
    text = """
        parameters: [{name: kind, type: string, default: a}]
        steps:
          - bash: always
          - ${{ if eq(parameters.kind, 'a') }}:
              - bash: one
              - bash: two
          - ${{ elseif eq(parameters.kind, 'b') }}:
              - bash: three
          - ${{ else }}:
              - bash: four
          - bash: last
            env:
              KIND: kind ${{ parameters.kind }}
              ${{ if ne(parameters.kind, 'a') }}:
                OTHER: "yes"
    """
    for kind, chosen in (("a", ["one", "two"]), ("b", ["three"]), ("c", ["four"])):
        found = steps(tmp_path, text, {"kind": kind})
        assert [step["bash"] for step in found] == ["always", *chosen, "last"]
        assert found[-1]["env"] == {"KIND": f"kind {kind}"} | ({} if kind == "a" else {"OTHER": "yes"})


def test_a_template_is_spliced_in_with_objects_as_parameters(tmp_path: Path) -> None:
    found = steps(
        tmp_path,
        """
        steps:
          - template: inner.yml
            parameters: {environment: {A: "1"}}
          - bash: after
        """,
        inner="""
        parameters: [{name: environment, type: object}]
        steps:
          - bash: before
            env:
              ${{ insert }}: ${{ parameters.environment }}
              B: "2"
        """,
    )
    assert found == [{"bash": "before", "env": {"A": "1", "B": "2"}}, {"bash": "after"}]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"other": "x"}, "Unexpected parameter 'other'"),
        ({}, "A value for the 'needed' parameter must be provided"),
        ({"needed": {"a": 1}}, "not a valid String"),
        ({"needed": "z"}, "not a valid value"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(tmp_path: Path, given: dict[str, Any], problem: str) -> None:
    file = pipeline(tmp_path, "parameters: [{name: needed, type: string, values: [a]}]\nsteps: [{bash: x}]\n")
    with pytest.raises(TemplateError, match=problem):
        expand(file, given)


def test_what_is_not_played_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="`each` is not played"):
        steps(tmp_path, "steps: [{'${{ each x in y }}': [{bash: x}]}]")
    with pytest.raises(TemplateError, match="does not exist"):
        steps(tmp_path, "steps: [{template: none.yml}]")
    with pytest.raises(TemplateError, match="nosuch"):
        steps(tmp_path, "steps: [{bash: '${{ nosuch() }}'}]")
