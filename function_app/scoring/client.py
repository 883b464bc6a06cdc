"""One record to a model's endpoint, and its prediction back. Nothing of either is kept or logged."""

import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from function_app.scoring.answers import Prediction, read
from function_app.scoring.failures import FieldRefusedError, ScoringError
from function_app.scoring.locating import Address, Locator

if TYPE_CHECKING:
    import requests

Record = Mapping[str, float | str | None]
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 12.0  # the endpoint itself gives up after 10
LONGEST_ANSWER = 1_000_000  # bytes: 500 measurements, each with its part, make 50 kB
MOST_AT_ONCE = 8  # of one process: an endpoint of one instance serves them in well under a second
EXPLAIN_FIELDS = ("data", "explain")
"""What a version of before there were explanations names in its refusal."""


class Refusal(msgspec.Struct):
    """What score.py says of a request that it does not take."""

    error: str = ""
    field: str = ""


class ScoringClient:
    """Asks endpoints of one workspace. Safe to use from many threads."""

    def __init__(self, environ: Mapping[str, str] = os.environ, locator: Locator | None = None) -> None:
        self._session = _session()
        self._locator = locator or _locator(environ, self._session)
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def predict(self, endpoint: str, record: Record) -> Prediction:
        """The prediction for one record, with what drove it where the version in service can say so.

        Raises
        ------
        ScoringError
            There is none; `kind` says why.
        FieldRefusedError
            The model does not take a value.
        """
        if not self._places.acquire(blocking=False):
            raise ScoringError("busy", f"{MOST_AT_ONCE} predictions are under way in this process")
        try:
            names = frozenset(record)
            try:
                return read(self._ask(endpoint, {"data": [record], "explain": True}), names)
            except FieldRefusedError as error:
                if error.field not in EXPLAIN_FIELDS or error.field in names:
                    raise
                return read(self._ask(endpoint, {"data": [record]}), names)
        finally:
            self._places.release()

    def _ask(self, endpoint: str, body: Mapping[str, Any]) -> bytes:
        status, headers, content = self._post(self._locator.find(endpoint), body)
        if status in (401, 403):
            self._locator.forget(endpoint)
            status, headers, content = self._post(self._locator.find(endpoint), body)
        return _judged(status, headers, content)

    def _post(self, place: Address, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        import requests
        from azure.core.exceptions import AzureError

        started = time.monotonic()
        try:
            with self._session.post(
                place.url,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json", **self._locator.headers(place)},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code, answer.headers, _content(answer, started)
        except requests.Timeout:
            raise ScoringError("slow", f"the endpoint did not answer within {ANSWER_SECONDS:.0f} s") from None
        except (requests.RequestException, AzureError) as error:
            # The text of the error may hold the request; its kind does not.
            raise ScoringError("down", f"the endpoint cannot be reached ({type(error).__name__})") from None


def _content(answer: "requests.Response", started: float) -> bytes:
    """The body; an answer that trickles or does not end is none."""
    content = b""
    for part in answer.iter_content(65_536):
        content += part
        if len(content) > LONGEST_ANSWER:
            raise ScoringError("nonsense", f"the endpoint's answer is longer than {LONGEST_ANSWER:,} bytes")
        if time.monotonic() - started > CONNECT_SECONDS + ANSWER_SECONDS:
            raise ScoringError("slow", "the endpoint's answer does not end")
    return content


def _judged(status: int, headers: Mapping[str, str], content: bytes) -> bytes:
    """The body of a prediction. Azure's front answers 424 where the model did not answer 200, with its own status
    beside it.
    """
    if status == 200:
        return content
    model_status = headers.get("ms-azureml-model-error-statuscode", "") if status == 424 else str(status)
    if model_status == "400":
        raise _refused(content)
    if status in (401, 403):
        raise ScoringError("not-allowed", "the endpoint does not take the function app's key or token")
    if status == 404:
        raise ScoringError("not-deployed", "the endpoint has no deployment with traffic: deploy the model again")
    if status in (408, 504):
        raise ScoringError("slow", f"the endpoint answered {status}: the model took too long")
    if status == 429:
        raise ScoringError("busy", "the endpoint answered 429: more requests than it can take")
    raise ScoringError(
        "down", f"the endpoint answered {status}" + (f", its model {model_status}" if status == 424 else "")
    )


def _refused(content: bytes) -> FieldRefusedError | ScoringError:
    try:
        said = msgspec.json.decode(content, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ScoringError("nonsense", "the endpoint refused the record and does not say why")
    return FieldRefusedError(said.field, said.error)


def _session() -> "requests.Session":
    """Without retries: a record is sent once, and again only by the person. A lost connection of the pool counts as
    never sent, and is opened again.
    """
    import requests

    made = requests.Session()
    made.auth = lambda request: request  # the headers carry the key; a .netrc file's password must not replace it
    return made


def _locator(environ: Mapping[str, str], session: "requests.Session") -> Locator:
    from azure.identity import DefaultAzureCredential

    return Locator(environ, session, DefaultAzureCredential())
