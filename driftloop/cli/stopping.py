"""How a command ends: with its exit code at once; by Ctrl-C or SIGTERM at any moment, with no half-written file."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

WORDS = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


def stop_with_one_line() -> None:
    """From now on either signal ends the process with 128 and its number: 130 or 143.

    The process ends within the handler. An exception would meet imports, threads and clean-up code that are half way
    through, and each might turn it into a traceback. A signal that the caller has switched off stays off.
    """
    for number in WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def end_process(code: int) -> NoReturn:
    """End the process with this exit code as soon as all that was printed is written.

    The interpreter's own end is skipped. After an error Arrow may still be reading ahead. A C++ thread that is not
    done by then aborts the process with another exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 (contextlib would be one more import before the signals are seen to)
            stream.flush()
        except (OSError, ValueError, AttributeError):  # said already, nobody reads any more, or closed from the start
            pass
    os._exit(code)


def _stop(number: int, _frame: FrameType | None) -> None:
    written = sys.modules.get("driftloop.files.written")
    if written is not None:
        written.remove_unfinished()
    try:  # noqa: SIM105 (as above)
        os.write(2, f"driftloop: {WORDS[signal.Signals(number)]}\n".encode())
    except OSError:  # nobody reads standard error: the exit code says it, too
        pass
    os._exit(128 + number)
