"""Receivers on loopback that refuse what the real services refuse.

Teams: the message that its workflows take, cards of versions that Teams draws, 28 KB; it answers 202. Slack: block
kit's limits, 404 for an address that is gone, 429 with Retry-After; it answers "ok". A webhook: CloudEvents by the
SDK of that specification, signatures by the library of Standard Webhooks.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TEAMS_LIMIT = 28 * 1024
ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")


@dataclass
class Service:
    """One receiver: what it took, and what it answers instead for as long as `answers` has something."""

    check: Callable[[Request, bytes], Response]
    taken: list[Any] = field(default_factory=list)
    asked: int = 0
    answers: list[Response] = field(default_factory=list)

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        answer = self.check(request, body)
        if answer.status_code in (200, 202):
            self.taken.append(json.loads(body))
        return answer


@dataclass
class Services:
    """The three, as one application."""

    secret: str
    teams: Service = field(init=False)
    slack: Service = field(init=False)
    webhook: Service = field(init=False)
    elsewhere: Service = field(init=False)

    def __post_init__(self) -> None:
        self.teams, self.slack = Service(teams_answer), Service(slack_answer)
        self.webhook = Service(lambda request, body: webhook_answer(request, body, self.secret))
        self.elsewhere = Service(lambda *_: PlainTextResponse("ok"))

    def app(self) -> Starlette:
        names = ("teams", "slack", "webhook", "elsewhere")
        return Starlette(
            routes=[Route(f"/{name}/very-secret", getattr(self, name).handle, methods=["POST"]) for name in names]
        )


def teams_answer(request: Request, body: bytes) -> Response:
    """As a workflow that posts the first attachment as a card."""
    if len(body) > TEAMS_LIMIT:
        return PlainTextResponse("RequestEntityTooLarge", 413)
    try:
        message = json.loads(body)
        assert request.headers["content-type"].startswith("application/json")
        assert message["type"] == "message"
        (attachment,) = message["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        card = attachment["content"]
        assert (card["type"], card["$schema"]) == ("AdaptiveCard", "http://adaptivecards.io/schemas/adaptive-card.json")
        assert card["version"] in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")
        for element in card["body"]:
            assert element["type"] == "RichTextBlock"
            assert all(run["type"] == "TextRun" and run["text"] for run in element["inlines"])
        for action in card.get("actions", ()):
            assert action["type"] == "Action.OpenUrl"
            assert action["url"].startswith("https://")
    except (AssertionError, KeyError, ValueError, TypeError):
        return PlainTextResponse("ActionFailed", 400)
    return Response(status_code=202)


def slack_answer(request: Request, body: bytes) -> Response:
    """As an incoming webhook."""
    try:
        payload = json.loads(body)
        assert request.headers["content-type"].startswith("application/json")
        assert isinstance(payload, dict)
    except (AssertionError, ValueError):
        return PlainTextResponse("invalid_payload", 400)
    if not payload.get("text") and not payload.get("blocks"):
        return PlainTextResponse("no_text", 400)
    blocks = payload.get("blocks", [])
    if len(blocks) > 50 or not all(map(_is_block, blocks)):
        return PlainTextResponse("invalid_blocks", 400)
    return PlainTextResponse("ok")


def _is_block(block: dict[str, Any]) -> bool:
    match block["type"]:
        case "header":
            return _is_text(block["text"], 150, ("plain_text",))
        case "section":
            return _is_text(block["text"], 3000)
        case "context":
            return len(block["elements"]) <= 10 and all(_is_text(each, 3000) for each in block["elements"])
        case "actions":
            return len(block["elements"]) <= 25 and all(
                each["type"] == "button"
                and _is_text(each["text"], 75, ("plain_text",))
                and len(each.get("url", "")) <= 3000
                for each in block["elements"]
            )
    return False


def _is_text(text: dict[str, Any], most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> bool:
    known = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    fits = text["type"] in kinds and 1 <= len(text["text"]) <= most and set(text) <= known
    # What is not escaped would be a mention or a link.
    marked = text["type"] == "mrkdwn" and (re.search(r"[<>]", text["text"]) or ENTITY.search(text["text"]))
    return fits and not marked


def webhook_answer(request: Request, body: bytes, secret: str) -> Response:
    """As a receiver that trusts nobody: signature and age by Standard Webhooks, the event by the CloudEvents SDK."""
    try:
        Webhook(secret).verify(body, dict(request.headers))
    except WebhookVerificationError:
        return PlainTextResponse("bad signature", 401)
    try:
        event = from_structured_event(HTTPMessage(dict(request.headers), body), JSONFormat())
        assert event.get_id() == request.headers["webhook-id"]
        assert event.get_specversion() == "1.0"
    except Exception:  # noqa: BLE001  whatever the SDK finds wrong
        return PlainTextResponse("no CloudEvent", 400)
    return Response(status_code=202)
