"""The endpoint's interface as the documents that the inference server offers at /swagger.json, made from the model's
schema.

The bodies are msgspec's JSON Schema of the types below; a record's type is made from the schema's columns. OpenAPI 3.1
takes JSON Schema as it is. Swagger 2, which Azure ML's studio reads, has no type null: there a field that may be
missing is marked by `x-nullable`.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from driftloop.data.schema import Column, Schema
from training import step
from training.features import inputs
from training.population.novelty import Novelty
from training.serving.explaining import Explanation, Reading
from training.serving.request_format import LARGEST_BATCH, example
from training.tasks.answer import Answer

TITLE, DESCRIPTION = "Driftloop model", "Scores a batch of records."
JSON = "application/json"


class ServiceOutput(msgspec.Struct, frozen=True):
    """A prediction for each record, in their order, and the version of the model that made them. Also the smallest and
    largest value of its interval, none where too few records were held out to say. Where it was asked for: what drove
    each, and how unlike the population each record is (none where the version was trained without a population).
    """

    predictions: list[float]
    intervals: list[Annotated[list[float], Meta(min_length=2, max_length=2)] | None]
    model_version: str
    explanations: list[Explanation | None] | UnsetType = UNSET
    novelty: list[Novelty | None] | UnsetType = UNSET
    reading: Reading | UnsetType = UNSET


class ServiceError(msgspec.Struct, frozen=True):
    """What is wrong with a request: the field's name, never its value, and the record's place in the batch."""

    error: str
    field: str
    row: int | UnsetType = UNSET


def write(folder: Path, schema: Schema, answer: Answer) -> None:
    """Write `swagger.json` (Swagger 2) and `swagger3.json` (OpenAPI 3) where the inference server looks for them."""
    try:
        step.write_json(folder / "swagger.json", version_2(schema, answer))
        step.write_json(folder / "swagger3.json", version_3(schema, answer))
    except (
        OSError
    ) as error:  # a read-only image: the server then offers its generic description, and scoring is unharmed
        logging.getLogger("driftloop.score").warning("swagger.json not written: %s", error.strerror)


def version_2(schema: Schema, answer: Answer) -> dict[str, Any]:
    """Swagger 2.0."""
    references, definitions = _bodies(schema, answer, "#/definitions/{name}")
    body = {"in": "body", "name": "body", "required": True, "schema": references["ServiceInput"]}
    responses = {
        "200": {"description": "Predictions", "schema": references["ServiceOutput"]},
        "400": {"description": "A field is wrong", "schema": references["ServiceError"]},
    }
    formats = {"consumes": [JSON], "produces": [JSON]}
    score = {"operationId": "score", "parameters": [body], "responses": responses, **formats}
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": "1.0"},
        "schemes": ["https"],
        "paths": {"/score": {"post": score}},
        "definitions": _without_null(definitions),
    }


def version_3(schema: Schema, answer: Answer) -> dict[str, Any]:
    """OpenAPI 3.1."""
    references, schemas = _bodies(schema, answer, "#/components/schemas/{name}")
    content = {name: {JSON: {"schema": reference}} for name, reference in references.items()}
    responses = {
        "200": {"description": "Predictions", "content": content["ServiceOutput"]},
        "400": {"description": "A field is wrong", "content": content["ServiceError"]},
    }
    body = {"required": True, "content": content["ServiceInput"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": "1.0"},
        "paths": {"/score": {"post": {"operationId": "score", "requestBody": body, "responses": responses}}},
        "components": {"schemas": schemas},
    }


def _bodies(schema: Schema, answer: Answer, template: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """References to the three bodies by name, and the schemas that they refer to."""
    kinds: tuple[type[msgspec.Struct], ...] = (_input_type(schema), _output_type(answer), ServiceError)
    references, schemas = msgspec.json.schema_components(kinds, ref_template=template)
    schemas["ServiceInput"]["example"] = example(schema)
    schemas["Record"] = _named(schemas["Record"], [column.name for column in inputs(schema)])
    if answer.classes:
        schemas["Probabilities"] = _named(schemas["Probabilities"], answer.classes)
    return {kind.__name__: reference for kind, reference in zip(kinds, references, strict=True)}, schemas


def _input_type(schema: Schema) -> type[msgspec.Struct]:
    """A batch of records; a column's name may be any text, so fields are numbered until they stand in the document."""
    columns = inputs(schema)
    record = msgspec.defstruct(
        "Record",
        [(f"field_{index}", _field(column)) for index, column in enumerate(columns)],
        forbid_unknown_fields=True,
    )
    batch = Annotated[list[record], Meta(min_length=1, max_length=LARGEST_BATCH)]  # type: ignore[valid-type]
    return msgspec.defstruct("ServiceInput", [("data", batch), ("explain", bool, False)], forbid_unknown_fields=True)


def _output_type(answer: Answer) -> type[msgspec.Struct]:
    """Numbers with their intervals; or classes, with the probability of each and the set that holds the true one."""
    if not answer.classes:
        return ServiceOutput
    known: Any = Literal[answer.classes]
    share = Annotated[float, Meta(ge=0, le=1)]
    probabilities = msgspec.defstruct(
        "Probabilities",
        [(f"class_{index}", share) for index in range(len(answer.classes))],
    )
    made = msgspec.defstruct(
        ServiceOutput.__name__,
        [
            ("predictions", list[known]),
            ("probabilities", list[probabilities]),  # type: ignore[valid-type]
            ("sets", list[list[known]]),
            ("model_version", str),
            ("explanations", list[Explanation | None] | UnsetType, UNSET),
            ("novelty", list[Novelty | None] | UnsetType, UNSET),
            ("reading", Reading | UnsetType, UNSET),
        ],
    )
    made.__doc__ = (
        "A class for each record, in their order, the probability of each class, the classes among which the true one "
        "is, and the version of the model that made them. Where it was asked for: what drove each, and how unlike the "
        "population each record is."
    )
    return made


def _named(described: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """An object's properties, which are numbered in this order, by their names; msgspec itself takes no quotation mark
    or backslash in one.
    """
    of = dict(zip(described["properties"], names, strict=True))
    properties = {of[field]: value for field, value in described["properties"].items()}
    return {**described, "properties": properties, "required": [of[field] for field in described["required"]]}


def _field(column: Column) -> Any:
    """The type of a column's values; null for one that is missing."""
    if column.kind == "categorical":
        kind: Any = Literal[column.categories]
        return Annotated[kind, Meta(description=column.unit)] | None if column.unit else kind | None
    low, high = column.range or (None, None)
    return Annotated[float, Meta(ge=low, le=high, description=column.unit or None)] | None


def _without_null(schema: Any) -> Any:
    """For Swagger 2: `null` among the types becomes a mark."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = schema.get("anyOf", [])
    if {"type": "null"} in kinds:
        (other,) = [kind for kind in kinds if kind != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
        return {**_without_null(other), **_without_null(rest), "x-nullable": True}
    return {name: value if name == "example" else _without_null(value) for name, value in schema.items()}
