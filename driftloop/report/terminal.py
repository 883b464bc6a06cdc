"""A check as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from driftloop.verdict import Check

COLOURS = {"stable": "green", "drift": "yellow", "incident": "red", "insufficient": "cyan"}


WORDS = {
    "stable": "nothing has moved beyond chance",
    "drift": "the population has moved: a retrain is due",
    "incident": "the feed is broken: nothing should be learnt from it",
    "insufficient": "too few records to say anything",
}


def show(check: Check) -> None:
    """Print the verdict, its reasons, and a row for each column."""
    console = Console(highlight=False)
    colour = COLOURS[check.verdict.value]
    console.print(f"[bold {colour}]{check.verdict.value}[/]: {WORDS[check.verdict.value]}")
    # Most incidents are certain from one sign alone, whatever the comparison of the columns says.
    counted = check.p_value is not None and check.verdict.value != "incident"
    sure = f"; by chance this happens in {_chance(check.p_value or 0.0)} of such checks" if counted else ""
    console.print(f"{check.rows} records against {check.baseline_rows}{sure}")
    for reason in check.reasons:
        console.print(f"  {escape(reason)}")
    for note in check.notes:
        console.print(f"  [dim]{escape(note)}[/]")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("column", "change", "z", "p"):
        table.add_column(title, justify="right" if title in ("z", "p") else "left")
    for row in check.features:
        table.add_row(
            escape(row.name),
            escape(row.effect_text),
            "" if row.statistic is None else f"{row.statistic:+.1f}",
            "" if row.p_value is None else "< 0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}",
            style="bold" if row.drift else "",
        )
    console.print(table)


def _chance(p: float) -> str:
    return f"{p:.1%}" if p >= 0.001 else "less than 0.1%"
