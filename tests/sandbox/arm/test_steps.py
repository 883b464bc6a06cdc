"""A component's command line, with its values in it."""

import pytest

from sandbox.arm.steps import render
from sandbox.arm.wire import ArmError


def test_values_are_not_quoted_so_that_a_component_which_does_not_quote_is_found_out() -> None:
    values = {("inputs", "text"): "a b; true", ("outputs", "out"): "/tmp/x"}
    command = render("run --text ${{inputs.text}} --out '${{ outputs.out }}'", values)
    assert command == "run --text a b; true --out '/tmp/x'"


def test_an_optional_part_stands_only_with_its_input() -> None:
    command = "run $[[--champion ${{inputs.champion}}]] --n ${{inputs.n}}"
    assert render(command, {("inputs", "n"): "1"}).split() == ["run", "--n", "1"]
    values = {("inputs", "n"): "1", ("inputs", "champion"): "/m"}
    assert render(command, values).split() == ["run", "--champion", "/m", "--n", "1"]


def test_a_placeholder_without_value_is_an_error_that_names_it() -> None:
    with pytest.raises(ArmError, match=r"\$\{\{inputs.gone\}\}"):
        render("run ${{inputs.gone}}", {})
