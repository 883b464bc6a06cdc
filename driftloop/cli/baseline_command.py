"""`driftloop baseline`: keeps what is needed of a reference in one small file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    PATH,
    column_options,
    columns_of,
    json_option,
    not_over_input,
    printed_once,
    quiet_option,
)
from driftloop.cli.output import say
from driftloop.errors import InputError


@click.command()
@click.argument("data", type=PATH)
@click.option("--output", "-o", required=True, type=PATH, metavar="FILE", help="Where to write it.")
@column_options
@json_option
@quiet_option
def baseline(*, data: Path, output: Path, as_json: bool, quiet: bool, **options: Any) -> None:
    """Save a baseline of DATA, which `check` and `replay` take as their reference.

    It holds counts and a sample of at most 1,536 rows, so it is small, fast to read, and as confidential as the data.

    \b
    Examples:
      driftloop baseline trained_on.parquet -o baseline.parquet --target price --id order
      driftloop check --reference baseline.parquet --current this_week.csv
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    not_over_input(output, data)
    from driftloop.cli.progress import StatusLine
    from driftloop.data.readers.progress import observed
    from driftloop.data.readers.saved_profile import is_profile
    from driftloop.files.written import write_whole
    from driftloop.sides import read_baseline

    imports_are_done()
    if is_profile(data):
        raise InputError(f"{data}: is a saved baseline already: copy it, or give the data instead")
    settings, _ = columns.settings()
    status = StatusLine(quiet=quiet or as_json)
    with observed(status.observer):
        read = read_baseline(data, settings)
    status.clear()
    built = read.baseline
    write_whole(output, built.to_bytes())
    compared = built.schema.features
    read_as = {
        each.name: each.kind if each in compared else f"{each.role}, not compared" for each in built.schema.columns
    }
    if as_json:
        import msgspec

        summary = {"output": str(output), "rows": built.rows, "sha256": built.sha256, "columns": read_as}
        say(msgspec.json.format(msgspec.json.encode(summary)).decode())
    elif not quiet:
        say(f"{output}: {built.rows} records")
        for name, kind in read_as.items():
            say(f"  {name}: {kind}")
        for note in read.notes:
            say(note)
