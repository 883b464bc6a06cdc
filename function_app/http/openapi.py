"""The HTTP API's OpenAPI description: what it promises, and what a test holds it to."""

from typing import Any

_TIME = {"type": "string", "format": "date-time"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["number", "null"]}

_CHECK: dict[str, Any] = {
    "type": "object",
    "required": ["check_id", "model", "at", "verdict", "reasons", "rows", "files"],
    "properties": {
        "check_id": {"type": "string"},
        "model": {"type": "string"},
        "at": _TIME,
        "verdict": {"enum": ["stable", "drift", "incident", "insufficient"]},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "rows": {"type": "integer", "minimum": 0},
        "files": {"type": "integer", "minimum": 0},
        "baseline_version": _TEXT_OR_NULL,
        "baseline_sha256": _TEXT_OR_NULL,
        "window_sha256": _TEXT_OR_NULL,
        "window_first": _TEXT_OR_NULL,
        "window_last": _TEXT_OR_NULL,
        "evidence": _NUMBER_OR_NULL,
        "drift_id": _TEXT_OR_NULL,
        "degraded": {"type": "boolean"},
        "quarantined": {"type": "array", "items": {"type": "string"}},
        "report": _TEXT_OR_NULL,
        "seconds": {"type": "number", "minimum": 0},
        "summary": {"type": "object"},
    },
}
_DRIFT: dict[str, Any] = {
    "type": ["object", "null"],
    "required": ["drift_id", "state", "history"],
    "properties": {
        "drift_id": {"type": "string"},
        "state": {"enum": ["held", "claimed", "sent", "confirmed", "promoted", "rejected", "failed", "superseded"]},
        "history": {"type": "array", "items": {"type": "object", "required": ["at", "state", "note"]}},
    },
}
_MODEL_HEALTH: dict[str, Any] = {
    "type": "object",
    "required": ["model", "last_checked_at", "overdue_since"],
    "properties": {
        "model": {"type": "string"},
        "last_checked_at": _TEXT_OR_NULL,
        "last_verdict": _TEXT_OR_NULL,
        "last_error": _TEXT_OR_NULL,
        "overdue_since": _TEXT_OR_NULL,
    },
}
_HEALTH: dict[str, Any] = {
    "type": "object",
    "required": ["status", "models"],
    "properties": {"status": {"enum": ["healthy", "overdue"]}, "models": {"type": "array", "items": _MODEL_HEALTH}},
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}


_ALWAYS = {
    "401": {"description": "The function key is missing or wrong; the Functions host answers, without a body."},
    "500": _problem("The application is misconfigured, or failed."),
    "503": _problem("Storage does not answer; try again."),
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
        "securitySchemes": {
            "header": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
            "query": {"type": "apiKey", "in": "query", "name": "code"},
        }
    },
    "paths": {
        "/checks": {
            "post": {
                "operationId": "startCheck",
                "summary": "Check now: one model, or all",
                "requestBody": {
                    "required": False,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "additionalProperties": False,
                                "properties": {"model": _TEXT_OR_NULL},
                            }
                        }
                    },
                },
                "responses": {
                    "202": _json(
                        {
                            "type": "object",
                            "required": ["queued"],
                            "properties": {"queued": {"type": "array", "items": {"type": "string"}}},
                        },
                        "The checks are queued.",
                    ),
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
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
                ],
                "responses": {
                    "200": _json(
                        {
                            "type": "object",
                            "required": ["checks"],
                            "properties": {"checks": {"type": "array", "items": _CHECK}},
                        },
                        "The checks.",
                    ),
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
                "parameters": [
                    {"name": "check_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                ],
                "responses": {
                    "200": _json({**_CHECK, "properties": {**_CHECK["properties"], "drift": _DRIFT}}, "The check."),
                    "404": _problem("There is no such check."),
                    **_ALWAYS,
                },
            }
        },
        "/health": {
            "get": {
                "operationId": "health",
                "summary": "When each model was last checked",
                "responses": {
                    "200": _json(_HEALTH, "No check is overdue."),
                    **_ALWAYS,
                    "503": {
                        "description": "A check is overdue, or storage does not answer.",
                        "content": {
                            "application/json": {"schema": _HEALTH},
                            "application/problem+json": {"schema": _PROBLEM},
                        },
                    },
                },
            }
        },
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This description",
                "responses": {"200": _json({"type": "object"}, "OpenAPI 3.1."), **_ALWAYS},
            }
        },
    },
}
