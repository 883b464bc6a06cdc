"""GitHub's limits of requests, whichever of its addresses was asked: an answer that is one, and until when it holds."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from function_app.dispatch.rate_limits import limit_resets, retry_after, server_time
from function_app.dispatch.requests import DispatchRefusedError

if TYPE_CHECKING:
    import requests

_SECONDARY_LIMIT_PAUSE = timedelta(minutes=1)  # what GitHub asks for where it names no time


def limit_of(answer: "requests.Response", where: str) -> DispatchRefusedError | None:
    """The refusal that waits, where GitHub limits requests; None for any other answer.

    Parameters
    ----------
    answer : requests.Response
        Of any status.
    where : str
        The repository, for a person.
    """
    status = answer.status_code
    if status not in (403, 429):
        return None
    retry_at = _retry_at(answer)
    if retry_at is None:
        return None
    return DispatchRefusedError(
        f"GitHub limits requests for {where} ({status}); sent again when it allows", retry_at=retry_at, wait=True
    )


def message_of(answer: "requests.Response") -> str:
    """What GitHub says in an answer, at most 200 characters; nothing where the answer is not GitHub's."""
    try:
        body = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, RecursionError):
        return ""
    return str(body.get("message", ""))[:200] if isinstance(body, dict) else ""


def _retry_at(answer: "requests.Response") -> datetime | None:
    headers = answer.headers
    now = server_time(headers, datetime.now(UTC))
    named = retry_after(headers, now) or limit_resets(headers, now)
    if named is not None:
        return named
    limited = answer.status_code == 429 or headers.get("x-ratelimit-remaining") == "0"
    if limited or "secondary rate limit" in message_of(answer).casefold():
        return now + _SECONDARY_LIMIT_PAUSE
    return None
