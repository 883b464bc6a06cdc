"""`driftloop profile`: keeps what is needed of a table of any size in one small file. `baseline` is its older name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import (
    cache_option,
    column_options,
    columns_of,
    json_option,
    printed_once,
    processes_option,
    quiet_option,
)
from driftloop.cli.output import say
from driftloop.cli.paths import PATH, SOURCE, hold_output
from driftloop.errors import InputError
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.cli.progress import PartsStatus
    from driftloop.sides.sides import Sides


@click.command(short_help="Save what a check needs of a table of any size.")
@click.argument("data", type=SOURCE, nargs=-1, required=True)
@click.option("--output", "-o", required=True, type=PATH, metavar="FILE", help="Where to write it.")
@column_options
@cache_option
@processes_option
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    help="Who reads: processes here, or the tasks of the Spark session that spark-submit or the environment configure.",
)
@json_option
@quiet_option
def profile(
    *,
    data: tuple[Path | str, ...],
    output: Path,
    cache: Path | None,
    processes: int | None,
    engine: str,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Save a profile of DATA, which `check` and `replay` take as their reference: files, folders, patterns, URLs.

    It holds counts and a sample of at most 1,536 rows, so it is small, fast to read, and as confidential as the data.
    The same rows give the same file, whatever their order, the files that hold them and the processes that read them.
    Of several saved profiles it makes one. What an interrupted run has read lies beside FILE, and the next one goes on
    there.

    \b
    Examples:
      driftloop profile trained_on.parquet -o baseline.parquet --target price --id order
      driftloop profile 'days/2026-*.csv' older/ -o baseline.parquet --cache .driftloop-cache
      driftloop profile abfs://data@account.dfs.core.windows.net/trained_on -o baseline.parquet
      spark-submit --master yarn $(command -v driftloop) profile abfs://... -o baseline.parquet --engine spark
      driftloop profile january.parquet february.parquet -o both.parquet
      driftloop check --reference baseline.parquet --current this_week.csv
    """
    columns = columns_of(options)
    printed_once(quiet=quiet, as_json=as_json)
    hold_output(output, *data)
    from driftloop.cli.progress import PartsStatus, StatusLine
    from driftloop.data.readers.progress import observed
    from driftloop.data.readers.saved_profile import is_profile
    from driftloop.files.written import write_whole
    from driftloop.parts.means import Means
    from driftloop.sides.sides import read_baseline

    imports_are_done()
    saved = [path for path in data if is_profile(path)]
    if saved:
        _merge(data, saved, output, as_json=as_json, quiet=quiet)
        return
    settings, _ = columns.settings()
    status = StatusLine(quiet=quiet or as_json)
    parts = PartsStatus(status)
    if engine == "spark" and (cache is not None or processes is not None):
        raise InputError(
            "--engine spark keeps no cache and starts no processes here: leave out --cache and --processes"
        )
    folder = output.with_name(f".{output.name}.parts") if cache is None else cache
    means = Means(None if engine == "spark" else folder, processes, parts, spark=engine == "spark")
    with observed(status.observer):
        read = read_baseline(data[0] if len(data) == 1 else data, settings, means)
    status.clear()
    write_whole(output, read.baseline.to_bytes())
    if cache is None:
        shutil.rmtree(folder, ignore_errors=True)
    _tell(read, output, parts, as_json=as_json, quiet=quiet)


def _merge(data: tuple[Path | str, ...], saved: list[Path | str], output: Path, *, as_json: bool, quiet: bool) -> None:
    """One profile of several. Raises InputError for a single one, and for a mixture of profiles and data."""
    from driftloop.files.written import write_whole
    from driftloop.profile.window import Window
    from driftloop.sides.sides import Sides

    if len(data) == 1:
        raise InputError(f"{data[0]}: is a saved profile already: copy it, or give the data instead")
    if len(saved) < len(data):
        raise InputError(f"{saved[0]}: is a saved profile among data: give profiles alone, or data alone")
    merged = Window(saved[0])
    for each in saved[1:]:
        merged = merged.merge(Window(each))
    write_whole(output, merged.to_bytes())
    from driftloop.profile.window import Baseline

    _tell(Sides(Baseline(merged.profile), merged), output, None, as_json=as_json, quiet=quiet)


def _tell(read: Sides, output: Path, parts: PartsStatus | None, *, as_json: bool, quiet: bool) -> None:
    built = read.baseline
    compared = built.schema.features
    read_as = {
        each.name: each.kind if each in compared else f"{each.role}, not compared" for each in built.schema.columns
    }
    if as_json:
        import msgspec

        summary = {"output": str(output), "rows": built.rows, "sha256": built.sha256, "columns": read_as}
        say(msgspec.json.format(msgspec.json.encode(summary)).decode())
        return
    if quiet:
        return
    say(f"{output}: {count_of(built.rows, 'record')}")
    for name, kind in read_as.items():
        say(f"  {name}: {kind}")
    for note in read.notes:
        say(note)
    if parts is not None and parts.known:
        say(f"read: {parts.to_read:,} parts; known from before: {parts.known:,}, some of them for many files")


def named_baseline() -> click.Command:
    """The same command by its older name, which scripts use."""
    told = (profile.help or "").replace("driftloop profile", "driftloop baseline")
    return click.Command(
        "baseline", params=profile.params, callback=profile.callback, help=told, short_help="Same as `profile`."
    )


baseline = named_baseline()
