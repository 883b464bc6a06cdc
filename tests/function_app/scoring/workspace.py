"""A workspace with one online endpoint on loopback: Resource Manager's two calls, and a front that answers as the real
one does, before score.py's own code with a small model.

What the real services refuse is refused: no token, an unknown endpoint, a wrong key, keys of an endpoint that takes
tokens, and records that do not fit the schema.
"""

import base64
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from driftloop import Column, Schema
from training.model_file import SavedModel
from training.population import fitting
from training.serving import request_format
from training.serving.score import Loaded
from training.tasks.answer import Answer

PLACE = {"AZURE_SUBSCRIPTION_ID": "s-1", "AZURE_RESOURCE_GROUP": "rg-1", "AZURE_ML_WORKSPACE": "mlw-1"}
_GROUP = "/subscriptions/s-1/resourceGroups/rg-1"
ENDPOINTS = f"{_GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-1/onlineEndpoints"
HOSTILE = "<script>alert(1)</script> & 'c'"  # the endpoint's description takes no name with a double quote
SCHEMA = Schema(
    (
        Column("id", kind="categorical", role="id"),
        Column("age", title="Age", title_ja="年齢", unit="years", range=(0, 120)),
        Column("bmi", title="Body mass index", unit="kg/m2", range=(8, 120)),
        Column("free"),
        Column("sex", kind="categorical", categories=("1", "2")),
        Column(HOSTILE, title=HOSTILE, kind="categorical", categories=("a", HOSTILE)),
        Column("progression", title="Progression", title_ja="進行度", role="target", range=(0, 1000)),
    )
)
CLASSES = ("benign", "malignant", HOSTILE)
Answering = Callable[[bytes], Response]


def records(count: int, rng: np.random.Generator) -> Any:
    """Features in the matrix's order."""
    coded = rng.integers(0, 2, (2, count)).astype(float)
    free = np.where(rng.random(count) < 0.2, np.nan, rng.normal(0, 1, count))
    return np.column_stack([rng.normal(50, 12, count), rng.normal(26, 4, count), free, *coded])


def loaded(version: str = "3", *, classes: bool = False, population: bool = True) -> Loaded:
    """A model in score.py's hands."""
    rng = np.random.default_rng(5)
    x = records(600, rng)
    outcome = 3 * x[:, 1] + 0.5 * x[:, 0] + 10 * x[:, 4] + rng.normal(0, 5, len(x))
    schema, answer = SCHEMA, Answer(target="progression", margin=60.0)
    estimator: Any = make_pipeline(SimpleImputer(), LinearRegression())
    if classes:
        outcome = np.digitize(outcome, np.quantile(outcome, [0.6, 0.9]))
        target = Column("progression", title="Diagnosis", kind="categorical", role="target", categories=CLASSES)
        schema = Schema((*SCHEMA.columns[:-1], target))
        answer = Answer("multiclass", "log", "progression", CLASSES, margin=0.8)
        estimator = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=5_000))
    model = SavedModel(estimator.fit(x, outcome), schema, answer)
    return Loaded(model, version, lambda _rows, _reply: None, fitting.fit(x, schema) if population else None)


@dataclass
class Workspace:
    """What the tests turn: `answering` replaces the model's answer, `mode` is the endpoint's authentication."""

    model: Loaded
    endpoint: str = "clinic-x7"
    mode: str = "Key"
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    allowed: bool = True
    answering: Answering | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    scheme: str = ""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def application(self) -> Starlette:
        """As an ASGI application."""
        return Starlette(
            routes=[
                Route("/metadata", self._metadata),
                Route(f"{ENDPOINTS}/{{name}}", self._endpoint, methods=["GET"]),
                Route(f"{ENDPOINTS}/{{name}}/listKeys", self._keys, methods=["POST"]),
                Route("/score", self._score, methods=["POST"]),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        return JSONResponse([{"name": "here", "resourceManager": self.url}])

    def _refused(self, request: Request) -> Response | None:
        if audience(request) != self.url:
            return JSONResponse({"error": {"code": "AuthenticationFailed"}}, 401)
        if not self.allowed:
            return JSONResponse({"error": {"code": "AuthorizationFailed"}}, 403)
        known = request.path_params["name"] == self.endpoint and "api-version" in request.query_params
        return None if known else JSONResponse({"error": {"code": "ResourceNotFound"}}, 404)

    async def _endpoint(self, request: Request) -> Response:
        self.calls.append("endpoint")
        properties = {"scoringUri": f"{self.scheme or self.url}/score", "authMode": self.mode}
        return self._refused(request) or JSONResponse({"properties": properties})

    async def _keys(self, request: Request) -> Response:
        self.calls.append("keys")
        if self.mode != "Key":
            return JSONResponse({"error": {"code": "BadArgument"}}, 400)
        return self._refused(request) or JSONResponse({"primaryKey": self.key, "secondaryKey": "other"})

    async def _score(self, request: Request) -> Response:
        body = await request.body()
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        admitted = given == self.key if self.mode == "Key" else audience(request) == "https://ml.azure.com"
        if not admitted:
            return JSONResponse({"error": {"code": "Unauthorized"}}, 401)
        with self.lock:
            self.asked.append(json.loads(body))
        if self.answering is not None:
            return await run_in_threadpool(self.answering, body)
        return self.score(body)

    def score(self, body: bytes) -> Response:
        """What score.py answers; the front turns its refusals into 424."""
        payload = json.loads(body)
        try:
            rows = request_format.rows(payload, self.model.model.schema)
        except request_format.RequestError as error:
            return JSONResponse(error.body, 424, {"ms-azureml-model-error-statuscode": "400"})
        reply: dict[str, Any] = self.model.reply(rows)
        if request_format.is_explained(payload):
            reply = self.model.explained(rows, reply)
        return JSONResponse({**reply, "model_version": self.model.version})


def audience(request: Request) -> str:
    """Whom the bearer token is for; empty where there is none."""
    parts = request.headers.get("authorization", "").removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return ""
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return str(claims["aud"]).rstrip("/")
