"""The text of the files that describe a model: `schema.toml`, `model.toml` and its entry in `driftloop.toml`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import msgspec

from driftloop.data.schema import Column
from driftloop.setup.bounds import CATEGORY_RULE, RANGE_RULE
from driftloop.setup.proposal import Proposal
from driftloop.setup.toml_text import array, comment, number, printable, quoted
from driftloop.wording.counts import count_of

WIDTH = 120
"""Columns of a line of prose; a ground stays on its line."""
LOSSES = {
    "regression": ("squared", '"absolute" where a few large errors should not decide'),
    "binary": ("log", '"brier" where a single confident mistake should not decide'),
    "multiclass": ("log", '"brier" where a single confident mistake should not decide'),
}


def schema_toml(name: str, data: str, proposal: Proposal) -> str:
    """The columns, each with the grounds on which it is what it is."""
    lines = [
        *_prose(
            f"What the columns of {printable(name)} are, as `driftloop init` found them in "
            f"{count_of(proposal.rows, 'record')} "
            f'of {printable(data)}. Correct what is wrong: nothing writes this file again. A unit (unit = "mmHg") '
            "is for people. docs/data.md has the rules by which kinds and roles are recognised."
        ),
        *_prose(RANGE_RULE),
        *_prose(CATEGORY_RULE),
    ]
    for column in proposal.schema.columns:
        lines += ["", *map(comment, proposal.grounds[column.name]), *_column(column)]
    return "\n".join(lines) + "\n"


def model_toml(name: str, source: str, proposal: Proposal) -> str:
    """How the model is trained and judged; whatever is not in it has its default."""
    task = proposal.task
    loss, other = LOSSES[task.choice.value]
    lines = [
        *_prose(
            f"How {printable(name)} is trained and judged. Columns are those of schema.toml; docs/your-own-model.md "
            "says what each entry means, and which have defaults."
        ),
        comment(f"target {proposal.target.value!r}: {proposal.target.ground}"),
        _entry("task", quoted(task.choice.value), task.choice.ground),
        _entry("loss", quoted(loss), other),
    ]
    if task.positive is not None:
        if task.positive.value:
            lines.append(_entry("positive", quoted(task.positive.value), task.positive.ground))
        else:
            lines.append(comment(f'positive = "...": {task.positive.ground}; without this entry: the last by name'))
        lines.append(_entry("threshold", "0.5", "probability from which the positive class is the prediction"))
    if proposal.balance:
        lines.append(comment(f"classes: {proposal.balance}"))
    lines += [
        _entry("coverage", "0.9", "of prediction intervals and sets"),
        "",
        comment("[subgroups] whose errors are reported and protected: a column and the limits of its bands, or [] for"),
        comment("each category:"),
        *map(comment, _subgroups(proposal)),
        "",
        "[laptop]",
        _entry("data", quoted(source), "what `make run` makes its world from; it is read there and never copied"),
    ]
    return "\n".join(lines) + "\n"


def entry_toml(name: str, proposal: Proposal) -> str:
    """The model's `[[model]]` of `driftloop.toml`."""
    rhythm, labels = proposal.rhythm, proposal.labels_required
    lines = [
        "[[model]]",
        f"name = {quoted(name)}",
        f"schema = {quoted(f'models/{name}/schema.toml')}",
        _entry("labels_required", labels.value, f"labels of the new regime before a retrain; {labels.ground}"),
    ]
    if rhythm.rhythm.schedule:
        once = f"once {rhythm.rhythm.words}, not at each tick of the timer; `make run` plays a check a day"
        lines.append(_entry("schedule", quoted(rhythm.rhythm.schedule), once))
    declared = msgspec.to_builtins(proposal.reading)
    if declared:
        lines += ["", "[model.reading]", *(f"{key} = {quoted(value)}" for key, value in declared.items())]
    lines += [
        "",
        "[model.policy]",
        comment(f"{rhythm.ground}; checked once {rhythm.rhythm.words}"),
        _entry(
            "budget", str(rhythm.rhythm.budget), "one false retrain in so many checks on average: ten years of them"
        ),
    ]
    return "\n".join(lines) + "\n"


NEW_FILE = """\
# Which models are watched, and what a drift of theirs starts. docs/function-app.md says what each entry means.
# Without [model.dispatch] or [defaults.dispatch] nothing is sent: everything but the request is done.

"""


def _column(column: Column) -> Iterator[str]:
    yield "[[columns]]"
    yield f"name = {quoted(column.name)}"
    yield f"kind = {quoted(column.kind)}"
    if column.role != "feature":
        yield f"role = {quoted(column.role)}"
    if column.unit:
        yield f"unit = {quoted(column.unit)}"
    if column.unit_in_text:
        yield "unit_in_text = true"
    if column.format:
        yield f"format = {quoted(column.format)}"
    if column.range is not None:
        yield f"range = {array([number(end) for end in column.range])}"
    if column.categories:
        yield f"categories = {array([quoted(name) for name in column.categories])}"


def _subgroups(proposal: Proposal) -> Iterator[str]:
    """The first listed category column, as an example."""
    yield "[subgroups]"
    columns = (c for c in proposal.schema.columns if c.role == "feature" and c.kind == "categorical" and c.categories)
    column = next(columns, None)
    yield "age = [40, 60]" if column is None else f"{quoted(column.name)} = []"


def _entry(key: str, value: str, why: str) -> str:
    return f"{key} = {value} {comment(why)}"


def _prose(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
