"""The function app in Microsoft's own worker code: `azure_functions_runtime`, which the Python worker runs from Python
3.13 on. Its handlers are called as its host calls them, with stand-ins for the protocol's message classes and no gRPC
in between.

Run by Python 3.13: `python driving.py APP_ROOT < calls.json`. Reads a list of calls, `{"function", "trigger", "data"}`,
makes them one after the other and writes one JSON object: `functions` (each with its bindings) and `answers`.
"""

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Message:
    """A message of the protocol: the fields that it was given."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802  the protocol's own name
        """The field that is there."""
        return next(iter(self.__dict__), None)


class StatusResult(Message):
    """How a call ended."""

    Failure, Success = 0, 1


class BindingInfo(Message):
    """One binding of a function."""

    undefined = 0
    out, inout = 1, 2


class Protocol:
    """The message classes, by name."""

    StatusResult, BindingInfo = StatusResult, BindingInfo

    def __getattr__(self, name: str) -> type[Message]:
        return Message


def request(**content: Any) -> Any:
    """As the proxy in front of the library hands it on."""
    properties = {"protos": Protocol(), "host": "127.0.0.1"}
    return SimpleNamespace(request=SimpleNamespace(**content), properties=properties)


def typed(kind: str, data: Any) -> Message:
    """What a trigger brings, as the protocol types it."""
    match kind:
        case "http":
            body = Message(bytes=data["body"].encode())
            fields = {"method": data["method"], "url": data["url"], "headers": data.get("headers", {})}
            return Message(
                http=Message(**fields, body=body, params=data.get("params", {}), query=data.get("query", {}))
            )
        case "queue":
            return Message(bytes=data.encode())
        case _:
            return Message(json=json.dumps(data))


def metadata(kind: str) -> dict[str, Message]:
    """What the host tells of a message beside its content."""
    if kind != "queue":
        return {}
    times = dict.fromkeys(("ExpirationTime", "InsertionTime", "NextVisibleTime"), '"2030-01-01T00:00:00+00:00"')
    texts = {"DequeueCount": "1", "Id": '"1"', "PopReceipt": '"x"', **times}
    return {name: Message(json=text) for name, text in texts.items()}


async def invoked(handlers: Any, found: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """One call through the library, and its answer."""
    function = found[call["function"]]
    trigger = next(name for name, binding in function.bindings.items() if "trigger" in binding.type.lower())
    answer = await handlers.invocation_request(
        request(
            invocation_request=SimpleNamespace(
                invocation_id="1",
                function_id=function.function_id,
                input_data=[Parameter(trigger, typed(call["trigger"], call["data"]))],
                trigger_metadata=metadata(call["trigger"]),
                trace_context=SimpleNamespace(trace_parent=TRACE_PARENT, trace_state="", attributes={}),
                retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
            )
        )
    )
    told: dict[str, Any] = {"function": call["function"], "succeeded": answer.result.status == StatusResult.Success}
    if not told["succeeded"]:
        told["error"] = answer.result.exception.message + answer.result.exception.stack_trace
    elif (value := getattr(answer, "return_value", None)) is not None:
        body = value.http.body
        told["status"] = int(value.http.status_code)
        told["body"] = getattr(body, "string", None) or body.bytes.decode()
    return told


class Parameter:
    """One argument of a call: its name and its data."""

    def __init__(self, name: str, data: Message) -> None:
        self.name, self.data = name, data

    def WhichOneof(self, _: str) -> str:  # noqa: N802  the protocol's own name
        """Data, and no shared memory."""
        return "data"


async def main(root: Path, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Indexes the app and makes the calls."""
    from azure_functions_runtime import handle_event as handlers

    started = await handlers.worker_init_request(
        request(worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(root)))
    )
    if started.result.status != StatusResult.Success:
        return {"failed": started.result.exception.message + started.result.exception.stack_trace}
    listed = await handlers.functions_metadata_request(request())
    found = {function.name: function for function in listed.function_metadata_results or ()}
    functions = {
        name: {binding: info.type for binding, info in function.bindings.items()} for name, function in found.items()
    }
    return {"functions": functions, "answers": [await invoked(handlers, found, call) for call in calls]}


if __name__ == "__main__":
    app_root = Path(sys.argv[1])
    sys.path.insert(0, str(app_root))  # as the host sets the app's own folder first
    told = asyncio.run(main(app_root, json.load(sys.stdin)))
    sys.stdout.write("\n" + json.dumps(told) + "\n")
