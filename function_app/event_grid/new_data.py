"""Data has landed: Event Grid tells, and a check is asked for."""

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from function_app.event_grid.envelope import event_type
from function_app.queue.sending import Message, ask
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import azure.functions as func

    from function_app.runtime import Runtime

BLOB_CREATED = "Microsoft.Storage.BlobCreated"
QUIET = timedelta(seconds=60)  # files land in groups: one check for all that land within it
_SUBJECT = re.compile(r"/blobServices/default/containers/(?P<container>[a-z0-9-]+)/blobs/(?P<name>.+)", re.DOTALL)
_last_asked: dict[str, float] = {}


def data_landed(runtime: "Runtime", event: "func.EventGridEvent") -> list[str]:
    """Asks for a check of the models whose records the blob belongs to; returns their names.

    The timer's check then finds nothing new.
    """
    from function_app.incoming.sources import expression

    subject = event.subject if isinstance(event.subject, str) else ""
    match = _SUBJECT.fullmatch(subject)
    if event_type(event) != BLOB_CREATED or match is None:
        emit("event_ignored", reason=f"not a new blob: {event_type(event)[:80]}")
        return []
    asked = []
    for model in runtime.config.models:
        container, _, path = model.records.partition("/")
        if container == match["container"] and expression(path).fullmatch(match["name"]) and _is_first(model.name):
            ask(runtime, [Message(model.name)], QUIET + timedelta(seconds=model.settle_seconds))
            asked.append(model.name)
    return asked


def _is_first(model: str) -> bool:
    # By the machine's running time: a check that was asked for less than QUIET ago has not begun yet.
    now = time.monotonic()
    if now - _last_asked.get(model, float("-inf")) < QUIET.total_seconds():
        return False
    _last_asked[model] = now
    return True
