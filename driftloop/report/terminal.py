"""A check as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click import style

from driftloop.coverage import by_reason

if TYPE_CHECKING:
    from driftloop.report.shown import Shown

COLOURS = {"stable": "green", "drift": "yellow", "incident": "red", "insufficient": "cyan"}
WORDS = {
    "stable": "nothing has moved beyond chance",
    "drift": "the population has moved: a retrain is due",
    "incident": "the feed is broken: nothing should be learnt from it",
    "insufficient": "too few records to say anything",
}
TITLES = ("column", "read as", "change", "z", "p")
RIGHT = ("z", "p")


def table(check: Shown) -> str:
    """The verdict, its reasons, a row for each column, and which columns were not compared."""
    verdict = check.verdict.value
    # Most incidents are certain from one sign alone, whatever the comparison of the columns says.
    counted = check.p_value is not None and verdict != "incident"
    sure = f"; by chance this happens in {_chance(check.p_value or 0.0)} of such checks" if counted else ""
    lines = [
        f"{style(verdict, fg=COLOURS[verdict], bold=True)}: {WORDS[verdict]}",
        f"{check.rows} records against {check.baseline_rows}{sure}",
        *(f"  {_plain(reason)}" for reason in check.reasons),
        *(style(f"  {_plain(note)}", dim=True) for note in check.notes),
        *_rows(check),
    ]
    if check.columns_not_compared:
        left_out = (f"{', '.join(names)} ({reason})" for reason, names in by_reason(check.columns_not_compared))
        lines.append(f"not compared: {_plain(', '.join(left_out))}")
    return "\n".join(lines)


def _rows(check: Shown) -> list[str]:
    cells = [TITLES] + [
        (
            _plain(row.name),
            row.kind,
            _plain(row.effect_text),
            "" if row.statistic is None else f"{row.statistic:+.1f}",
            "" if row.p_value is None else "< 0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}",
        )
        for row in check.features
    ]
    widths = [max(len(line[column_index]) for line in cells) for column_index in range(len(TITLES))]
    aligned = ["  ".join(map(_aligned, TITLES, line, widths)).rstrip() for line in cells]
    marked = [True] + [row.drift for row in check.features]
    return [style(line, bold=True) if bold else line for line, bold in zip(aligned, marked, strict=True)]


def _aligned(title: str, text: str, width: int) -> str:
    return text.rjust(width) if title in RIGHT else text.ljust(width)


def _plain(text: str) -> str:
    """Without control characters: a column's name must not steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _chance(p: float) -> str:
    return f"{p:.1%}" if p >= 0.001 else "less than 0.1%"
