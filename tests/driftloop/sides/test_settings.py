"""Arguments of `check` and `Monitor` of another type: one line that says what to pass, and never a verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from driftloop import Evidence, InputError, Monitor, Policy, check
from driftloop.sides.settings import Roles, roles_of
from tests.driftloop.populations import draw

ROLES: list[tuple[dict[str, Any], str]] = [
    ({"target": 3}, "target: an int was given: pass the column's name as text, such as '3'"),
    ({"id": ["bmi"]}, "id: a list was given: pass the column's name as text"),
    ({"time": True}, "time: a bool was given: pass the column's name as text"),
    ({"cluster": 1.5}, "cluster: a float was given"),
    ({"season": 7}, "season: an int was given"),
    ({"ignore": 3}, "ignore: an int was given"),
    ({"ignore": [3]}, "ignore: an int was given"),
    ({"ignore": b"bmi"}, "ignore: a bytes was given"),
    ({"segments": ["bmi", None]}, "segments: None was given"),
]
OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"evidence": Evidence}, "evidence: the class Evidence was given: pass a driftloop.Evidence"),
    ({"policy": Policy}, "policy: the class Policy was given: pass a driftloop.Policy"),
    ({"now": "today"}, "now: a str was given: pass seconds since 1970"),
    ({"now": float("nan")}, "now: a float was given"),
    ({"now": datetime(2026, 1, 1, tzinfo=UTC)}, "now: a datetime.datetime was given"),
    ({"now": True}, "now: a bool was given"),
]


@pytest.mark.parametrize(("wrong", "said"), [*ROLES, *OTHERS])
def test_check_refuses_an_argument_of_another_type(wrong: dict[str, Any], said: str) -> None:
    rows = draw(60, np.random.default_rng(1))
    with pytest.raises(InputError, match=said):
        check(rows, rows, **wrong)


@pytest.mark.parametrize(("wrong", "said"), ROLES)
def test_a_monitor_refuses_the_same_roles(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Monitor(draw(60, np.random.default_rng(1)), **wrong)


def test_one_name_none_and_numpys_texts_are_names() -> None:
    assert roles_of(ignore="bmi", segments=None) == Roles(ignore=("bmi",))
    assert roles_of(target=np.str_("bmi"), ignore=np.array(["a", "b"])) == Roles(target="bmi", ignore=("a", "b"))


def test_one_stream_for_both_sides_is_refused() -> None:
    import pyarrow as pa

    stream = pa.Table.from_pandas(draw(60, np.random.default_rng(1))).to_reader()
    with pytest.raises(InputError, match="one stream was given for both sides"):
        check(stream, stream)
