"""The host's HTTP side: admin API, HTTP triggers with keys, Event Grid's webhook; and what the sandbox adds to wait
for the end of things.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.functions_host.invoking import Invoker, event_datum, http_datum, timer_datum
from sandbox.functions_host.loading import LoadedFunction
from sandbox.functions_host.queues import QueuePump

KEY_HEADER = "x-functions-key"
EVENT_GRID_PATH = "/runtime/webhooks/EventGrid"


class Service:
    """One app's endpoints. `master_key` opens everything, `function_key` HTTP functions and the webhook."""

    def __init__(
        self,
        functions: Mapping[str, LoadedFunction],
        invoker: Invoker,
        pump: QueuePump,
        master_key: str,
        function_key: str,
    ) -> None:
        self._functions, self._invoker, self._pump = functions, invoker, pump
        self._master_key, self._keys = master_key, {master_key, function_key}

    def application(self) -> Starlette:
        """As an ASGI application."""
        routes = [
            Route("/admin/functions/{name}", self._fire, methods=["POST"]),
            Route("/admin/functions", self._list, methods=["GET"]),
            Route(EVENT_GRID_PATH, self._event_grid, methods=["POST", "OPTIONS"]),
            Route("/sandbox/fire/{name}", self._fire_and_wait, methods=["POST"]),
            Route("/sandbox/idle", self._idle, methods=["POST"]),
        ]
        http = [function for function in self._functions.values() if function.trigger["type"] == "httpTrigger"]
        paths = {str(function.trigger["route"]) for function in http}
        for path in sorted(paths, key=lambda path: "{" in path):
            here = [function for function in http if function.trigger["route"] == path]
            methods = {method: function for function in here for method in _methods(function)}
            routes.append(Route(f"/api/{path}", self._http(methods), methods=list(methods)))
        return Starlette(routes=routes)

    def _refused(self, request: Request, keys: set[str]) -> Response | None:
        key = request.headers.get(KEY_HEADER) or request.query_params.get("code")
        return None if key in keys else Response(status_code=401)

    def _timer(self, request: Request) -> LoadedFunction | None:
        function = self._functions.get(request.path_params["name"])
        return function if function and function.trigger["type"] == "timerTrigger" else None

    async def _fire(self, request: Request) -> Response:
        if refusal := self._refused(request, {self._master_key}):
            return refusal
        function = self._timer(request)
        if function is None:
            return Response(status_code=404)
        # Accepted, not awaited: the caller learns nothing of the result, as in Azure.
        asyncio.get_running_loop().run_in_executor(None, self._invoker.invoke, function, timer_datum())
        return Response(status_code=202)

    async def _fire_and_wait(self, request: Request) -> Response:
        if refusal := self._refused(request, {self._master_key}):
            return refusal
        function = self._timer(request)
        if function is None:
            return Response(status_code=404)
        first = len(self._invoker.records)
        timeout = float(request.query_params["timeout"])
        return await asyncio.to_thread(self._fired, function, first, timeout)

    def _fired(self, function: LoadedFunction, first: int, timeout: float) -> Response:
        succeeded, _ = self._invoker.invoke(function, timer_datum())
        idle = self._pump.wait_idle(timeout) if succeeded else True
        return JSONResponse(
            {"idle": idle, "invocations": [record.as_dict() for record in self._invoker.records[first:]]}
        )

    async def _idle(self, request: Request) -> Response:
        if refusal := self._refused(request, {self._master_key}):
            return refusal
        idle = await asyncio.to_thread(self._pump.wait_idle, float(request.query_params["timeout"]))
        return JSONResponse({"idle": idle, "invocations": [record.as_dict() for record in self._invoker.records]})

    async def _list(self, request: Request) -> Response:
        if refusal := self._refused(request, {self._master_key}):
            return refusal
        return JSONResponse(
            [
                {"name": name, "config": {"bindings": list(function.bindings)}}
                for name, function in sorted(self._functions.items())
            ]
        )

    def _http(self, functions: Mapping[str, LoadedFunction]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            # Starlette answers HEAD wherever GET is; the function sees the method that was asked for.
            function = functions.get(request.method) or functions["GET"]
            is_open = str(function.trigger.get("authLevel", "FUNCTION")).upper() == "ANONYMOUS"
            if not is_open and (refusal := self._refused(request, self._keys)):
                return refusal
            data = http_datum(
                request.method,
                str(request.url),
                dict(request.headers),
                dict(request.query_params),
                request.path_params,
                await request.body(),
            )
            succeeded, result = await asyncio.to_thread(self._invoker.invoke, function, data)
            if not succeeded:
                return Response(status_code=500)
            return Response(result.get_body(), result.status_code, _headers(result))

        return answer

    async def _event_grid(self, request: Request) -> Response:
        if request.method == "OPTIONS":  # CloudEvents' handshake
            origin = request.headers.get("webhook-request-origin", "")
            return Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})
        if refusal := self._refused(request, self._keys):
            return refusal
        function = self._functions.get(request.query_params.get("functionName", ""))
        if function is None or function.trigger["type"] != "eventGridTrigger":
            return Response(status_code=404)
        try:
            body = json.loads(await request.body())
        except (json.JSONDecodeError, UnicodeDecodeError):
            return Response(status_code=400)
        events: list[Any] = body if isinstance(body, list) else [body]
        if request.headers.get("aeg-event-type", "").lower() == "subscriptionvalidation":
            return JSONResponse({"validationResponse": events[0]["data"]["validationCode"]})
        if not all(isinstance(event, dict) for event in events):
            return Response(status_code=400)
        failed = await asyncio.to_thread(self._deliver, function, events)
        # Event Grid delivers a whole batch again when one of its events failed.
        return Response(status_code=500 if failed else 202)

    def _deliver(self, function: LoadedFunction, events: list[dict[str, Any]]) -> bool:
        results = [self._invoker.invoke(function, event_datum(event))[0] for event in events]
        return not all(results)


def disabled(name: str, environ: Mapping[str, str]) -> bool:
    """Whether an application setting switches the function off."""
    return bool(re.fullmatch("true|1", environ.get(f"AzureWebJobs.{name}.Disabled", ""), re.IGNORECASE))


def _headers(result: Any) -> dict[str, str]:
    """As the worker sends them: a content type of the app's own stands, else its media type becomes one."""
    headers = dict(result.headers)
    if "content-type" not in result.headers:
        charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") else ""
        headers["content-type"] = result.mimetype + charset
    return headers


def _methods(function: LoadedFunction) -> list[str]:
    return [str(method).upper() for method in function.trigger.get("methods", ["GET", "POST"])]
