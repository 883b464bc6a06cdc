"""Does a deployment answer as its model did? Asked through the scoring address, with real records."""

import math
import time
from collections.abc import Callable
from typing import Any

import msgspec
import requests

from driftloop.errors import DriftloopError
from driftloop.wording.counts import count_of

SLOT_HEADER = "azureml-model-deployment"
# Not there yet, throttled, or the front door's own trouble: all pass. 401: a new role or key takes minutes to be known.
PASSING = {401, 404, 408, 429, 502, 503, 504}
SLOWEST_SECONDS = 5.0  # the endpoint gives up a request after 10: half of it is slow before any load
TOLERANCE = 1e-6  # of a prediction's size: other processors round otherwise, another model differs by far more


class Smoke(msgspec.Struct, frozen=True):
    """`<version>.smoke.json`: a request of a few real records, and what evaluation saw: the prediction of each, of
    classes the probabilities too.
    """

    request: dict[str, Any]
    predictions: list[float | str]
    probabilities: list[dict[str, float]] | None = None


class Answer(msgspec.Struct, frozen=True):
    """Which slot answered, and how fast."""

    slot: str
    seconds: float


class SmokeError(DriftloopError):
    """The deployment does not answer, or not rightly."""


class Prober:
    """Sends the smoke test's request."""

    def __init__(self, address: str, headers: Callable[[], dict[str, str]], smoke: Smoke, version: int) -> None:
        self._address, self._headers, self._smoke, self._version = address, headers, smoke, version
        self._session = requests.Session()

    def until_ready(self, slot: str, seconds: float, pause: float = 2.0) -> Answer:
        """The first right answer of the slot; what passes is waited out.

        Parameters
        ----------
        slot : str
            Which slot is asked.
        seconds : float
            How long at most.
        pause : float
            Seconds between requests.

        Raises
        ------
        SmokeError
            An answer is wrong, or none came in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.ask(slot)
            except _NotYetError as error:
                if time.monotonic() + pause > deadline:
                    raise SmokeError(f"the smoke test was not answered within {seconds:g} s ({error})") from None
            time.sleep(pause)

    def until_serving(self, slot: str, seconds: float, pause: float = 1.0, in_a_row: int = 5) -> None:
        """Waits until the slot answers for the endpoint: a shift of traffic takes time. Raises
        SmokeError.
        """
        deadline, answered = time.monotonic() + seconds, 0
        while answered < in_a_row:
            try:
                answered = answered + 1 if self.ask(None, check=False).slot == slot else 0
            except _NotYetError:
                answered = 0
            if answered == 0:
                if time.monotonic() > deadline:
                    raise SmokeError(f"{slot} does not answer for the endpoint {seconds:g} s after it got all traffic")
                time.sleep(pause)

    def watch(self, slot: str, seconds: float, times: int = 10) -> float:
        """Asks the slot over a span of time.

        Parameters
        ----------
        slot : str
            Which slot is asked.
        seconds : float
            The span of time.
        times : int
            Requests in it.

        Returns
        -------
        float
            The slowest answer, in seconds.

        Raises
        ------
        SmokeError
            An answer is wrong.
        """
        slowest = 0.0
        for _ in range(times):
            try:
                slowest = max(slowest, self.ask(slot).seconds)
            except _NotYetError as error:
                raise SmokeError(f"{slot} stopped answering while it was watched ({error})") from None
            time.sleep(seconds / times)
        return slowest

    def ask(self, slot: str | None, *, check: bool = True) -> Answer:
        """One request, to a slot or to whichever the traffic chooses. Raises SmokeError for a wrong answer."""
        headers = self._headers() | ({SLOT_HEADER: slot} if slot else {})
        begun = time.monotonic()
        try:
            response = self._session.post(self._address, json=self._smoke.request, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise _NotYetError(type(error).__name__) from None
        seconds = time.monotonic() - begun
        if response.status_code in PASSING:
            raise _NotYetError(f"status {response.status_code}")
        if response.status_code == 424 and "ms-azureml-model-error-statuscode" not in response.headers:
            raise _NotYetError("status 424: the container is not ready")
        if response.status_code != 200:
            model = response.headers.get("ms-azureml-model-error-statuscode")
            raise SmokeError(
                f"the smoke test got status {response.status_code}" + (f", the model's own {model}" if model else "")
            )
        if check:
            self._check(response, seconds)
        return Answer(response.headers.get(SLOT_HEADER, ""), seconds)

    def _check(self, response: requests.Response, seconds: float) -> None:
        try:
            body = response.json()
            answered, version = msgspec.convert(body, _Answered), str(body["model_version"])
        except (ValueError, KeyError, TypeError):
            raise SmokeError("the answer to the smoke test has no list of predictions") from None
        if version != str(self._version):
            raise SmokeError(f"version {version or 'unknown'} answered in place of version {self._version}")
        wanted, got = self._smoke.predictions, answered.predictions
        if len(got) != len(wanted):
            raise SmokeError(f"{count_of(len(got), 'prediction')} for {count_of(len(wanted), 'record')}")
        worst = max(_difference(one, other) for one, other in zip(got, wanted, strict=True))
        if self._smoke.probabilities is not None:
            worst = max(worst, _apart(answered.probabilities or [], self._smoke.probabilities))
        if not worst <= TOLERANCE:
            raise SmokeError(f"predictions differ from those that evaluate saw, by {worst:.2g} of their size at worst")
        if seconds > SLOWEST_SECONDS:
            raise SmokeError(f"the smoke test took {seconds:.1f} s, more than {SLOWEST_SECONDS:g} s")


class _Answered(msgspec.Struct, frozen=True):
    predictions: list[float | str]
    probabilities: list[dict[str, float]] | None = None


def _difference(got: float | str, want: float | str) -> float:
    """Of two numbers by the size of the wanted one; of classes, infinite where they are not the same."""
    if isinstance(got, str) or isinstance(want, str):
        return 0.0 if got == want else math.inf
    return abs(got - want) / max(abs(want), 1.0)


def _apart(got: list[dict[str, float]], want: list[dict[str, float]]) -> float:
    """The largest difference of a class's probability; infinite where other classes or records were answered."""
    if [set(each) for each in got] != [set(each) for each in want]:
        return math.inf
    return max(abs(one[name] - other[name]) for one, other in zip(got, want, strict=True) for name in other)


class _NotYetError(Exception):
    """No answer, in a way that passes."""
