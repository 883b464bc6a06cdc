"""The HTTP API: start a check, read checks, health. Function keys protect it; errors are problem details (RFC 9457)."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import azure.functions as func
import msgspec

from driftloop.config.models import Model
from driftloop.errors import ConfigError, DriftloopError
from driftloop.validation import UNREADABLE
from function_app.http.answers import MOST_CHECKS, CheckAnswer, Checks, Problem, Queued, Start
from function_app.http.health import health_of
from function_app.queue.alerting import tell_overdue
from function_app.queue.waiting import ask_once
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from function_app.runtime import Runtime

MOST_BODY = 10_000  # bytes: a body names one model
_SENDERS = 8


class ProblemError(Exception):
    """What is wrong with the request."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


Handler = Callable[["Runtime", func.HttpRequest], func.HttpResponse]


def answer(handler: Handler, runtime: "Callable[[], Runtime]", request: func.HttpRequest) -> func.HttpResponse:
    """The handler's answer, or a problem: nothing that a request does goes without a body that says what happened."""
    try:
        return handler(runtime(), request)
    except ProblemError as error:
        return problem(error.status, error.detail)
    except ConfigError as error:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
    except DriftloopError as error:
        emit("check_failed", error=str(error))
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    except Exception:
        logging.getLogger("driftloop").exception(
            '{"event": "check_failed", "error": "unexpected error in the HTTP API"}'
        )
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; the application's log has its trace")


def start_check(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """Asks for a check of one model, or of all; 202, because the queue does the work.

    Checks asked for while one waits are one.
    """
    body = request.get_body()
    if len(body) > MOST_BODY:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {MOST_BODY} bytes")
    try:
        wanted = msgspec.json.decode(body, type=Start) if body.strip() else Start()
    except UNREADABLE as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f'the body is not {{"model": "NAME"}}: {error}') from None
    models = runtime.config.models if wanted.model is None else (_model(runtime, wanted.model),)
    with ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(partial(ask_once, runtime), [model.name for model in models]))
    return to_json(Queued([model.name for model in models]), HTTPStatus.ACCEPTED)


def list_checks(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """The newest checks, of one model or of all."""
    unknown = set(request.params) - {"model", "limit", "code", "clientId"}
    if unknown:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, f"unknown parameter {sorted(unknown)[0][:80]!r}: model and limit are known"
        )
    limit = request.params.get("limit", "50")
    if not (limit.isascii() and limit.isdecimal() and len(limit) < 6 and 1 <= int(limit) <= MOST_CHECKS):
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"limit must be a number from 1 to {MOST_CHECKS}")
    name = request.params.get("model")
    model = None if name is None else _model(runtime, name).name
    return to_json(Checks(runtime.ledger.checks(model, int(limit))))


def get_check(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """One check, and the drift that it belongs to with everything that became of it."""
    name = request.route_params.get("check_id") or ""
    check = runtime.ledger.check(name) if is_id(name) else None
    if check is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no check with this id")
    drift = runtime.ledger.drift(check.model, check.drift_id) if check.drift_id else None
    return to_json(CheckAnswer.of(check, drift))


def health(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """When the last check of each model ran; 503 when one is overdue."""
    models, now = runtime.config.models, datetime.now(UTC)
    boxes = runtime.boxes.all() if any(model.alerts for model in models) else {}
    found = health_of(models, runtime.ledger, runtime.schedule, now, boxes)
    tell_overdue(runtime, {each.model: each.state for each in found.models}, now)
    return to_json(found.answer(), HTTPStatus.OK if found.healthy else HTTPStatus.SERVICE_UNAVAILABLE)


def openapi(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """The description of this API."""
    from function_app.http.openapi import DESCRIPTION

    return to_json(DESCRIPTION)


def problem(status: HTTPStatus, detail: str) -> func.HttpResponse:
    """Problem details."""
    body = Problem(status.phrase, int(status), detail[:1000])
    return func.HttpResponse(msgspec.json.encode(body), status_code=int(status), mimetype="application/problem+json")


def to_json(body: msgspec.Struct | Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> func.HttpResponse:
    """An answer that nobody keeps."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(
        msgspec.json.encode(body), status_code=int(status), headers=headers, mimetype="application/json"
    )


def _model(runtime: "Runtime", name: str) -> Model:
    try:
        return runtime.config.model(name)
    except ConfigError:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no model of this name is watched") from None


def is_id(text: str) -> bool:
    """Whether a text may be an identifier of ours: what is none is not looked for."""
    return len(text) <= 40 and text.isascii() and text.replace("-", "").isalnum()
