"""`/api/predict` and `/api/predict/{model}`: which models there are, and one model's form with its prediction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

import azure.functions as func

from driftloop.errors import ConfigError, DriftloopError
from driftloop.report.words.language import Words
from function_app.http import sign_in
from function_app.practitioners import entries
from function_app.practitioners.cautions import cautions_of
from function_app.practitioners.entries import Entries, Mistake
from function_app.practitioners.fields import Field, fields_of, target_of
from function_app.practitioners.limits import RateLimit
from function_app.practitioners.rendering import choose_language, render, words_of
from function_app.practitioners.requests import MOST_BODY, Asked, new_nonce, security_headers
from function_app.practitioners.view import Result, result_of
from function_app.scoring.failures import FieldRefusedError, ScoringError
from function_app.storage.model_blobs import ModelBlobs
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    from driftloop import Baseline
    from driftloop.events import InService
    from function_app.runtime import Runtime

_STATUS = {"busy": HTTPStatus.SERVICE_UNAVAILABLE, "slow": HTTPStatus.GATEWAY_TIMEOUT}


@dataclass
class Visit:
    """One request being answered: who asks, in which language, and how often they may."""

    asked: Asked
    words: Words
    nonce: str
    code: str
    limit: RateLimit
    caller: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """No page: a key of the catalogue says why."""

    def __init__(self, status: HTTPStatus, key: str, **values: str) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values


@dataclass(frozen=True)
class Outcome:
    """What a form is shown with: what was entered, and what came of it. `failure` is a key of the catalogue."""

    sent: Entries | None = None
    result: Result | None = None
    failure: str = ""
    status: HTTPStatus = HTTPStatus.OK


Handler = Callable[["Runtime", func.HttpRequest, Visit], func.HttpResponse]


@cache
def _limit() -> RateLimit:
    return RateLimit()


def answer(
    handler: Handler, runtime: "Callable[[], Runtime]", request: func.HttpRequest, limit: RateLimit | None = None
) -> func.HttpResponse:
    """The handler's page, or one that says in a sentence why there is none. Nothing of a request is logged."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    language = choose_language(request.params.get("lang"), headers.get("accept-language", ""))
    asked = Asked(str(request.method), str(request.url), headers)
    visit = Visit(asked, words_of(language), new_nonce(), request.params.get("code", ""), limit or _limit())
    try:
        return _signed_in(handler, runtime(), request, visit)
    except RefusedError as error:
        return _refusal(visit, error.status, error.key, **error.values)
    except ConfigError as error:
        emit("page_failed", error=str(error))
        return _refusal(visit, HTTPStatus.INTERNAL_SERVER_ERROR, "refused.configuration")
    except DriftloopError as error:
        emit("page_failed", error=str(error))
        return _refusal(visit, HTTPStatus.SERVICE_UNAVAILABLE, "refused.storage")
    except Exception as error:  # noqa: BLE001  its traceback could hold what a person entered, so its kind is logged
        emit("page_failed", error=f"unexpected {type(error).__name__}")
        return _refusal(visit, HTTPStatus.INTERNAL_SERVER_ERROR, "refused.unexpected")


def list_models(runtime: "Runtime", request: func.HttpRequest, visit: Visit) -> func.HttpResponse:  # noqa: ARG001
    """The models that are watched, each with its form."""
    names = [model.name for model in runtime.config.models]
    return _page(visit, "models.html.j2", {"models": names, "query": _query(visit)})


def show_model(runtime: "Runtime", request: func.HttpRequest, visit: Visit) -> func.HttpResponse:
    """One model's form; to a form that was sent, the prediction or what is wrong with it."""
    name = request.route_params.get("model") or ""
    if name not in {model.name for model in runtime.config.models}:
        raise RefusedError(HTTPStatus.NOT_FOUND, "refused.no-model")
    blobs = ModelBlobs(runtime.storage, name)
    pointer = blobs.in_service()
    if pointer is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, "refused.not-in-service", model=name)
    baseline = blobs.baseline(pointer)
    fields = fields_of(baseline, visit.words.language)
    shown = Form(name, pointer, baseline, fields)
    if request.method == "POST":
        return _predicted(runtime, request.get_body(), visit, shown)
    return _form(runtime, visit, shown, Outcome())


@dataclass(frozen=True)
class Form:
    """A model's form."""

    model: str
    pointer: "InService"
    baseline: "Baseline"
    fields: tuple[Field, ...]


def _signed_in(handler: Handler, runtime: "Runtime", request: func.HttpRequest, visit: Visit) -> func.HttpResponse:
    found = sign_in.caller(runtime.environ, visit.asked.headers, visit.asked.path)
    if isinstance(found, sign_in.Refused):
        if found.login is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, "refused.sign-in-missing")
        if request.method != "GET":
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "refused.signed-out")
        headers = {**security_headers(visit.nonce, visit.words.language), "Location": found.login}
        return func.HttpResponse(b"", status_code=int(HTTPStatus.FOUND), headers=headers)
    visit.caller = found
    return handler(runtime, request, visit)


def _predicted(runtime: "Runtime", body: bytes, visit: Visit, shown: Form) -> func.HttpResponse:
    if not visit.asked.is_from_our_page():
        raise RefusedError(HTTPStatus.FORBIDDEN, "refused.elsewhere")
    if len(body) > MOST_BODY:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "refused.too-long")
    if not visit.asked.is_form():
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "refused.no-form")
    try:
        sent = entries.parse(body, shown.fields)
    except entries.BodyError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "refused.no-form") from None
    return _form(runtime, visit, shown, _outcome(runtime, visit, shown, sent))


def _outcome(runtime: "Runtime", visit: Visit, shown: Form, sent: Entries) -> Outcome:
    """The prediction for what was entered, or why there is none."""
    if sent.mistakes:
        return Outcome(sent, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if all(value is None for value in sent.record.values()):
        return Outcome(sent, failure="failure.empty", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    wait = visit.limit.wait_for(visit.caller)
    if wait > 0:
        visit.headers["Retry-After"] = str(ceil(wait))
        return Outcome(sent, failure="failure.too-many", status=HTTPStatus.TOO_MANY_REQUESTS)
    return _asked(runtime, visit, shown, sent)


def _asked(runtime: "Runtime", visit: Visit, shown: Form, sent: Entries) -> Outcome:
    """What the model's endpoint says of a record."""
    try:
        found = runtime.scoring.predict(shown.pointer.endpoint or "", sent.record)
    except FieldRefusedError as error:
        if error.field in sent.record:
            refused = Entries(sent.texts, sent.record, {error.field: Mistake("mistake.refused")})
            return Outcome(refused, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        emit("page_failed", model=shown.model, error="the endpoint does not take what the model's schema says")
        return Outcome(sent, failure="failure.schema", status=HTTPStatus.BAD_GATEWAY)
    except ScoringError as error:
        emit("page_failed", model=shown.model, error=str(error))
        status = _STATUS.get(error.kind, HTTPStatus.BAD_GATEWAY)
        return Outcome(sent, failure=f"failure.{error.kind}", status=status)
    return Outcome(sent, result_of(found, shown.fields, sent.record, target_of(shown.baseline), visit.words))


def _form(runtime: "Runtime", visit: Visit, shown: Form, outcome: Outcome) -> func.HttpResponse:
    target, pointer, sent = target_of(shown.baseline), shown.pointer, outcome.sent
    values = {
        "model": shown.model,
        "target": shown.model if target is None else target.title_in(visit.words.language),
        "version": pointer.version,
        "since": (pointer.deployed_at or "")[:10],
        "records": f"{shown.baseline.rows:,}",
        "cautions": cautions_of(runtime, shown.model, pointer.version),
        "fields": shown.fields,
        "texts": {} if sent is None else sent.texts,
        "mistakes": {} if sent is None else sent.mistakes,
        "result": outcome.result,
        "failure": outcome.failure,
        "query": _query(visit),
        "prefix": entries.PREFIX,
        "longest": entries.LONGEST,
    }
    return _page(visit, "model.html.j2", values, outcome.status)


def _refusal(visit: Visit, status: HTTPStatus, key: str, **values: str) -> func.HttpResponse:
    page = {"sentence": visit.words(key, **values), "query": _query(visit), "status": int(status)}
    return _page(visit, "refused.html.j2", page, status)


def _page(visit: Visit, template: str, values: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> func.HttpResponse:
    text = render(template, visit.words, visit.nonce, values)
    headers = {**security_headers(visit.nonce, visit.words.language), **visit.headers}
    return func.HttpResponse(
        text.encode(), status_code=int(status), headers=headers, mimetype="text/html", charset="utf-8"
    )


def _query(visit: Visit) -> dict[str, str]:
    """What links between the pages carry on: the key, where one is used."""
    return {"code": visit.code} if visit.code and visit.caller == sign_in.KEY else {}
