"""One requests session: reads are tried again, writes only where the request cannot have arrived."""

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError, always, too_late

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIMEOUT = (10.0, 30.0)  # seconds to connect, to answer; both together are shorter than a lease's last moment
MOST_REDIRECTS = 3  # a renamed repository takes one
_READS = Retry(
    total=3,
    connect=3,
    read=3,
    status=3,
    backoff_factor=0.3,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods={"GET"},
    respect_retry_after_header=False,
    raise_on_status=False,
)


def session(headers: "Mapping[str, str]", retries: Retry = _READS) -> requests.Session:
    """A session with these headers on every request.

    Parameters
    ----------
    headers : Mapping[str, str]
        Of every request.
    retries : Retry
        What is tried again within a request.
    """
    made = requests.Session()
    made.headers.update(headers)
    made.auth = lambda request: request  # the headers carry the token; a .netrc file's password must not replace it
    made.mount("https://", HTTPAdapter(max_retries=retries))
    made.mount("http://", HTTPAdapter(max_retries=retries))
    return made


def request(
    made: requests.Session,
    method: str,
    url: str,
    *,
    may_send: "Callable[[], bool]" = always,
    **options: object,
) -> requests.Response:
    """The answer, whatever its status.

    A redirect is followed where it stays on the same host (a repository that was renamed): there the token is known.
    One to another host is the answer.

    Parameters
    ----------
    made : requests.Session
        With the headers of every request.
    may_send : Callable[[], bool]
        Asked before each request, that of a redirect too.
    **options
        As `requests.Session.request` takes them.

    Raises
    ------
    DispatchRefusedError
        The request cannot have arrived, or `may_send` said no.
    DispatchUncertainError
        It may have arrived.
    """
    for _ in range(MOST_REDIRECTS):
        if not may_send():
            raise too_late()
        answer = _answer(made, method, url, **options)
        target = _redirected(answer, method, url)
        if target is None:
            return answer
        url = target
        options.pop("params", None)  # the location carries them
    return answer


def _redirected(answer: requests.Response, method: str, url: str) -> str | None:
    """Where the same request is to be made; None where this is the answer."""
    # 301 and 302 are followed with GET by convention, so that they must not repeat a POST.
    if answer.status_code not in ((307, 308) if method != "GET" else (301, 302, 307, 308)):
        return None
    location = answer.headers.get("location", "")
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    return target if location and (here.scheme, here.netloc) == (there.scheme, there.netloc) else None


def _answer(made: requests.Session, method: str, url: str, **options: object) -> requests.Response:
    host = urlsplit(url).netloc
    try:
        return made.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)  # type: ignore[arg-type]
    except requests.exceptions.ConnectTimeout as error:
        raise DispatchRefusedError(
            f"{host} cannot be reached (timeout): check the network and DNS; it is tried again", wait=True
        ) from error
    except requests.exceptions.SSLError as error:
        raise DispatchRefusedError(
            f"{host}: its certificate is not trusted: set REQUESTS_CA_BUNDLE to the authority that signed it"
        ) from error
    except requests.exceptions.ConnectionError as error:
        if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
            raise DispatchRefusedError(
                f"{host} cannot be reached: check api_url, the network and DNS; it is tried again", wait=True
            ) from error
        raise DispatchUncertainError(
            f"the connection to {host} broke before it answered; the run is looked for before it is sent again"
        ) from error
    except (requests.exceptions.RequestException, ValueError) as error:  # ValueError: a location that is no address
        raise DispatchUncertainError(
            f"{host} did not answer ({type(error).__name__}); the run is looked for before it is sent again"
        ) from error
