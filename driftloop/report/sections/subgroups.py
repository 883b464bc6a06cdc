"""The subgroups behind a change as every presentation shows them: a rule, what changed in it, how many records."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftloop.wording.number_formats import format_number, format_share, with_p

if TYPE_CHECKING:
    from driftloop.data.schema import Column, Schema
    from driftloop.report.words.language import Words
    from driftloop.subgroups.found import Subgroup, Subgroups

SHOWN = {">=": "≥", "<": "<", "=": "="}
"""Operators of a rule, as people read them."""


@dataclass(frozen=True)
class SubgroupView:
    """One subgroup. `rule`: its conditions, none for all records; `baseline` and `window`: a bar's share, or None."""

    rule: tuple[str, ...]
    change: str
    p: str
    records: str
    baseline: float | None = None
    window: float | None = None


@dataclass(frozen=True)
class SubgroupsView:
    """All of them; `rest` says whether anything else has moved, None where too few records are left to say."""

    found: tuple[SubgroupView, ...]
    rest: str | None

    def lines(self, words: Words) -> list[str]:
        """A line for each, and for the rest."""
        said = [f"{who(each, words)}: {each.change} ({each.p}). {each.records}" for each in self.found]
        if not said:
            return [words("subgroups.none")]
        return said if self.rest is None else [*said, self.rest]


def view_subgroups(subgroups: Subgroups, schema: Schema, words: Words) -> SubgroupsView:
    """The view of what `driftloop.Check.where` found.

    Parameters
    ----------
    subgroups
        What changed most, first.
    schema
        Of the baseline: which columns are categories, and in which unit the others are.
    words
        Of the reader's language.
    """
    columns = {column.name: column for column in schema.columns}
    found = tuple(_view(each, columns, words) for each in subgroups.found)
    rest = None
    if subgroups.rest_p is not None and found and all(each.rule for each in found):
        key = "subgroups.rest-more" if subgroups.rest_p <= subgroups.alpha else "subgroups.rest-none"
        rest = words(key, p=with_p(subgroups.rest_p))
    return SubgroupsView(found, rest)


def who(view: SubgroupView, words: Words) -> str:
    """The rule in one line."""
    return words("subgroups.and").join(view.rule) or words("subgroups.all")


def _view(subgroup: Subgroup, columns: dict[str, Column], words: Words) -> SubgroupView:
    column = None if subgroup.content is None else columns[subgroup.content]
    baseline, window = (_number(value, share=column is None) for value in (subgroup.baseline, subgroup.window))
    fields = {} if column is None else {"column": column.name, "unit": f" {column.unit}" if column.unit else ""}
    key = "subgroups.share" if column is None else "subgroups.mean"
    bars = (subgroup.baseline, subgroup.window) if column is None else (None, None)
    return SubgroupView(
        tuple(_condition(*each, words) for each in subgroup.conditions),
        words(key, baseline=baseline, window=window, **fields),
        with_p(subgroup.p),
        words("subgroups.records", baseline=f"{subgroup.baseline_records:,}", window=f"{subgroup.window_records:,}"),
        *bars,
    )


def _condition(column: str, operator: str, value: float | str | None, words: Words) -> str:
    if value is None:
        return words("subgroups.missing", column=column)
    shown = f"{value:.10g}" if isinstance(value, float | int) else value
    return f"{column} {SHOWN[operator]} {shown}"


def _number(value: float, *, share: bool) -> str:
    if not math.isfinite(value):
        return "–"
    return format_share(value) if share else format_number(value)
