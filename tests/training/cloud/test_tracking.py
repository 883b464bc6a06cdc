import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from training.cloud import tracking

RUN = {"info": {"run_id": "job-1", "run_uuid": "job-1", "experiment_id": "0", "status": "RUNNING"}, "data": {}}


class Tracking(ThreadingHTTPServer):
    """As much of MLflow's tracking API as a job's own run needs; keeps what is logged."""

    def __init__(self) -> None:
        self.logged: list[dict[str, object]] = []
        super().__init__(("127.0.0.1", 0), Answers)


class Answers(BaseHTTPRequestHandler):
    server: Tracking

    def do_GET(self) -> None:
        self._answer({"run": RUN})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "log" in self.path:
            self.server.logged.append(body)
        self._answer({"run_info": RUN["info"]} if self.path.endswith("update") else {"run": RUN})

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Tracking]:
    with Tracking() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_nothing_is_logged_where_the_job_has_no_tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking.log({"a": 1}, {"b": 2.0}) is False


def test_parameters_and_metrics_reach_the_jobs_own_run(monkeypatch: pytest.MonkeyPatch, server: Tracking) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MLFLOW_RUN_ID", "job-1")
    assert tracking.log({"regressor": "ridge"}, {"rmse": 54.0}) is True
    assert {body["run_id"] for body in server.logged} == {"job-1"}
    items = [item for body in server.logged for kind in ("params", "metrics") for item in body.get(kind, [])]  # type: ignore[attr-defined]
    assert {item["key"]: item["value"] for item in items} == {"regressor": "ridge", "rmse": 54.0}
