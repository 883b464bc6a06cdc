"""`driftloop power`: what could be seen with a reference and a size of window."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    column_options,
    columns_of,
    json_option,
    printed_once,
    quiet_option,
)
from driftloop.cli.output import say
from driftloop.cli.paths import PATH, PICTURES, hold_output
from driftloop.cli.progress import shown_progress
from driftloop.errors import InputError


class _Positive(click.FloatRange):
    """A number above zero; `nan` and `inf` are none that can be counted with."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number that can be counted with")
        return number


POSITIVE = _Positive()

MOST = 1e12
"""Records in a window: a thousand million a day for three years. What follows counts in whole numbers of 64 bits."""


@click.command(short_help="What drift could be seen, and how often would it be a false alarm?")
@click.argument("reference", type=PATH)
@click.option("--rows", type=click.IntRange(min=1), metavar="N", help="Records in a window.")
@click.option("--per-day", type=POSITIVE, metavar="N", help="Or: records a day,")
@click.option(
    "--every",
    type=POSITIVE,
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="and days between two checks.",
)
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="At most one false retrain in N checks.")
@click.option("--picture", type=PATH, metavar="FILE", help="Write a picture (SVG).")
@column_options
@json_option
@quiet_option
def power(
    *,
    reference: Path,
    rows: int | None,
    per_day: float | None,
    every: float,
    budget: int | None,
    picture: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """What drift of REFERENCE could be seen, and how often would there be a false alarm?

    Draws windows from the reference's own records, changes one column at a time, and keeps evidence as the timer does.

    \b
    Examples:
      driftloop power trained_on.parquet --rows 60
      driftloop power trained_on.csv --per-day 8.5 --every 7 --budget 520 --picture power.svg
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    window = _window(rows, per_day, every)
    if picture is not None:
        hold_output(picture, reference, endings=PICTURES)
    import msgspec

    from driftloop.power.sensitivity import estimate_power
    from driftloop.sides.sides import read_baseline

    imports_are_done()
    settings, policy = columns.settings_for(reference)
    read = read_baseline(reference, settings)
    if budget is not None:
        policy = msgspec.structs.replace(policy, budget=budget)
    with shown_progress("drawing windows", quiet=quiet or as_json) as shown:
        found = estimate_power(read.baseline, window, policy, progress=shown)
    if picture is not None:
        from driftloop.files.written import write_whole
        from driftloop.report.charts.power_picture import power_picture

        write_whole(picture, power_picture(found).encode())
    if as_json:
        say(msgspec.json.format(msgspec.json.encode(found.to_dict())).decode())
    elif not quiet:
        from driftloop.report.power_table import power_table

        say(power_table(found))
        for note in read.notes:
            say(note)


def _window(rows: int | None, per_day: float | None, every: float) -> int:
    """Records in a window. Raises InputError unless exactly one way of saying it is used."""
    if (rows is None) == (per_day is None):
        raise InputError("say how many records a window has: --rows N, or --per-day N with --every DAYS")
    window = float(rows) if rows is not None else (per_day or 0.0) * every
    if window > MOST:
        raise InputError(f"{window:.3g} records in a window are more records than a window can have: at most {MOST:g}")
    return max(1, round(window))
