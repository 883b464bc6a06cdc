"""Data has landed: Event Grid tells, and a check is asked for."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from driftloop.config.models import CONTAINER
from function_app.event_grid.envelope import event_type
from function_app.queue.waiting import ask_once
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import azure.functions as func

    from function_app.runtime import Runtime

BLOB_CREATED = "Microsoft.Storage.BlobCreated"
QUIET = timedelta(seconds=60)  # files land in groups: one check for all that land within it
_SUBJECT = re.compile(rf"/blobServices/default/containers/(?P<container>{CONTAINER})/blobs/(?P<name>.+)", re.DOTALL)


def data_landed(runtime: "Runtime", event: "func.EventGridEvent") -> list[str]:
    """Asks for a check of the models whose records the blob belongs to; returns their names.

    The timer's check then finds nothing new. Raises DriftloopError and Azure's errors: Event Grid delivers the event
    again.
    """
    subject = event.subject if isinstance(event.subject, str) else ""
    match = _SUBJECT.fullmatch(subject)
    if event_type(event) != BLOB_CREATED or match is None:
        emit("event_ignored", reason=f"not a new blob: {event_type(event)[:80]}")
        return []
    asked = []
    for model in runtime.watched_paths.owners(match["container"], match["name"]):
        ask_once(runtime, model.name, QUIET + timedelta(seconds=model.settle_seconds))
        asked.append(model.name)
    return asked
