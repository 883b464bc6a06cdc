"""The command line: `driftloop check`, `replay`, `profile` and `power`.

Exit codes: 0 for any verdict, 1 for a crash, 2 for bad input or an output that cannot be written. Also 3 for a verdict
that `--fail-on` names, 130 after Ctrl-C, 143 after SIGTERM. With 2, one line on standard error says what and where.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from driftloop import __version__
from driftloop.cli.output import flush, lost
from driftloop.cli.stopping import stop_with_one_line
from driftloop.errors import DriftloopError
from driftloop.validation import nearest

BAD_INPUT = 2
COMMANDS = {
    "baseline": ("driftloop.cli.profile_command", "baseline"),
    "check": ("driftloop.cli.check_command", "check"),
    "completion": ("driftloop.cli.completion_command", "completion"),
    "dashboard": ("driftloop.cli.dashboard_command", "dashboard"),
    "doctor": ("driftloop.cli.doctor_command", "doctor"),
    "init": ("driftloop.cli.init_command", "init"),
    "power": ("driftloop.cli.power_command", "power"),
    "profile": ("driftloop.cli.profile_command", "profile"),
    "replay": ("driftloop.cli.replay_command", "replay"),
}
"""Each is imported when it is called: a check should not pay for the rest."""


class Commands(click.Group):
    """A group whose subcommands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, imported or not."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Has the data moved, and should the model be trained again?

    \b
    Example:
      driftloop check --reference trained_on.parquet --current this_week.csv
    """


def main(arguments: list[str] | None = None) -> None:
    """The entry point: turns an error into one line and its exit code."""
    stop_with_one_line()
    code = run(arguments)
    if code:
        sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; the exit code."""
    if "_DRIFTLOOP_COMPLETE" in os.environ:  # a shell asks for completions
        cli.main(arguments, prog_name="driftloop")
    try:
        code = _invoke(sys.argv[1:] if arguments is None else list(arguments))
        flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        return _refused(_with_advice(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except DriftloopError as error:
        return _refused(str(error))
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        return _refused(str(lost(error)))  # click's own printing, of a help page
    else:
        return code


def _invoke(arguments: list[str]) -> int:
    # click's own main() would end the process by itself where the output is closed.
    with cli.make_context("driftloop", arguments) as context:
        result: Any = cli.invoke(context)
    return result if isinstance(result, int) else 0


def _with_advice(error: click.ClickException) -> str:
    """What click says, the nearest command where it knows none, and where the options are listed."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return f"no command: choose one of {', '.join(sorted(COMMANDS))} (driftloop --help shows how)"
    said = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return said
    unknown = re.fullmatch(r"No such command '(.*)'", said)
    if unknown:
        said += nearest(unknown[1], COMMANDS)
    return f"{said} ({context.command_path} --help shows how)"


def _refused(message: str) -> int:
    with suppress(OSError):  # nobody reads standard error: the exit code says it, too
        click.echo(f"driftloop: {' '.join(message.split())}", err=True)
    return BAD_INPUT
