"""What could be seen, as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click import style

from driftloop.config.policy import DRIFT_SHARE
from driftloop.power.detectable import CHECKS, FOUND, WANTED_CHECKS, WANTED_SHIFT
from driftloop.power.planted import Change
from driftloop.report.words.cells import indented, line_width
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.power.detectable import Detectable, Power

NAMES = {Change.SHIFT: "mean", Change.SPREAD: "spread", Change.SHARE: "share", Change.MISSING: "missing"}
NOT_FOUND = "not found"
LONGEST_NAME = 24
"""Characters of a column's name, so that a row fits 80."""


def power_table(power: Power) -> str:
    """Who is compared, false retrains, a row for each column and kind of change, and what would be needed."""
    alarm = power.budget / DRIFT_SHARE
    lines = [
        f"{count_of(power.reference_rows, 'reference record')}, windows of {power.rows:,}; alarm at 1 in "
        f"{count_of(round(alarm), 'check')}",
        f"without drift: {_false_retrains(power)}",
        "",
        f"smallest change that is found in {FOUND:.0%} of cases:",
        *_rows(power),
        "",
    ]
    for name in power.blind_columns:
        kinds = ", ".join(NAMES[each.change] for each in power.detectable if each.column == name and each.blind)
        lines.append(style(f"blind: {_plain(name)} ({kinds}): not even the largest change tried is found", bold=True))
    if power.columns_not_tried:
        lines.append(f"not tried: {_plain(', '.join(power.columns_not_tried))} (no values, times, or not used)")
    lines += _wanted(power)
    if power.caveat:
        lines.append(f"note: {_plain(power.caveat)}")
    return "\n".join(part for line in lines for part in _fitting(line)).rstrip()


def _fitting(line: str) -> list[str]:
    """A sentence in lines that fit the terminal; rows of the table, and what is coloured, as they are."""
    return indented(line, "", line_width()) if line.startswith(("note: ", "not tried: ")) else [line]


def size_text(each: Detectable, size: float | None) -> str:
    """A size in the column's own unit where it has one: `4.1 (0.9 sd)`, `x 1.3`, `12 %`."""
    if size is None:
        return NOT_FOUND
    at_most = "≤ " if size <= each.sizes[0] else ""  # smaller ones were not tried
    if each.change is Change.SHIFT:
        return f"{at_most}{size * each.deviation:.2g} ({size:.2f} sd)"
    return at_most + (f"x {1 + size:.2f}" if each.change is Change.SPREAD else f"{size:.1%}")


def _false_retrains(power: Power) -> str:
    if not power.false_retrains:
        return (
            f"no false retrain in {count_of(power.quiet_checks, 'simulated check')} (budget: one in {power.budget:,})"
        )
    return (
        f"one false retrain in {count_of(round(power.checks_per_false_retrain), 'check')}, "
        f"of {power.quiet_checks:,} simulated (budget: one in {power.budget:,})"
    )


def _rows(power: Power) -> list[str]:
    titles = ("column", "change of", *(f"in {count_of(count, 'check')}" for count in CHECKS))
    cells = [titles] + [
        (
            short_name(each.column) + (f", {each.unit}" if each.unit and each.change is Change.SHIFT else ""),
            NAMES[each.change],
            *(size_text(each, size) for size in each.smallest),
        )
        for each in power.detectable
    ]
    widths = [max(len(line[column_index]) for line in cells) for column_index in range(len(titles))]
    aligned = [
        "  ".join(
            text.ljust(width) if column_index < 2 else text.rjust(width)
            for column_index, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return [style(aligned[0], bold=True), *aligned[1:]]


def _wanted(power: Power) -> list[str]:
    goal = f"a shift of {WANTED_SHIFT} sd of any column within {WANTED_CHECKS} checks"
    if power.rows_wanted is not None:
        return [f"{goal}: windows of about {power.rows_wanted:,} records"]
    if power.reference_wanted is not None:
        return [f"{goal}: needs about {power.reference_wanted:,} reference records, and windows as large"]
    return []


def short_name(name: str) -> str:
    """A column's name without control characters, cut to `LONGEST_NAME`."""
    name = _plain(name)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
