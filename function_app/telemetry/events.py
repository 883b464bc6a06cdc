"""What happened, as one JSON object a line: the Functions host hands the text on to Application Insights, where
infra's queries and alerts parse it. The same events are what `function_app.telemetry.spans` counts.

Fields are identifiers, numbers and words of ours; never a record, a token or a request body.
"""

import json
import logging
from datetime import datetime
from typing import Literal

from driftloop.times import format_time
from function_app.telemetry.spans import observe

Event = Literal[
    "check_finished",
    "check_failed",
    "check_poisoned",
    "drift",
    "common_cause",
    "common_cause_released",
    "incident",
    "overdue",
    "dispatch_sent",
    "dispatch_failed",
    "dispatch_uncertain",
    "drift_moved",
    "drift_closed",
    "retrain_failed",
    "deployment_requested",
    "deployment_skipped",
    "event_ignored",
    "event_unreadable",
    "deployed",
    "alert_sent",
    "alert_delayed",
    "alert_failed",
    "alert_dropped",
    "page_failed",
]
Field = str | int | float | bool | None | datetime | tuple[str, ...]
# What a person must look at; alert rules are on these.
_ALERTS = frozenset(
    {
        *("incident", "overdue", "dispatch_failed", "check_poisoned", "check_failed", "retrain_failed"),
        *("event_unreadable", "alert_failed", "alert_dropped", "common_cause"),
    }
)
LONGEST = 500  # characters of a field: a line of 64 kB is cut by the host
MOST_ITEMS = 20  # of a list
_logger = logging.getLogger("driftloop")


def emit(event: Event, **fields: Field) -> None:
    """Logs one event; those that need a person as warnings."""
    body = {"event": event, **{name: _plain(value) for name, value in fields.items() if value is not None}}
    _logger.log(logging.WARNING if event in _ALERTS else logging.INFO, json.dumps(body))
    observe(event, fields)


def _plain(value: Field) -> object:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, tuple):
        return [item[:LONGEST] for item in value[:MOST_ITEMS]]
    return value[:LONGEST] if isinstance(value, str) else value
