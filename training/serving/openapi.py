"""The endpoint's interface as the documents that the inference server offers at /swagger.json, made from the model's
schema.
"""

import logging
from pathlib import Path
from typing import Any

from driftloop.data.schema import Column, Schema
from training import step
from training.features import inputs
from training.serving.request_format import LARGEST_BATCH, example

TITLE, DESCRIPTION = "Driftloop model", "Scores a batch of records."


def write(folder: Path, schema: Schema) -> None:
    """Write `swagger.json` (Swagger 2) and `swagger3.json` (OpenAPI 3) where the inference server looks for them."""
    try:
        step.write_json(folder / "swagger.json", version_2(schema))
        step.write_json(folder / "swagger3.json", version_3(schema))
    except (
        OSError
    ) as error:  # a read-only image: the server then offers its generic description, and scoring is unharmed
        logging.getLogger("driftloop.score").warning("swagger.json not written: %s", error.strerror)


def version_2(schema: Schema) -> dict[str, Any]:
    """Swagger 2.0."""
    body = {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/ServiceInput"}}
    responses = {
        "200": {"description": "Predictions", "schema": {"$ref": "#/definitions/ServiceOutput"}},
        "400": {"description": "A field is wrong", "schema": {"$ref": "#/definitions/ServiceError"}},
    }
    json = {"consumes": ["application/json"], "produces": ["application/json"]}
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": "1.0"},
        "schemes": ["https"],
        "paths": {"/score": {"post": {"operationId": "score", "parameters": [body], "responses": responses, **json}}},
        "definitions": _definitions(schema, nullable="x-nullable"),
    }


def version_3(schema: Schema) -> dict[str, Any]:
    """OpenAPI 3.0."""
    content = {
        name: {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        for name in ("ServiceInput", "ServiceOutput", "ServiceError")
    }
    responses = {
        "200": {"description": "Predictions", "content": content["ServiceOutput"]},
        "400": {"description": "A field is wrong", "content": content["ServiceError"]},
    }
    body = {"required": True, "content": content["ServiceInput"]}
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": "1.0"},
        "paths": {"/score": {"post": {"operationId": "score", "requestBody": body, "responses": responses}}},
        "components": {"schemas": _definitions(schema, nullable="nullable")},
    }


def _definitions(schema: Schema, nullable: str) -> dict[str, Any]:
    columns = inputs(schema)
    record = {
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in columns],
        "properties": {column.name: _field(column) | {nullable: True} for column in columns},
    }
    return {
        "ServiceInput": {
            "type": "object",
            "additionalProperties": False,
            "required": ["data"],
            "properties": {"data": {"type": "array", "minItems": 1, "maxItems": LARGEST_BATCH, "items": record}},
            "example": example(schema),
        },
        "ServiceOutput": {
            "type": "object",
            "properties": {
                "predictions": {"type": "array", "items": {"type": "number"}},
                "model_version": {"type": "string"},
            },
        },
        "ServiceError": {
            "type": "object",
            "required": ["error", "field"],
            "properties": {"error": {"type": "string"}, "field": {"type": "string"}, "row": {"type": "integer"}},
        },
    }


def _field(column: Column) -> dict[str, Any]:
    described = {"description": column.unit} if column.unit else {}
    if column.kind == "categorical":
        return {"type": "string", "enum": [*column.categories], **described}
    limits = {} if column.range is None else {"minimum": column.range[0], "maximum": column.range[1]}
    return {"type": "number", **limits, **described}
