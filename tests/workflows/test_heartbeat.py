"""The real heartbeat.yml, run by act against the stand-in and a function app that is well, late, strange or gone."""

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import overview_of
from function_app.http.health import Health, ModelHealth
from sandbox.github import GitHubStandIn, RunRecord
from workflows import heartbeat

ROOT = Path(__file__).parents[2]
HEALTHY = (200, {"status": "healthy", "models": []})
OVERDUE = (503, {"status": "overdue", "models": [{"model": "m", "overdue_since": "2026-01-05T00:00:00Z"}]})


class FunctionApp:
    """Answers /api/health with what `answers` says: a status and a document or text."""

    def __init__(self) -> None:
        self.answer: tuple[int, object] = HEALTHY
        self.keys: list[str | None] = []
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                app.keys.append(self.headers["x-functions-key"])
                status, body = app.answer
                content = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/health"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def app() -> Iterator[FunctionApp]:
    app = FunctionApp()
    yield app
    app.stop()


@pytest.fixture
def github(app: FunctionApp, tmp_path: Path) -> Iterator[GitHubStandIn]:
    tree = tmp_path / "tree"
    (tree / "workflows").mkdir(parents=True)
    for file in ("workflows/__init__.py", "workflows/heartbeat.py"):
        shutil.copy2(ROOT / file, tree / file)
    (tree / ".github" / "workflows").mkdir(parents=True)
    shutil.copy2(ROOT / ".github/workflows/heartbeat.yml", tree / ".github/workflows/heartbeat.yml")
    with GitHubStandIn(
        tree,
        environment={"DRIFTLOOP_HEALTH_PAUSE": "0.05"},
        variables={"DRIFTLOOP_HEALTH_URL": app.url},
        secrets={"DRIFTLOOP_HEALTH_KEY": "key-7"},
        folder=tmp_path / "github",
    ) as standin:
        yield standin


def beat(github: GitHubStandIn) -> RunRecord:
    run = github.schedule("heartbeat.yml")
    github.wait_idle()
    return run


def states(github: GitHubStandIn) -> list[str]:
    return [issue["state"] for issue in github.issues.all]


def test_one_issue_is_opened_when_checks_are_late_and_closed_when_they_are_not(
    github: GitHubStandIn, app: FunctionApp
) -> None:
    assert beat(github).conclusion == "success"
    assert states(github) == []
    app.answer = OVERDUE
    for _ in range(2):
        assert beat(github).conclusion == "success"
    assert states(github) == ["open"]
    issue = github.issues.all[0]
    assert "overdue_since" in issue["body"]
    assert "checks are overdue: m." in issue["body"]
    assert [label["name"] for label in issue["labels"]] == [heartbeat.LABEL]
    app.answer = HEALTHY
    beat(github)
    assert states(github) == ["closed"]
    assert "on time" in github.issues.comments[1][0]
    app.answer = OVERDUE
    beat(github)
    assert states(github) == ["closed", "open"]
    assert set(app.keys) == {"key-7"}


def test_without_a_health_address_nothing_is_asked(github: GitHubStandIn, app: FunctionApp, tmp_path: Path) -> None:
    with GitHubStandIn(tmp_path / "tree", folder=tmp_path / "second") as unset:
        assert beat(unset).conclusion == "skipped"
    assert app.keys == []


def test_a_run_that_may_not_write_issues_fails_and_says_why(
    app: FunctionApp, tmp_path: Path, github: GitHubStandIn
) -> None:
    file = tmp_path / "tree/.github/workflows/heartbeat.yml"
    file.write_text(file.read_text().replace("issues: write", "issues: read"))
    github.push(paths=["x"])
    app.answer = OVERDUE
    run = beat(github)
    assert run.conclusion == "failure"
    assert "issues: write" in run.job("heartbeat").annotations[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, "<html>sign in</html>"), "not with the health of Driftloop"),
        ((200, {"status": "healthy"}), "not with the health of Driftloop"),
        ((503, "Service Unavailable"), "answers 503"),
        ((401, ""), "DRIFTLOOP_HEALTH_KEY"),
        ((404, ""), "answers 404"),
    ],
)
def test_whatever_is_not_a_healthy_report_is_not_healthy(
    app: FunctionApp, answer: tuple[int, object], words: str
) -> None:
    app.answer = answer
    found = heartbeat.ask(app.url, "k", pause=0)
    assert not found.healthy
    assert words in found.summary
    assert len(app.keys) == heartbeat.TRIES


def test_an_app_that_is_gone_is_not_healthy(app: FunctionApp) -> None:
    app.stop()
    found = heartbeat.ask(app.url, "k", pause=0)
    assert not found.healthy
    assert "does not answer" in found.summary


def test_a_hiccup_is_asked_again(app: FunctionApp, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([(502, "bad gateway"), HEALTHY])
    monkeypatch.setattr(FunctionApp, "answer", property(lambda _: next(answers), lambda *_: None), raising=False)
    assert heartbeat.ask(app.url, "k", pause=0).healthy


def test_the_apps_words_are_quoted_and_cannot_leave_the_quotation() -> None:
    text = heartbeat._text(heartbeat.HealthAnswer(False, "late", "```\n@everyone"), "run")
    assert text.count("```") == 2


@pytest.mark.parametrize("overdue", [False, True])
def test_the_function_apps_own_report_is_understood(overdue: bool) -> None:
    since = datetime(2026, 1, 5, tzinfo=UTC)
    state = ModelState(model="m", watched_since=since)
    report = Health((ModelHealth(model="m", state=overview_of(state), due_since=since if overdue else None),)).answer()
    assert heartbeat._status(msgspec.json.encode(report)) == ("overdue" if overdue else "healthy")


def test_the_models_that_are_late_are_named_and_nothing_that_is_no_name() -> None:
    late = [{"model": name, "overdue_since": "2026-01-05T00:00:00Z"} for name in ("wine", "[x](y)", "a b", "beer")]
    report = {"status": "overdue", "models": [*late, {"model": "tea", "overdue_since": None}, "words", {}]}
    assert heartbeat._late(json.dumps(report).encode()) == ["wine", "beer"]
    assert heartbeat._late(json.dumps({"status": "overdue", "models": "words"}).encode()) == []
