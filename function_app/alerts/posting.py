"""One alert to one receiver over HTTP. No redirect is followed, and no address appears in a log or a message.

An address is a password, and libraries log addresses: urllib3 when it tries again, OpenTelemetry in spans. Both are
kept from it here.
"""

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util.retry import Retry

from driftloop.config.receivers import Receiver, may_receive
from driftloop.events import Alert
from function_app.alerts.cloud_event import CONTENT_TYPE, cloud_event_body, signed_headers
from function_app.alerts.message import message_of
from function_app.alerts.slack import slack_body
from function_app.alerts.teams import teams_body
from function_app.dispatch.http_session import session
from function_app.dispatch.rate_limits import retry_after, server_time
from function_app.telemetry.spans import unrecorded

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

TIMEOUT = (3.0, 5.0)  # seconds to connect, to answer: a receiver that needs longer takes it with the next try
WAITED_FOR = 2.0  # seconds that a receiver may ask to wait within a try; for more the alert waits in its box
READ = 1_000  # bytes of an answer: it says one word
REFUSED = frozenset({400, 413, 422})  # this message, not its receiver: the next one may pass
_WORD = re.compile(r"[a-z_]{2,40}")


class _Patience(Retry):
    """Tries again at once where that helps; a receiver that asks for a longer pause gets it, from the box."""

    def increment(  # type: ignore[no-untyped-def]
        self,
        method=None,
        url=None,
        response: "BaseHTTPResponse | None" = None,
        error=None,
        _pool=None,
        _stacktrace=None,
    ) -> Self:
        if response is not None and (self.get_retry_after(response) or 0) > WAITED_FOR:
            raise MaxRetryError(_pool, "", ResponseError("a longer pause is asked for"))
        return super().increment(method, url, response, error, _pool, _stacktrace)


# `read` is 0: an answer that did not come may mean that the alert was taken; the box tries again, with the same id.
_RETRIES = _Patience(
    total=2,
    connect=1,
    read=0,
    status=2,
    other=0,
    redirect=0,
    backoff_factor=0.2,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods={"POST"},
    respect_retry_after_header=True,
    raise_on_status=False,
)


@dataclass(frozen=True)
class Answer:
    """What became of a try. `error`: None where it was taken; `message`: it is this message that was refused."""

    error: str | None = None
    retry_at: datetime | None = None
    message: bool = False


class _Quiet(logging.Filter):
    """Lets pass what cannot hold an address: urllib3 writes paths into what it logs below an error."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR


def post(alert: Alert, receiver: Receiver, now: datetime) -> Answer:
    """Sends an alert.

    Parameters
    ----------
    alert : Alert
        What is told.
    receiver : Receiver
        Whom.
    now : datetime
        Signed into the message of a webhook.

    Returns
    -------
    Answer
        Nothing is raised for what a receiver or the network does.
    """
    if not may_receive(receiver):  # the parser has looked already: an address that is not one is never called
        return Answer("its address is not one that it may have: correct driftloop.toml")
    body, headers = _request(alert, receiver, now)
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Quiet) for each in logger.filters):
            logger.addFilter(_Quiet())
    with session({"User-Agent": "driftloop", **headers}, _RETRIES) as made, unrecorded():
        try:
            answer = made.post(receiver.url, data=body, timeout=TIMEOUT, allow_redirects=False, stream=True)
            # One look at what has come: a body that drips must not delay this.
            word = answer.raw.read1(READ, decode_content=True).decode(errors="replace").strip()
        except requests.exceptions.RequestException as error:
            return Answer(_failure(error))
        except Exception as error:  # noqa: BLE001  an answer that cannot be read, in whatever way
            return Answer(f"its answer cannot be read ({type(error).__name__})")
    return _judged(receiver, answer, word, datetime.now(UTC))


def _request(alert: Alert, receiver: Receiver, now: datetime) -> tuple[bytes, dict[str, str]]:
    message = message_of(alert, receiver)
    if receiver.to == "webhook":
        body = cloud_event_body(alert, message)
        return body, {
            "Content-Type": CONTENT_TYPE,
            **signed_headers(alert.event_id, body, receiver.secret or "", now),
        }
    made = teams_body if receiver.to == "teams" else slack_body
    return made(message), {"Content-Type": "application/json"}


def _judged(receiver: Receiver, answer: requests.Response, word: str, now: datetime) -> Answer:
    status, host = answer.status_code, urlsplit(receiver.url).hostname
    taken = status == 200 and word == "ok" if receiver.to == "slack" else 200 <= status < 300
    if taken:
        return Answer()
    said = f", {word}" if _WORD.fullmatch(word) else ""
    told = {
        401: "its address or secret is not valid any more",
        403: "it does not take messages from this address any more",
        404: "no webhook has this address any more: make a new one",
        405: "it does not take POST: is the address a webhook's?",
        410: "the webhook is gone: make a new one",
        429: "it limits messages",
    }.get(status, "a redirect is not followed: correct the address" if 300 <= status < 400 else "")
    error = f"{host} answered {status}{said}{': ' if told else ''}{told}"
    clock = server_time(answer.headers, now)
    pause = retry_after(answer.headers, clock)
    retry_at = None if pause is None else now + (pause - clock)
    return Answer(error, retry_at, message=status in REFUSED)


def _failure(error: requests.exceptions.RequestException) -> str:
    """The kind alone: the texts of these errors hold the address."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted: set REQUESTS_CA_BUNDLE to the authority that signed it"
    if isinstance(error, requests.exceptions.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "it cannot be reached: check the address, the network and DNS"
    return f"it cannot be asked ({type(error).__name__})"
