"""The dashboard and the metrics over HTTP: the engine makes them, this hands over what the request says."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import azure.functions as func

from driftloop.dashboard.metrics import metrics_answer
from driftloop.dashboard.pages import Page, answer
from function_app.dashboard import AccountSource

if TYPE_CHECKING:
    from function_app.runtime import Runtime


def dashboard(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """The page that the query asks for."""
    wanted = request.headers.get("accept-language")
    return _response(answer(AccountSource.of(runtime), request.params, wanted, datetime.now(UTC)))


def metrics(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """All models for Prometheus."""
    return _response(metrics_answer(AccountSource.of(runtime), request.headers.get("accept"), datetime.now(UTC)))


def _response(page: Page) -> func.HttpResponse:
    # As a header too: of a `text/` type the worker would add a second character set.
    headers = {**page.headers, "Content-Type": page.content_type}
    return func.HttpResponse(page.body, status_code=page.status, headers=headers, mimetype=page.content_type)
