"""A planted subgroup is named, with its share or its content; nothing is named where nothing changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, InputError, Policy, Window, check
from driftloop.subgroups.found import Subgroup, Subgroups, find_subgroups

ROWS = 500


def records(seed: int, *, women: float = 0.5, rows: int = ROWS, raised: float = 0.0) -> pa.Table:
    """`raised`: what the blood pressure of women from 60 on is higher by."""
    rng = np.random.default_rng(seed)
    sex, age = np.where(rng.random(rows) < women, "f", "m"), rng.integers(20, 90, rows).astype(float)
    pressure = rng.normal(120, 12, rows) + raised * ((sex == "f") & (age >= 60))
    return pa.table({"sex": sex, "age": age, "pressure": pressure.round(1), "size": rng.normal(170, 9, rows).round()})


def found(baseline: pa.Table, window: pa.Table, **policy: float) -> Subgroups:
    reference = Baseline.build(baseline)
    return find_subgroups(reference, Window.build(window, reference.schema), Policy(**policy))  # type: ignore[arg-type]


def test_a_share_that_changed_is_named_and_nothing_else_has_moved() -> None:
    subgroups = found(records(1), records(4, women=0.7))
    (first, *_) = subgroups.found
    assert first.rule == ("sex = f",)  # and not "sex = m", whose share shrank by as much
    assert first.content is None
    assert first.window - first.baseline == pytest.approx(0.2, abs=0.08)
    assert subgroups.sentences[-1].startswith("without these records: nothing else has moved")


def test_content_that_changed_is_named_with_both_conditions() -> None:
    (first, *_) = found(records(1), records(2, raised=20)).found
    assert first.content == "pressure"
    assert {name for name, _, _ in first.conditions} == {"sex", "age"}
    limits = {name: value for name, _, value in first.conditions}
    assert limits["sex"] == "f"
    assert float(str(limits["age"])) == pytest.approx(60, abs=4)
    assert first.window - first.baseline == pytest.approx(20, abs=5)
    assert "pressure mean" in first.sentence


def test_a_change_of_all_records_is_told_as_one() -> None:
    table = records(2)
    higher = table.set_column(2, "pressure", pa.array(table["pressure"].to_numpy() + 12))
    (first, *_) = found(records(1), higher).found
    assert first.rule == ()
    assert first.sentence.startswith("all records: pressure mean")


def test_without_a_change_nothing_is_named_in_nineteen_of_twenty_windows() -> None:
    named = sum(bool(found(records(2 * run), records(2 * run + 1, rows=100)).found) for run in range(40))
    # At 5 %, 6 of 40 or more come by chance once in 70.
    assert named <= 6


def test_a_rare_name_is_in_no_rule() -> None:
    table = records(1)
    names = np.array(["Ann Example"] * 3 + ["common"] * (ROWS - 3), object)
    window = np.array(["Ann Example"] * 100 + ["common"] * (ROWS - 100), object)
    subgroups = found(table.append_column("who", pa.array(names)), records(2).append_column("who", pa.array(window)))
    assert "Ann" not in " ".join(subgroups.sentences) + str(subgroups.to_dict())


def test_the_same_arguments_give_the_same_answer() -> None:
    assert found(records(1), records(2, women=0.7)) == found(records(1), records(2, women=0.7))


def test_too_few_records_name_nothing() -> None:
    assert found(records(1, rows=15), records(2, rows=15)) == Subgroups((), None, 0.05)
    assert Subgroups((), None, 0.05).sentences == ("no subgroup stands out",)


@pytest.mark.parametrize(("rest_p", "said"), [(0.01, "something else has moved too"), (0.3, "nothing else has moved")])
def test_what_remains_is_judged_at_alpha(rest_p: float, said: str) -> None:
    one = Subgroup(("a >= 1",), (("a", ">=", 1.0),), None, 0.1, 0.3, 10, 30, 0.005, "a >= 1: 10% to 30% of records")
    assert said in Subgroups((one,), rest_p, 0.05).sentences[-1]
    of_all = replace(one, rule=())
    assert Subgroups((of_all,), rest_p, 0.05).sentences == (one.sentence,)  # nobody is left


def test_a_result_tells_where_and_one_without_records_says_so() -> None:
    result = check(records(1), records(2, women=0.75))
    assert result.where().found
    with pytest.raises(InputError, match="make the check again"):
        replace(result, baseline=None).where()
