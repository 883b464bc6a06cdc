"""The dashboard on this machine alone: a small HTTP server on loopback, for `driftloop dashboard`.

It answers GET and HEAD of one address. It takes only requests whose Host names this machine. So no page of the internet
can read it through a name that it has pointed to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from driftloop.dashboard.metrics import METRICS, metrics_answer
from driftloop.dashboard.pages import Page, answer
from driftloop.dashboard.source import Source
from driftloop.times import utc_now

HOSTS = ("127.0.0.1", "localhost")
MOST_FIELDS = 20
"""Parameters of an address: the pages know eight."""
_PLAIN = "text/plain; charset=utf-8"


class DashboardServer(ThreadingHTTPServer):
    """Serves a source on loopback; `serve_forever()` until `shutdown()`. Port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, source: Source, port: int = 0, *, language: str | None = None) -> None:
        """Raises OSError when the port is taken."""
        self.source, self.language = source, language
        super().__init__((HOSTS[0], port), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOSTS[0]}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: DashboardServer
    timeout = 30  # seconds for a request to arrive: a browser opens connections that it does not use

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        page = self._page()
        self.send_response_only(page.status)
        for name, value in {**page.headers, "Content-Type": page.content_type}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def _page(self) -> Page:
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in HOSTS:
            return _refusal(HTTPStatus.FORBIDDEN, "this server answers this machine alone, as 127.0.0.1 or localhost")
        address = urlsplit(self.path)
        pages: Mapping[str, Callable[[dict[str, str]], Page]] = {"/": self._dashboard, METRICS: self._metrics}
        handler = pages.get(address.path)
        if handler is None:
            return _refusal(HTTPStatus.NOT_FOUND, f"there is / and {METRICS}")
        try:
            return handler(dict(parse_qsl(address.query, max_num_fields=MOST_FIELDS)))
        except ValueError:
            return _refusal(HTTPStatus.BAD_REQUEST, "the address has too many parameters")
        except Exception:
            logging.getLogger("driftloop").exception("the page cannot be made")
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "the page cannot be made; the terminal says why")

    def _dashboard(self, parameters: dict[str, str]) -> Page:
        wanted = self.headers.get("Accept-Language") if self.server.language is None else self.server.language
        return answer(self.server.source, parameters, wanted, utc_now())

    def _metrics(self, _: dict[str, str]) -> Page:
        return metrics_answer(self.server.source, self.headers.get("Accept"), utc_now())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: whoever looks at a page does not look at the terminal."""


def _refusal(status: HTTPStatus, text: str) -> Page:
    return Page(int(status), f"{text}\n".encode(), {"X-Content-Type-Options": "nosniff"}, _PLAIN)
