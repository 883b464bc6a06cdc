"""The HTTP API's OpenAPI description: paths as written here, bodies from the types that the API decodes and encodes."""

from typing import Any

import msgspec

from function_app.http.answers import (
    CheckAnswer,
    Checks,
    CommonCauses,
    HealthAnswer,
    Limit,
    Problem,
    Queued,
    Released,
    Start,
)

REFERENCE = "#/components/schemas/{name}"
_TYPES = (Start, Queued, Checks, CheckAnswer, CommonCauses, Released, HealthAnswer, Problem)
_REFERENCES, _SCHEMAS = msgspec.json.schema_components((*_TYPES, Limit), ref_template=REFERENCE)
_SCHEMA = dict(zip((*_TYPES, Limit), _REFERENCES, strict=True))


def _body(kind: Any, description: str, media: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": _SCHEMA[kind]}}}


def _problem(description: str) -> dict[str, Any]:
    return _body(Problem, description, "application/problem+json")


_ALWAYS = {
    "401": {"description": "The function key is missing or wrong; the Functions host answers, without a body."},
    "500": _problem("The application is misconfigured, or failed."),
    "503": _problem("Storage does not answer; try again."),
}
_OVERDUE = _body(HealthAnswer, "A check is overdue, or storage does not answer.")
_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}
_TEXTS = {media: {"schema": {"type": "string"}} for media in ("text/plain", "application/openmetrics-text")}
_CHECK_ID = {"name": "check_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_CAUSE_ID = {**_CHECK_ID, "name": "cause_id"}

PATHS: dict[str, Any] = {
    "/checks": {
        "post": {
            "operationId": "startCheck",
            "summary": "Check now: one model, or all",
            "requestBody": {"required": False, "content": {"application/json": {"schema": _SCHEMA[Start]}}},
            "responses": {
                "202": _body(Queued, "The checks are queued; one that waits already serves."),
                "400": _problem("The body is not what it should be."),
                "404": _problem("No model of this name is watched."),
                "413": _problem("The body is too long."),
                **_ALWAYS,
            },
        },
        "get": {
            "operationId": "listChecks",
            "summary": "The newest checks first",
            "parameters": [
                {"name": "model", "in": "query", "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "schema": _SCHEMA[Limit]},
            ],
            "responses": {
                "200": _body(Checks, "The checks."),
                "400": _problem("A parameter is not what it should be."),
                "404": _problem("No model of this name is watched."),
                **_ALWAYS,
            },
        },
    },
    "/checks/{check_id}": {
        "get": {
            "operationId": "getCheck",
            "summary": "One check and its drift",
            "parameters": [_CHECK_ID],
            "responses": {
                "200": _body(CheckAnswer, "The check."),
                "404": _problem("There is no such check."),
                **_ALWAYS,
            },
        }
    },
    "/common-causes": {
        "get": {
            "operationId": "listCommonCauses",
            "summary": "Many drifts at once, the newest first",
            "responses": {"200": _body(CommonCauses, "The common causes."), **_ALWAYS},
        }
    },
    "/common-causes/{cause_id}/release": {
        "post": {
            "operationId": "releaseCommonCause",
            "summary": "Let the retrains of a common cause go on",
            "parameters": [_CAUSE_ID],
            "responses": {
                "202": _body(Released, "They go on one after the other; again for one that is released already."),
                "404": _problem("There is no such cause."),
                **_ALWAYS,
            },
        }
    },
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "When each model was last checked",
            "responses": {
                "200": _body(HealthAnswer, "No check is overdue."),
                **_ALWAYS,
                "503": {**_OVERDUE, "content": {**_OVERDUE["content"], **_ALWAYS["503"]["content"]}},
            },
        }
    },
    "/dashboard": {
        "get": {
            "operationId": "dashboard",
            "summary": "All models, one model, all checks or a stored report, as a page for people",
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "string"}}
                for name in ("model", "report", "view", "status", "q", "page", "before", "verdict", "lang")
            ],
            "responses": {
                "200": {"description": "The page.", **_PAGE},
                "404": {"description": "No such model or report, as a page.", **_PAGE},
                **_ALWAYS,
                "503": {"description": "Storage does not answer, as a page.", **_PAGE},
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "The state of all models for Prometheus",
            "responses": {
                "200": {"description": "OpenMetrics, or Prometheus' older text.", "content": _TEXTS},
                **_ALWAYS,
                "503": {"description": "Storage does not answer.", "content": _TEXTS},
            },
        }
    },
    "/openapi.json": {
        "get": {
            "operationId": "openapi",
            "summary": "This description",
            "responses": {
                "200": {
                    "description": "OpenAPI 3.1.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
                **_ALWAYS,
            },
        }
    },
}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Driftloop",
        "version": "1",
        "description": "Checks of watched models, and what became of the drifts that they found.",
    },
    "servers": [{"url": "/api"}],
    "security": [{"header": []}, {"query": []}],
    "components": {
        "schemas": _SCHEMAS,
        "securitySchemes": {
            "header": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
            "query": {"type": "apiKey", "in": "query", "name": "code"},
        },
    },
    "paths": PATHS,
}
