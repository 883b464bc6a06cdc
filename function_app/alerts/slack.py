"""An alert as the blocks of a Slack message."""

from typing import Any

import msgspec

from driftloop.report.words.plain_text import shortened
from function_app.alerts.message import Message

# What Slack takes, in characters: of a section's text, of a header, of a button's label and address.
LONGEST_SECTION, LONGEST_HEADER, LONGEST_LABEL, LONGEST_URL = 3000, 150, 75, 3000


def slack_body(message: Message) -> bytes:
    """The request's body: at most five blocks, and the text that notifications show."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(message.title, LONGEST_HEADER)},
        {"type": "section", "text": _marked([message.text, *(f"• {reason}" for reason in message.reasons)])},
        {"type": "section", "text": _marked([f"{label}: {value}" for label, value in message.facts])},
    ]
    if message.link is not None and len(message.link[0]) <= LONGEST_URL:
        url, label = message.link
        blocks.append(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": _plain(label, LONGEST_LABEL), "url": url, "action_id": "open"}],
            }
        )
    blocks.append({"type": "context", "elements": [_marked([message.footer])]})
    return msgspec.json.encode({"text": escaped(f"{message.title}. {message.text}"), "blocks": blocks})


def escaped(text: str) -> str:
    """A text that Slack shows as it is: no mention, no link.

    Examples
    --------
    >>> escaped("<!channel> a & b")
    '&lt;!channel&gt; a &amp; b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, most: int) -> dict[str, Any]:
    # `emoji` off: a column named :fire: stays text.
    return {"type": "plain_text", "text": shortened(text, most), "emoji": False}


def _marked(lines: list[str]) -> dict[str, Any]:
    """Lines that fit, each escaped whole: a cut must not split an escape. `verbatim`: nothing becomes a link."""
    text = ""
    for line in lines:
        more = f"{text}\n{escaped(line)}" if text else escaped(line)
        if len(more) > LONGEST_SECTION:
            break
        text = more
    return {"type": "mrkdwn", "text": text, "verbatim": True}
