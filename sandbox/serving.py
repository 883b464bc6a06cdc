"""An ASGI application served from a thread of this process, over TLS where a certificate is given."""

import socket
import threading
from typing import Any

import uvicorn

from sandbox.certificate import Certificate
from sandbox.ports import listening_socket
from sandbox.waiting import wait_until


class Server:
    """uvicorn on a free port of loopback; `with Server(app) as server: server.url`.

    An application that must know its own address beforehand binds `bound` itself (`ports.listening_socket`).
    """

    def __init__(self, app: Any, certificate: Certificate | None = None, bound: socket.socket | None = None) -> None:
        self._socket = bound or listening_socket()
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ssl_certfile=str(certificate.chain) if certificate else None,
            ssl_keyfile=str(certificate.key) if certificate else None,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"serve-{self.port}", daemon=True
        )

    def start(self) -> None:
        """Serve; returns once requests are answered. Raises RuntimeError when the server does not come up."""
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), "the server's start", pause=0.005)
        if not self._server.started:
            raise RuntimeError(f"The server on port {self.port} did not start.")

    def stop(self) -> None:
        """Stop serving and wait for the thread; harmless when repeated."""
        # Kept-alive connections of clients would hold a polite server back until they close.
        self._server.should_exit = self._server.force_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
