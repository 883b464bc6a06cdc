"""Invocations: trigger data in, result out, through the worker's own converters; and a record of what ran."""

import inspect
import json
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from azure.functions import meta

from sandbox.functions_host.loading import LoadedFunction

_logger = logging.getLogger("sandbox.functions_host")


@dataclass
class Record:
    """One invocation: `error` is its traceback, None while it runs and when it succeeded."""

    number: int
    function: str
    started: float
    seconds: float | None = None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Invoker:
    """Runs functions and remembers that it did. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.records: list[Record] = []

    @property
    def running(self) -> bool:
        """Some invocation has not ended."""
        with self._lock:
            return any(record.seconds is None for record in self.records)

    def invoke(
        self, function: LoadedFunction, data: meta.Datum, metadata: Mapping[str, meta.Datum] | None = None
    ) -> tuple[bool, Any]:
        """Whether it succeeded, and its result. What it raised is in its record, and in the log."""
        with self._lock:
            record = Record(len(self.records), function.name, time.monotonic())
            self.records.append(record)
        try:
            registry = meta.get_binding_registry()  # type: ignore[no-untyped-call]
            value = registry.get(str(function.trigger["type"])).decode(data, trigger_metadata=metadata)
            arguments = {str(function.trigger["name"]): value}
            if "context" in inspect.signature(function.call).parameters:
                arguments["context"] = _context(function.name)
            result = function.call(**arguments)
        except Exception:  # noqa: BLE001  whatever a function raises is a failed invocation, not the host's end
            record.error = traceback.format_exc()
            _logger.warning("function %s failed: %s", function.name, record.error)
            return False, None
        finally:
            record.seconds = time.monotonic() - record.started
        return True, result


@dataclass(frozen=True)
class _TraceContext:
    """What the host's own span of an invocation hands on (W3C Trace Context)."""

    trace_parent: str
    trace_state: str = ""


@dataclass(frozen=True)
class _Context:
    """What a function that asks for its `context` is given."""

    function_name: str
    invocation_id: str
    trace_context: _TraceContext


def _context(function: str) -> _Context:
    trace = _TraceContext(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    return _Context(function, secrets.token_hex(16), trace)


def timer_datum() -> meta.Datum:
    """A tick that is on time."""
    return meta.Datum(
        json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": {}, "IsPastDue": False}), "json"
    )


def event_datum(event: Mapping[str, Any]) -> meta.Datum:
    """One event; the host calls a function once for each of a batch."""
    return meta.Datum(json.dumps(event), "json")


def queue_data(message: Any, content: bytes) -> tuple[meta.Datum, dict[str, meta.Datum]]:
    """A queue message and what the host tells about it."""
    times = {
        "ExpirationTime": message.expires_on,
        "InsertionTime": message.inserted_on,
        "NextVisibleTime": message.next_visible_on,
    }
    metadata = {name: meta.Datum(json.dumps(moment.isoformat()), "json") for name, moment in times.items() if moment}
    metadata["Id"] = meta.Datum(message.id, "string")
    metadata["DequeueCount"] = meta.Datum(str(message.dequeue_count), "string")
    metadata["PopReceipt"] = meta.Datum(message.pop_receipt, "string")
    return meta.Datum(content, "bytes"), metadata


def http_datum(
    method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], path: Mapping[str, str], body: bytes
) -> meta.Datum:
    """A request as the host hands it over."""

    def texts(values: Mapping[str, str]) -> dict[str, meta.Datum]:
        return {name: meta.Datum(value, "string") for name, value in values.items()}

    value = {
        "method": meta.Datum(method, "string"),
        "url": meta.Datum(url, "string"),
        "headers": texts(headers),
        "query": texts(query),
        "params": texts(path),
        "body": meta.Datum(body, "bytes"),
    }
    return meta.Datum(value, "http")
