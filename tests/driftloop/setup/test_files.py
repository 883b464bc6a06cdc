"""What is written is read back to the same, whatever names and values the table has."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftloop.config.models import parse
from driftloop.data.reading import Reading
from driftloop.data.schema import Column, Schema
from driftloop.setup.choice import Choice
from driftloop.setup.files import entry_toml, model_toml, schema_toml
from driftloop.setup.labels import labels_required
from driftloop.setup.proposal import Proposal
from driftloop.setup.rhythm import suggest
from driftloop.setup.target import TASKS, Task
from tests.driftloop.setup.tables import proposed

EXAMPLES = 150
# What breaks TOML: quotes, brackets, line ends of all scripts, control characters, escapes, comments, keys.
HOSTILE = ['"', "'", '"""', "[[columns]]", "]", "=", "#", "\\", "\\u0041", "\n", "\r\n", "\t", "\x00", "\x1b[31m",
           "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "ü", "💊", "true", "1e5", " ", "name = 1"]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6)), min_size=1, max_size=4).map("".join)
NAMES = TEXTS.filter(bool)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    kind = draw(st.sampled_from(["numeric", "categorical", "datetime"]))
    ends = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    return Column(
        name,
        kind=kind,
        role=draw(st.sampled_from(["feature", "ignore", "time"])),
        range=(ends[0], ends[1]) if kind == "numeric" and ends[0] < ends[1] else None,
        categories=tuple(draw(st.lists(TEXTS, max_size=3))) if kind == "categorical" else (),
        format="n\"o/y'es" if kind == "categorical" and draw(st.booleans()) else "",
    )


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    found = [draw(columns(name)) for name in names[2:]]
    schema = Schema((Column(names[0], role="target"), Column(names[1]), *found))
    task = draw(st.sampled_from(TASKS))
    classes = {} if task == "regression" else {draw(TEXTS): 30, "rare\n": 2}
    positive = Choice(draw(st.one_of(st.just(""), TEXTS)), draw(TEXTS)) if task == "binary" else None
    return Proposal(
        schema=schema,
        rows=400,
        grounds={name: tuple(draw(st.lists(TEXTS, min_size=1, max_size=2))) for name in names},
        target=Choice(names[0], draw(TEXTS)),
        task=Task(Choice(task, draw(TEXTS)), classes, positive),
        balance=draw(st.one_of(st.just(""), TEXTS)),
        id=Choice("", draw(TEXTS)),
        time=Choice("", draw(TEXTS)),
        labels_required=labels_required(classes),
        rhythm=suggest(400, 0.0, draw(st.floats(0, 1e10))),
        notes=(),
        reading=draw(st.sampled_from([Reading(), Reading(separator=";", quote="'", encoding="latin-1", decimal=",")])),
    )


@settings(max_examples=EXAMPLES)
@given(proposals(), TEXTS)
def test_the_files_are_read_back_to_what_was_proposed(proposal: Proposal, path: str) -> None:
    text = schema_toml("m", path, proposal)
    assert Schema.from_object(tomllib.loads(text)) == proposal.schema
    said = tomllib.loads(model_toml("m", path, proposal))
    assert (said["task"], said["laptop"]["data"]) == (proposal.task.choice.value, path)
    assert said.get("positive", "") == (proposal.task.positive.value if proposal.task.positive else "")
    model = parse(tomllib.loads(entry_toml("m", proposal))).only_model()
    assert model.reading == proposal.reading
    assert (model.policy.budget, str(model.labels_required)) == (
        proposal.rhythm.rhythm.budget,
        proposal.labels_required.value,
    )


@settings(max_examples=EXAMPLES)
@given(proposals(), TEXTS)
def test_no_line_hides_what_it_says(proposal: Proposal, path: str) -> None:
    """A name cannot forge a line, colour a terminal or turn the direction of a text."""
    for text in (schema_toml("m", path, proposal), model_toml("m", path, proposal), entry_toml("m", proposal)):
        assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_survives_the_whole_way(tmp_path: Path, hostile: str) -> None:
    numbers = [float(number % 37) for number in range(100)]
    words = [f"{hostile}{number % 2}" for number in range(100)]
    table: dict[str, Any] = {f"{hostile}x": numbers, f"{hostile}c": words, f"{hostile} target": numbers}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    found = proposed(tmp_path / "t.parquet")
    (tmp_path / "schema.toml").write_bytes(schema_toml("m", hostile, found).encode())
    assert Schema.load(tmp_path / "schema.toml") == found.schema
    assert {column.name for column in found.schema.columns} >= set(table)
