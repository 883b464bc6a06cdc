"""The command line: `driftloop check` and `driftloop replay`.

Exit codes: 0 for any verdict, 2 for bad input (one line on standard error says what and where), 1 for a crash.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.errors import DriftloopError, InputError

if TYPE_CHECKING:
    from driftloop.verdict import Check

BAD_INPUT = 2
FILE = click.Path(dir_okay=False, path_type=Path)
DATA = click.Path(path_type=Path)
"""A file, a folder of files, or a pattern."""
LAZY = {"replay": ("driftloop.replay", "replay_command")}


class Commands(click.Group):
    """Imports a subcommand when it is called: a check should not pay for the rest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, imported or not."""
        return sorted({*super().list_commands(ctx), *LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in LAZY:
            from importlib import import_module

            module, name = LAZY[cmd_name]
            command: click.Command = getattr(import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="driftloop")
def cli() -> None:
    """Has the data moved, and should the model be trained anew?"""


@cli.command()
@click.option("--reference", required=True, type=DATA, help="What the model was trained on: data, or a saved baseline.")
@click.option("--current", required=True, type=DATA, help="What has come in: a file, a folder of files, or a pattern.")
@click.option("--config", type=FILE, help="TOML: policy, schema, importances; or a driftloop.toml.")
@click.option(
    "--importance", type=FILE, help="JSON: how much the model relies on each column; those not named: not at all."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--report", type=FILE, help="Write an HTML report with a picture of each column.")
def check(
    *, reference: Path, current: Path, config: Path | None, importance: Path | None, as_json: bool, report: Path | None
) -> None:
    """Compare a window of data with a reference: stable, drift, incident or insufficient."""
    from driftloop.config.settings import load_policy, load_settings, with_importances
    from driftloop.data.readers import read_batches
    from driftloop.profile.window import Baseline, Window
    from driftloop.verdict import check as run

    saved = _saved_baseline(reference)
    if saved is not None:
        if importance is not None:
            raise InputError(f"--importance: {reference} is a saved baseline and brings its own; give the data instead")
        baseline, policy = saved, load_policy(config)
    else:
        schema, policy = load_settings(config, reference)
        if importance is not None:
            schema = with_importances(schema, _json(importance), str(importance))
        baseline = Baseline.build(read_batches(reference, schema), schema)
    if not baseline.rows:
        raise InputError(f"{reference}: no rows: nothing to compare with")
    window = Window.build(read_batches(current, baseline.schema), baseline.schema)
    if window.rows and all(column.absent == column.rows for column in window.profile.columns.values()):
        raise InputError(f"{current}: has none of the reference's columns: is it the right file?")
    result = run(baseline, window, policy, now=time.time())
    if report is not None:
        from driftloop.report.html import render

        page = render(result, baseline, window)
        try:
            report.parent.mkdir(parents=True, exist_ok=True)
            report.write_text(page, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{report}: cannot be written ({error.strerror})") from None
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(result.to_dict())).decode())
    else:
        _print(result)


def _saved_baseline(path: Path) -> Any:
    """The baseline in a file that `Baseline.to_bytes` wrote; None for any other file."""
    if path.suffix != ".parquet" or not path.is_file():
        return None
    from driftloop.profile.parquet_format import is_profile
    from driftloop.profile.window import Baseline

    return Baseline.from_bytes(path.read_bytes()) if is_profile(path) else None


def _json(path: Path) -> Any:
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: not valid JSON: {error}") from None


def _print(result: Check) -> None:
    from driftloop.report.terminal import show

    show(result)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: turns an error into one line and its exit code."""
    try:
        cli.main(arguments, prog_name="driftloop", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        click.echo(f"driftloop: {error.format_message()}", err=True)
        sys.exit(BAD_INPUT)
    except click.Abort:
        sys.exit(130)
    except DriftloopError as error:
        click.echo(f"driftloop: {' '.join(str(error).split())}", err=True)
        sys.exit(BAD_INPUT)
