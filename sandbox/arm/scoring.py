"""One deployment's scoring server: the very program that managed online endpoints run, with the registered model and
the uploaded code, as a process.
"""

import re
import sys
import threading
import time
from pathlib import Path, PurePosixPath

import urllib3

from sandbox.access.control import DeniedError
from sandbox.arm.collecting import Sidecar
from sandbox.arm.storage import Location
from sandbox.arm.wire import ArmError, Json
from sandbox.arm.workshop import Workshop
from sandbox.ports import listening_socket
from sandbox.principals import ENDPOINT
from sandbox.processes import Child, start
from sandbox.waiting import HANG_SECONDS

_VERSIONED = re.compile(r"/(models|codes|environments)/([^/]+)/versions/([^/]+)$")
_CRASHED = (
    "User container has crashed or terminated. Please see troubleshooting guide, available here: "
    "https://aka.ms/oe-tsg#error-resourcenotready"
)


class ScoringServer:
    """A process that answers on `port` of loopback; `start()` returns when it is ready."""

    def __init__(self, shop: Workshop, endpoint: str, deployment: str, number: int, properties: Json) -> None:
        self._shop = shop
        self._endpoint = endpoint
        self._deployment = deployment
        self._properties = properties
        self._folder = shop.folder / "endpoints" / endpoint / f"{deployment}-{number}"
        self._child: Child | None = None
        self._sidecar: Sidecar | None = None
        self._stopped = False
        self._lock = threading.Lock()
        # Held from here on, and handed to the server: nobody else can take the port while model and code are fetched.
        self._socket = listening_socket()
        self.port = self._socket.getsockname()[1]

    @property
    def log(self) -> Path:
        return self._folder / "inference-server.log"

    def start(self) -> None:
        """Fetch model and code, start, wait for the readiness probe. Raises ArmError as the deployment's operation
        would fail.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        root = self._folder / "azureml-app"
        environment = {**self._shop.environment(ENDPOINT), **self._variables(root), **self._collection()}
        code = self._code(root)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{self._socket.fileno()}", "--workers", "1"]
        # No access log and a worker that is not recycled, as in the inference image; a request may take its full
        # timeout.
        command += ["--timeout", "0", "--log-level", "warning", "azureml_inference_server_http.server.entry:app"]
        with self._lock:
            if self._stopped:
                raise ArmError(409, "Canceled", "The deployment was stopped before its server was started.")
            with self.log.open("ab") as output:
                self._child = start(
                    command,
                    environment=environment,
                    folder=code,
                    output=output,
                    inherited=(self._socket.fileno(),),
                )
            self._socket.close()
        self._wait()

    def stop(self) -> None:
        """Stop the process, or never start it; harmless when repeated."""
        with self._lock:
            self._stopped = True
            self._socket.close()
        if self._child is not None:
            self._child.stop()
        if self._sidecar is not None:
            self._sidecar.stop()

    def stop_collecting(self) -> None:
        """Take the data collector's sidecar away while the server goes on: for a test of that day."""
        if self._sidecar is not None:
            self._sidecar.stop()

    def tail(self, lines: int) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _variables(self, root: Path) -> dict[str, str]:
        configuration: Json = self._properties.get("codeConfiguration") or {}
        variables = {
            **{key: str(value) for key, value in (self._properties.get("environmentVariables") or {}).items()},
            "AZUREML_ENTRY_SCRIPT": str(configuration.get("scoringScript") or "score.py"),
            "AML_APP_ROOT": str(root / "code"),
            "SERVICE_NAME": self._endpoint,
            "HOME": str(self._folder),
        }
        model = self._model(root)
        return {**variables, "AZUREML_MODEL_DIR": str(model)} if model else variables

    def _collection(self) -> dict[str, str]:
        collections: Json = (self._properties.get("dataCollector") or {}).get("collections") or {}
        if not collections:
            return {}
        self._sidecar = Sidecar(self._shop, self._endpoint, self._deployment, collections)
        return self._sidecar.start(self._folder)

    def _model(self, root: Path) -> Path | None:
        """As in the image: the variable names a folder that holds the model's own file or folder."""
        reference = self._properties.get("model")
        if not reference:
            return None
        match = _VERSIONED.search(str(reference))
        if match is None:
            raise ArmError(400, "BadArgument", f"The model '{reference}' is not a registered model's id.")
        place = self._shop.references.locate(str(reference))
        folder = root / "azureml-models" / match[2] / match[3]
        self._may_read(place)
        if not self._shop.storage.download(place, folder / PurePosixPath(place.path).name):
            raise ArmError(400, "BadArgument", f"The files of model {match[2]}:{match[3]} are not in storage.")
        return folder

    def _code(self, root: Path) -> Path:
        configuration: Json = self._properties.get("codeConfiguration") or {}
        match = _VERSIONED.search(str(configuration.get("codeId") or ""))
        if match is None:
            raise ArmError(
                400, "BadArgument", "codeConfiguration.codeId is required: the sandbox serves no image alone."
            )
        uri = str(self._shop.catalogs["codes"].properties(match[2], match[3])["codeUri"])
        folder = root / "code"
        place = self._shop.references.locate(uri)
        self._may_read(place)
        self._shop.storage.download(place, folder)
        if not (folder / str(configuration.get("scoringScript"))).is_file():
            script = configuration.get("scoringScript")
            raise ArmError(400, "BadArgument", f"The scoring script '{script}' is not in the code that was uploaded.")
        return folder

    def _may_read(self, place: Location) -> None:
        try:
            self._shop.require(ENDPOINT, "read", place)
        except DeniedError as error:
            raise ArmError(400, "BadArgument", f"The endpoint's identity cannot read {place.path}: {error}") from error

    def _wait(self) -> None:
        assert self._child is not None
        deadline = time.monotonic() + HANG_SECONDS
        pool = urllib3.HTTPConnectionPool("127.0.0.1", self.port, retries=False, timeout=1.0)
        with pool:
            while True:
                if self._child.exit_code() is not None:
                    raise ArmError(400, "ResourceNotReady", _CRASHED)
                try:
                    if pool.request("GET", "/").status == 200:
                        return
                except urllib3.exceptions.HTTPError:
                    pass  # it does not answer yet: asked again below, until it has ended or the time is over
                if time.monotonic() > deadline:
                    self.stop()
                    raise ArmError(400, "ResourceNotReady", f"The readiness probe failed for {HANG_SECONDS:.0f} s.")
                time.sleep(0.05)
