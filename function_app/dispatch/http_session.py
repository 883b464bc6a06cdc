"""One requests session: reads are tried again, writes only where the request cannot have arrived."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = (10.0, 30.0)  # seconds to connect, to answer
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


def session(headers: "Mapping[str, str]") -> requests.Session:
    """A session with these headers on every request."""
    made = requests.Session()
    made.headers.update(headers)
    made.auth = lambda request: request  # the headers carry the token; a .netrc file's password must not replace it
    made.mount("https://", HTTPAdapter(max_retries=_READS))
    made.mount("http://", HTTPAdapter(max_retries=_READS))
    return made


def request(made: requests.Session, method: str, url: str, **options: object) -> requests.Response:
    """The answer, whatever its status. Redirects are not followed (a token must not travel).

    Raises DispatchRefusedError when the request cannot have arrived, DispatchUncertainError when it may have.
    """
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
    except requests.exceptions.RequestException as error:
        raise DispatchUncertainError(
            f"{host} did not answer ({type(error).__name__}); the run is looked for before it is sent again"
        ) from error
