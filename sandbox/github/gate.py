"""What every endpoint has in common: headers, tokens and repository checked, GitHub's errors, pages and limits."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github.auth import DOCS, ApiError, Tokens

Handler = Callable[[Request], Awaitable[Response]]
HERE = "/repos/{owner}/{repo}"
NEWEST_VERSION = "2026-03-10"
VERSIONS = ("2022-11-28", NEWEST_VERSION)
HOURLY_LIMIT = 5_000


class Gate:
    """Where requests come in. `requests` remembers each as (method, path, body)."""

    def __init__(self, owner_repo: str, tokens: Tokens, url: Callable[[], str]) -> None:
        self.owner_repo, self.tokens, self.url = owner_repo, tokens, url
        self.requests: list[tuple[str, str, bytes]] = []

    def route(self, method: str, path: str, handler: Handler) -> Route:
        """`handler` behind the gate."""

        async def guarded(request: Request) -> Response:
            self.requests.append((method, request.url.path, await request.body()))
            try:
                _check_headers(request)
                response = await handler(request)
            except ApiError as error:
                response = JSONResponse(error.document(), error.status)
            used = len(self.requests)
            response.headers.update(
                {
                    "x-github-request-id": f"SBOX:{used:08X}",
                    "x-ratelimit-limit": str(HOURLY_LIMIT),
                    "x-ratelimit-remaining": str(max(0, HOURLY_LIMIT - used)),
                    "x-ratelimit-used": str(used),
                    "x-ratelimit-reset": str(int(time.time()) + 3600),
                    "x-ratelimit-resource": "core",
                }
            )
            return response

        return Route(path, guarded, methods=[method])

    def allow(self, request: Request, scope: str, level: str, docs: str) -> None:
        """Raise ApiError unless the token may. It comes first: who may not see a repository learns nothing of it."""
        self.tokens.require(request.headers.get("authorization"), scope, level, docs)
        self.same_repository(request, docs)

    def same_repository(self, request: Request, docs: str) -> None:
        """Raise ApiError 404 for any repository but this one; names do not depend on case."""
        asked = f"{request.path_params['owner']}/{request.path_params['repo']}"
        if asked.lower() != self.owner_repo.lower():
            raise ApiError(404, "Not Found", docs)

    def page(self, request: Request, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
        """The part of a list that was asked for, and the Link header to the rest."""
        query = request.query_params
        size = min(100, _positive(query.get("per_page"), 30))
        page = _positive(query.get("page"), 1)
        last = max(1, -(-len(items) // size))
        links = [(name, number) for name, number in (("next", page + 1), ("last", last)) if page < last]
        base = f"{self.url()}{request.url.path}"
        written = ", ".join(f'<{base}?{urlencode({**query, "page": number})}>; rel="{name}"' for name, number in links)
        return items[(page - 1) * size : page * size], {"link": written} if written else {}


def _positive(text: str | None, default: int) -> int:
    return max(1, int(text)) if text is not None and text.isdecimal() else default


def _check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
        raise ApiError(403, message)
    version = request.headers.get("x-github-api-version")
    if version is not None and version not in VERSIONS:
        docs = f"{DOCS}/about-the-rest-api/api-versions"
        raise ApiError(400, f"X-GitHub-Api-Version {version} is not supported.", docs)


async def json_object(request: Request, docs: str) -> dict[str, Any]:
    """The body. Raises ApiError 400 for what is no JSON object."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON", docs) from error
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object", docs)
    return body
