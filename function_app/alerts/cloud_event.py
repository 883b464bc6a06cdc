"""An alert as a CloudEvent 1.0 in structured mode, signed as Standard Webhooks 1.0 says."""

import base64
import hmac
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

import msgspec

from driftloop.config.receivers import key_of
from driftloop.errors import ConfigError
from driftloop.events import Alert
from driftloop.times import format_time
from function_app.alerts.message import Message

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
TYPE = "driftloop.alert."


def cloud_event_body(alert: Alert, message: Message) -> bytes:
    """The request's body: the alert as `data` (docs/schemas/alert.json), with its sentence and its link.

    Parameters
    ----------
    alert : Alert
        Its `event_id` is the event's `id`: one that came before is a repetition.
    message : Message
        Of the same alert, in the receiver's language.
    """
    data = msgspec.to_builtins(alert)
    data |= {"title": message.title, "text": message.text}
    if message.link is not None:
        data["link"] = message.link[0]
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": alert.event_id,
            "source": f"/driftloop/models/{quote(alert.model, safe='')}",
            "type": TYPE + alert.kind,
            "subject": alert.model,
            "time": format_time(alert.at),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def signed_headers(event_id: str, body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The headers that prove who sent the body, and when.

    Parameters
    ----------
    event_id : str
        Of the alert, the same at every try.
    body : bytes
        As it is sent.
    secret : str
        Of the receiver.
    now : datetime
        Of this try: receivers refuse what is older than five minutes.

    Raises
    ------
    ConfigError
        The secret is none.
    """
    key = key_of(secret)
    if key is None:
        raise ConfigError("the secret of a webhook is not whsec_ and base64")
    stamp = str(int(now.timestamp()))
    # Dots divide the signed parts, so that an id may hold none.
    signature = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
