"""`driftloop check`: a window of data against a reference."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    FAILED,
    PATH,
    column_options,
    columns_of,
    fail_on_option,
    json_option,
    not_over_input,
    printed_once,
    quiet_option,
    reference_option,
)
from driftloop.cli.output import say


@click.command(short_help="Compare a window of data with a reference.")
@reference_option
@click.option(
    "--current",
    required=True,
    type=PATH,
    help="What has come in: a file, a folder, or a pattern in quotes (Parquet, CSV, JSON Lines; .gz too).",
)
@column_options
@json_option
@click.option("--report", type=PATH, help="Write an HTML report with a picture of each column.")
@fail_on_option
@quiet_option
def check(
    *,
    reference: Path,
    current: Path,
    as_json: bool,
    report: Path | None,
    fail_on: frozenset[str],
    quiet: bool,
    **options: Any,
) -> int:
    """Compare a window of data with a reference: stable, drift, incident or insufficient.

    \b
    Examples:
      driftloop check --reference trained_on.parquet --current this_week.csv
      driftloop check --reference baseline.parquet --current 'weeks/*.csv' --report report.html
      driftloop check --reference train/ --current new/ --target price --id order --fail-on drift,incident
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    if report is not None:
        not_over_input(report, reference, current)
    from driftloop.data.readers.saved_profile import is_profile
    from driftloop.sides import read_sides
    from driftloop.verdict import check as check_sides

    imports_are_done()
    if is_profile(reference):
        settings, policy = columns.for_saved(reference)
    else:
        settings, policy = columns.settings()
    sides = read_sides(reference, current, settings)
    result = sides.told(check_sides(sides.baseline, sides.window, policy, now=time.time()))
    if report is not None:
        result.to_html(report)
    if as_json:
        say(result.to_json())
    elif not quiet:
        from driftloop.report.terminal import table

        say(table(result))
    return FAILED if result.verdict.value in fail_on else 0
