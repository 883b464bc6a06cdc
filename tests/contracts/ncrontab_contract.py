"""What NCrontab, the Functions host's library, answers to an expression, against `driftloop.cron`.

A line of the contract holds an expression, a moment, and the host's next four ticks after it or its refusal.
"""

import calendar
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from driftloop.config.cron import Cron
from driftloop.errors import ConfigError

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "ncrontab.jsonl"
SAMPLE = Path(__file__).with_name("ncrontab_sample.jsonl")
_MONTHS = calendar.month_name[1:]
_WEEKDAYS = [calendar.day_name[6], *calendar.day_name[:6]]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def disagreement(line: dict[str, Any]) -> str | None:
    """How we read an expression otherwise than the host; None when both read the same.

    What we refuse on purpose is written as our message asks, and must then have the host's ticks.
    """
    text = line["expression"]
    if "refused" in line:
        return None if _refusal(text) else f"{text!r} is taken here; the host says: {line['refused']}"
    while message := _refusal(text):
        mended = _mended(text, message)
        if mended is None or mended == text:
            return f"the host takes {line['expression']!r}; refused here without a stated reason: {message}"
        text = mended
    cron = Cron.parse(text)
    before = datetime.fromisoformat(line["after"])
    if not line["ticks"] and (found := cron.previous(before)) is not None:
        return f"{text!r}: the host finds no tick; here {found}"
    for n, tick in enumerate(datetime.fromisoformat(tick) for tick in line["ticks"]):
        newest = cron.previous(tick - timedelta(seconds=1))
        # None of ours lies between two of the host's; before the first, none after the moment asked for.
        between = newest is not None and (newest > before if n == 0 else newest != before)
        if cron.previous(tick) != tick or between or (n > 0 and newest is None):
            return f"{text!r}: the host ticks at {tick}; here at {cron.previous(tick)} and before it at {newest}"
        before = tick
    return None


def _refusal(text: str) -> str:
    try:
        Cron.parse(text)
    except ConfigError as error:
        return str(error)
    return ""


def _mended(text: str, message: str) -> str | None:
    """The expression as the host reads it, where the message says that we are stricter."""
    reason = re.search(r": '([^']+)' (has a step of 0|runs backwards|is too short)", message)
    if reason is None:
        return None
    item = reason[1]
    if reason[2] == "is too short":
        weekday = "weekday" in message.split("too short", 1)[1]
        name = next(name for name in (_WEEKDAYS if weekday else _MONTHS) if name.lower().startswith(item.lower()))
        return re.sub(rf"(?<![^\s,-]){re.escape(item)}(?![^\s,/-])", name, text)
    span, _, step = item.partition("/")
    if reason[2] == "runs backwards":
        span = "-".join(reversed(span.split("-")))
    mended = f"{span}/1" if reason[2] == "has a step of 0" else span + (f"/{step}" if step else "")
    # Only whole items of lists; in every field, because the same item means the same in each that it fits.
    return re.sub(rf"(?<![^\s,]){re.escape(item)}(?![^\s,])", mended, text)
