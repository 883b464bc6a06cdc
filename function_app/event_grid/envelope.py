"""An event of Event Grid in either of its schemas: Event Grid's own, or CloudEvents."""

from typing import Any


def event_type(event: Any) -> str:
    # The Event Grid schema says event_type, CloudEvents says type; the binding hands over one or the other.
    found = getattr(event, "event_type", None) or getattr(event, "type", None)
    return found if isinstance(found, str) else ""


def event_data(event: Any) -> Any:
    return event.get_json() if hasattr(event, "get_json") else event.data
