"""The dashboard and the metrics over HTTP: the engine makes them, this hands over what the request says."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import azure.functions as func

from driftloop.dashboard.metrics import metrics_answer
from driftloop.dashboard.pages import Page, answer
from driftloop.dashboard.rendering import COMMON_HEADERS
from function_app.dashboard import AccountSource
from function_app.http.api import ProblemError
from function_app.http.sign_in import DASHBOARD, Refused, caller

if TYPE_CHECKING:
    from function_app.runtime import Runtime


def dashboard(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """The page that the query asks for, or where to sign in."""
    address = urlsplit(request.url)
    path = address.path + (f"?{address.query}" if address.query else "")
    found = caller(runtime.environ, request.headers, path, DASHBOARD)
    if isinstance(found, Refused):
        if found.login is None:
            why = f"{DASHBOARD} is entra, and App Service authentication is off: switch it on, or take the setting away"
            raise ProblemError(HTTPStatus.FORBIDDEN, why)
        return func.HttpResponse(b"", status_code=HTTPStatus.FOUND, headers={"Location": found.login, **COMMON_HEADERS})
    wanted = request.headers.get("accept-language")
    return _response(answer(AccountSource.of(runtime), request.params, wanted, datetime.now(UTC)))


def metrics(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """All models for Prometheus."""
    return _response(metrics_answer(AccountSource.of(runtime), request.headers.get("accept"), datetime.now(UTC)))


def _response(page: Page) -> func.HttpResponse:
    # As a header too: of a `text/` type the worker would add a second character set.
    headers = {**page.headers, "Content-Type": page.content_type}
    return func.HttpResponse(page.body, status_code=page.status, headers=headers, mimetype=page.content_type)
