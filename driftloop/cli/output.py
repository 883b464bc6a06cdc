"""What a command prints: a closed pipe or a full disk is an error of one line, not a traceback."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from driftloop.errors import DriftloopError


class OutputError(DriftloopError):
    """Standard output cannot be written."""


CLOSED = OutputError("standard output is closed: send it to a file or a pipe, or give --quiet")
"""Of a process that was started without one (`>&-`): there Python has no stream at all."""


def say(text: str) -> None:
    """Print a line. Raises OutputError."""
    if sys.stdout is None:
        raise CLOSED
    try:
        click.echo(text, color=False if os.environ.get("NO_COLOR") else None)
    except OSError as error:
        raise lost(error) from None
    except UnicodeEncodeError:
        # A terminal that cannot show every character still gets the rest.
        encoding = sys.stdout.encoding or "ascii"
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def flush() -> None:
    """See to it that all was written. Raises OutputError."""
    if sys.stdout is None:
        return  # closed from the start: `say` has said so where there was something to print
    try:
        sys.stdout.flush()
    except OSError as error:
        raise lost(error) from None


def lost(error: OSError) -> OutputError:
    """What is said of an output that cannot be written; nothing more is sent there."""
    with suppress(OSError, ValueError):  # what is still held back would fail once more when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OutputError("standard output was closed before everything was printed")
    return OutputError(f"standard output: cannot be written ({error.strerror or error}): free the place and try again")
