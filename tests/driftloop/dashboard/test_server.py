"""The server on loopback: whom it answers, and with what."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftloop.cli.main import run
from driftloop.dashboard.server import DashboardServer
from tests.driftloop.dashboard.scene import whole


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DashboardServer]:
    with DashboardServer(whole(tmp_path)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def ask(server: DashboardServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1])
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_it_listens_on_this_machine_alone(server: DashboardServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_pages_and_metrics_come_with_their_types(server: DashboardServer) -> None:
    status, headers, body = ask(server, "/?model=diabetes-progression")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"Drift promoted" in body
    status, headers, body = ask(server, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"driftloop_models 9.0" in body
    assert ask(server, "/", method="HEAD")[2] == b""


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example:80", "localhost"])
def test_a_name_that_was_pointed_here_is_refused(server: DashboardServer, host: str) -> None:
    status, _, body = ask(server, "/", Host=host)
    assert status == 403
    assert b"no-show" not in body


def test_this_machine_is_answered_by_either_of_its_names(server: DashboardServer) -> None:
    for name in ("127.0.0.1", "localhost"):
        assert ask(server, "/", Host=f"{name}:{server.server_address[1]}")[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/favicon.ico", 404), ("/../etc/passwd", 404), ("/?" + "a=1&" * 50, 400), ("/?model=%ff%fe", 404)],
)
def test_an_odd_address_is_one_line(server: DashboardServer, path: str, status: int) -> None:
    found, headers, _ = ask(server, path)
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"


def test_nothing_can_be_sent(server: DashboardServer) -> None:
    assert ask(server, "/", method="POST")[0] == 501


def test_a_folder_that_does_not_say_where_the_ledger_is_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "driftloop.toml").write_text('[[model]]\nname = "m"\n')
    assert run(["dashboard", "--config", str(tmp_path / "driftloop.toml")]) == 2
    assert "no package beside it says where the ledger is" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(
    server: DashboardServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from driftloop.cli import dashboard_command

    monkeypatch.setattr(dashboard_command, "_source", lambda _: server.source)
    assert run(["dashboard", "--port", str(server.server_address[1])]) == 2
    assert "choose another, or 0 for a free one" in capsys.readouterr().err
