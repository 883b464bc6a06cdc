"""An alert as an adaptive card, in the message that Teams' workflows take."""

from typing import Any

import msgspec

from function_app.alerts.message import Message

SCHEMA, VERSION = "http://adaptivecards.io/schemas/adaptive-card.json", "1.4"  # what every client of Teams draws
LIMIT = 20_000  # bytes: Teams refuses messages of 28 KB, and counts what it makes of them (people met 413 from 21 KB)
CARD = "application/vnd.microsoft.card.adaptive"


def teams_body(message: Message) -> bytes:
    """The request's body; reasons and facts that would make it too large are left out, the last first."""
    reasons, facts = list(message.reasons), list(message.facts)
    body = _encoded(message, reasons, facts)
    while len(body) > LIMIT and (reasons or facts):
        (facts if len(facts) > len(reasons) else reasons).pop()
        body = _encoded(message, reasons, facts)
    return body


def _encoded(message: Message, reasons: list[str], facts: list[tuple[str, str]]) -> bytes:
    # Texts are runs: a TextBlock or a fact would read Markdown, so that a column's name could be a link.
    body = [
        _text(message.title, size="large", weight="bolder"),
        _text(message.text),
        *(_text(f"• {reason}") for reason in reasons),
        *({**_runs((f"{label}: ", {"isSubtle": True}), (value, {})), "spacing": "none"} for label, value in facts),
        _text(message.footer, size="small", isSubtle=True),
    ]
    card: dict[str, Any] = {"$schema": SCHEMA, "type": "AdaptiveCard", "version": VERSION, "body": body}
    card["fallbackText"] = message.title
    card["msteams"] = {"width": "Full"}
    if message.link is not None:
        url, label = message.link
        card["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": url}]
    attachment = {"contentType": CARD, "contentUrl": None, "content": card}
    return msgspec.json.encode({"type": "message", "attachments": [attachment]})


def _text(text: str, **style: Any) -> dict[str, Any]:
    return _runs((text, style))


def _runs(*runs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    inlines = [{"type": "TextRun", "text": text, **style} for text, style in runs]
    return {"type": "RichTextBlock", "inlines": inlines}
