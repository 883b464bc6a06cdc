"""`driftloop check`: a window of data against a reference."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    FAILED,
    cache_option,
    column_options,
    columns_of,
    fail_on_option,
    json_option,
    language_option,
    printed_once,
    processes_option,
    quiet_option,
    reference_option,
    report_option,
)
from driftloop.cli.output import say
from driftloop.cli.paths import PATH, REPORTS, SOURCE, hold_output

if TYPE_CHECKING:
    from driftloop.subgroups.found import Subgroups
    from driftloop.verdict import Check


@click.command(short_help="Compare a window of data with a reference.")
@reference_option
@click.option(
    "--current",
    required=True,
    type=SOURCE,
    help="What has come in: a file, a folder, a pattern in quotes, or an abfs:// URL (Parquet, CSV, JSON Lines; .gz "
    "too).",
)
@column_options
@cache_option
@processes_option
@json_option
@report_option
@click.option("--where", is_flag=True, help="Name the subgroups of records behind a change; takes a second or two.")
@click.option(
    "--holdout",
    type=PATH,
    help="Records that the model was not fitted on, with predictions and outcomes: estimates its error on the window.",
)
@click.option(
    "--labelled", type=PATH, help="With --holdout: records of the window whose outcomes are known, in the same form."
)
@fail_on_option
@language_option
@quiet_option
def check(
    *,
    reference: Path | str,
    current: Path | str,
    cache: Path | None,
    processes: int | None,
    as_json: bool,
    reports: tuple[Path, ...],
    where: bool,
    holdout: Path | None,
    labelled: Path | None,
    fail_on: frozenset[str],
    language: str | None,
    quiet: bool,
    **options: Any,
) -> int:
    """Compare a window of data with a reference: stable, drift, incident or insufficient.

    \b
    Examples:
      driftloop check --reference trained_on.parquet --current this_week.csv
      driftloop check --reference baseline.parquet --current 'weeks/*.csv' --report report.html
      driftloop check --reference train.csv --current new.csv --report "$GITHUB_STEP_SUMMARY"
      driftloop check --reference trained_on.parquet --current this_week.csv --where
      driftloop check --reference train.csv --current new.csv --target price --holdout judged_on.csv
      driftloop check --reference baseline.parquet --current 'days/2026-*' --cache .driftloop-cache
      driftloop check --reference train/ --current new/ --target price --id order --fail-on drift,incident
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    if labelled is not None and holdout is None:
        raise click.UsageError("--labelled needs --holdout: what the error model is learnt from")
    for report in reports:
        given = (path for path in (holdout, labelled) if path is not None)
        hold_output(report, reference, current, *given, endings=REPORTS)
    from driftloop.check_sides import check_sides
    from driftloop.cli.progress import PartsStatus, StatusLine
    from driftloop.data.readers.progress import observed
    from driftloop.parts.means import Means
    from driftloop.sides.sides import read_sides

    imports_are_done()
    settings, policy = columns.settings_for(reference)
    status = StatusLine(quiet=quiet or as_json)
    with observed(status.observer):
        sides = read_sides(reference, current, settings, Means(cache, processes, PartsStatus(status)))
    status.clear()
    now = time.time()
    result = sides.told(check_sides(sides.baseline, sides.window, policy, now=now), policy)
    subgroups = result.where() if where else None
    if holdout is not None:
        result = result.with_impact(result.impact(holdout, labelled=labelled))
    if reports:
        _write(reports, result, subgroups, language, of=(columns.model, str(reference), str(current)), made=now)
    if as_json:
        say(result.to_json(where=subgroups))
    elif not quiet:
        from driftloop.report.terminal import subgroup_lines, table

        say(table(result, language=language))
        if subgroups is not None:
            say(subgroup_lines(subgroups, sides.baseline.schema, language=language))
    return FAILED if result.verdict.value in fail_on else 0


def _write(
    reports: tuple[Path, ...],
    result: Check,
    subgroups: Subgroups | None,
    language: str | None,
    *,
    of: tuple[str | None, str, str],
    made: float,
) -> None:
    """Every report; `of` names the model, the reference and the window."""
    from driftloop.report.context import ReportContext
    from driftloop.report.writing import write_report
    from driftloop.times import format_seconds

    model, baseline, window = of
    context = ReportContext(model=model, baseline_name=baseline, window_name=window, made_at=format_seconds(made))
    for report in reports:
        write_report(report, result, context, language, where=subgroups)
