"""Refuses a dispatch whose payload is not what the function app sends, by type, before anything reads a value of it.

`python3 -I workflows/payload.py`, the first thing that a job does; it reads the event as GitHub wrote it
(GITHUB_EVENT_PATH). An expression turns null into nothing, an object into the word Object and a list into Array. The
system cuts a variable at a NUL. So what a job sees of a payload can look harmless. Standard library only, because
nothing is installed yet. Values are not printed: a log must not repeat what it refuses.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

# The fields of each event (driftloop.events) that a job cannot do without: a drift that is not named would be trained
# as if nobody had asked.
REQUIRED = {
    "drift-detected": {"drift_id", "model"},
    "model-registered": {"model", "version"},
}
NAME = re.compile(r"[a-z_]{1,40}")  # of a field: it is printed
NUMBERS = {"attempt"}  # what the function app sends as a number; everything else is text


def problem(event: Any) -> str | None:
    """What is wrong with a repository_dispatch event; None when nothing is.

    Parameters
    ----------
    event : Any
        The event's JSON, decoded.

    Returns
    -------
    str | None
        A sentence that repeats no value of the event.
    """
    if not isinstance(event, dict):
        return "the event is not an object"
    action, payload = event.get("action"), event.get("client_payload")
    if not isinstance(action, str) or action not in REQUIRED:
        return "the event is of no type that a workflow here listens to"
    if not isinstance(payload, dict):
        return "client_payload is not an object"
    if missing := sorted(REQUIRED[action] - payload.keys()):
        return f"client_payload lacks {missing[0]}"
    return next((said for name, value in sorted(payload.items()) if (said := _wrong(name, value))), None)


def _wrong(name: str, value: Any) -> str | None:
    if not NAME.fullmatch(name):
        return "client_payload has a field whose name is no word"
    if name in NUMBERS and isinstance(value, int) and not isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return f"client_payload.{name} is not a text"
    if not value:
        return f"client_payload.{name} is empty"
    if not value.isprintable():  # NUL, line ends, escapes, marks that reverse the reading direction
        return f"client_payload.{name} holds a control character"
    return None


def main() -> int:
    """1 for a dispatch that is refused; other events have no payload of anybody's choosing."""
    if os.environ.get("GITHUB_EVENT_NAME") != "repository_dispatch":
        return 0
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
    except (KeyError, OSError, ValueError, RecursionError) as error:
        said: str | None = f"the event cannot be read ({type(error).__name__})"
    else:
        said = problem(event)
    if said is not None:
        print(f"::error::{said}; nothing was started. Send what docs/architecture.md, Events, describes.")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
