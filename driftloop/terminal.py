"""A check as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from driftloop.verdict import Check

COLOURS = {"stable": "green", "drift": "yellow", "incident": "red", "insufficient": "cyan"}


def show(check: Check) -> None:
    """Print the verdict, its reasons, and a row for each column."""
    console = Console(highlight=False)
    colour = COLOURS[check.verdict.value]
    console.print(f"[bold {colour}]{check.verdict.value}[/]  {check.rows} rows against {check.baseline_rows}")
    for reason in check.reasons:
        console.print(f"  {escape(reason)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("column", "change", "z", "p"):
        table.add_column(title, justify="right" if title in ("z", "p") else "left")
    for row in check.features:
        table.add_row(
            escape(row.name),
            escape(row.effect_text),
            "" if row.statistic is None else f"{row.statistic:+.1f}",
            "" if row.p_value is None else f"{row.p_value:.3f}",
            style="bold" if row.drift else "",
        )
    console.print(table)
