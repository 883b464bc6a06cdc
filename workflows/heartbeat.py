"""Asks the function app whether its checks are on time, and keeps one GitHub issue open while they are not.

`python -m workflows.heartbeat`, in heartbeat.yml. Reads DRIFTLOOP_HEALTH_URL, DRIFTLOOP_HEALTH_KEY (a function key) and
what GitHub gives every run: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN. Standard library only, so that nothing has
to be installed before it can speak. Exit code 0 when the state was reported, whatever it is; 1 when GitHub could not be
told.
"""

import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

LABEL = "driftloop-heartbeat"
TITLE = "Driftloop: drift checks are not running"
TRIES = 3  # a cold start or a restart passes within them; the next look is an hour away
TIMEOUT_SECONDS = 30.0
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")  # of a model
MOST_NAMED = 20  # models in one sentence: all of them are in the answer below it
BODY_LIMIT = 50_000  # a GitHub issue holds 65,536 characters


@dataclass(frozen=True)
class HealthAnswer:
    """What the function app answered. `detail` is its own words, untrusted: it is quoted, never interpreted."""

    healthy: bool
    summary: str
    detail: str = ""


def ask(url: str, key: str, pause: float) -> HealthAnswer:
    """The health of the app at `url`.

    Parameters
    ----------
    url : str
        Of `/api/health`.
    key : str
        A function key of the app.
    pause : float
        Seconds between tries.

    Returns
    -------
    HealthAnswer
        No answer after three tries is an answer, too.
    """
    problem = ""
    for attempt in range(TRIES):
        time.sleep(pause if attempt else 0)
        request = urllib.request.Request(url, headers={"x-functions-key": key, "accept": "application/json"})  # noqa: S310 the owner's own setting
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                if _status(answer.read(BODY_LIMIT)) == "healthy":
                    return HealthAnswer(True, "Every model was checked on time.")
                problem = f"{url} answers {answer.status}, but not with the health of Driftloop."
        except urllib.error.HTTPError as error:
            detail = error.read(BODY_LIMIT)
            if _status(detail) == "overdue":
                words = detail.decode("utf-8", "replace")
                late = ", ".join(_late(detail)) or "of a model whose name cannot be read"
                return HealthAnswer(
                    False, f"The function app answers, and says that checks are overdue: {late}.", words
                )
            hint = " Is DRIFTLOOP_HEALTH_KEY a key of this app?" if error.code in (401, 403) else ""
            problem = f"{url} answers {error.code}.{hint}"
        except (OSError, http.client.HTTPException) as error:
            problem = f"{url} does not answer: {type(error).__name__}."
    return HealthAnswer(False, f"{problem} Tried {TRIES} times; whether drift is being checked is unknown.")


def _status(body: bytes) -> str | None:
    """What a health report says; None for any other text (a sign-in page, a gateway's error)."""
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or brackets in brackets: whoever answers is no health report
        return None
    status = report.get("status") if isinstance(report, dict) and "models" in report else None
    return status if isinstance(status, str) else None


def _late(body: bytes) -> list[str]:
    """The models whose checks are overdue, by their names; anything that is no name is left out."""
    models = json.loads(body)["models"]
    known = models if isinstance(models, list) else []
    late = [model for model in known if isinstance(model, dict) and model.get("overdue_since")]
    names = [str(model.get("model")) for model in late]
    return [name for name in names if NAME.fullmatch(name)][:MOST_NAMED]


class Issues:
    """The issues of one repository that bear the heartbeat's label."""

    def __init__(self, api: str, repository: str, token: str) -> None:
        self._base, self._token = f"{api}/repos/{repository}/issues", token

    def open_issue(self) -> dict[str, Any] | None:
        """The oldest open one."""
        query = urllib.parse.urlencode({"state": "open", "labels": LABEL, "sort": "created", "direction": "asc"})
        found = [issue for issue in self._send("GET", f"?{query}") if "pull_request" not in issue]
        return min(found, key=lambda issue: int(issue["number"]), default=None)

    def report(self, health: HealthAnswer, run_url: str) -> str:
        """Open, leave or close the issue; returns what was done, in a sentence."""
        issue = self.open_issue()
        if not health.healthy and issue is None:
            opened = self._send("POST", "", {"title": TITLE, "body": _text(health, run_url), "labels": [LABEL]})
            return f"Opened issue {opened['number']}."
        if not health.healthy and issue is not None:
            return f"Issue {issue['number']} is open already."
        if issue is not None:
            self._send("POST", f"/{issue['number']}/comments", {"body": _text(health, run_url)})
            self._send("PATCH", f"/{issue['number']}", {"state": "closed", "state_reason": "completed"})
            return f"Closed issue {issue['number']}."
        return "Nothing to report."

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 GitHub's own setting
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {self._token}",
                "accept": "application/vnd.github+json",
                "content-type": "application/json",
                "user-agent": "driftloop-heartbeat",
                "x-github-api-version": "2022-11-28",
            },
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.load(answer)


def _text(health: HealthAnswer, run_url: str) -> str:
    lines = [health.summary, "", f"Seen by {run_url}."]
    if health.detail:
        quoted = health.detail.replace("`", "'")[:BODY_LIMIT]
        lines += ["", "```json", quoted, "```"]
    if not health.healthy:
        lines += [
            "",
            "docs/runbook.md, overdue, says where to look. This issue closes itself when the checks are on time again.",
        ]
    return "\n".join(lines)


def main() -> int:
    """One beat."""
    environment = os.environ
    try:
        url, api = environment["DRIFTLOOP_HEALTH_URL"], environment["GITHUB_API_URL"]
        repository, token = environment["GITHUB_REPOSITORY"], environment["GITHUB_TOKEN"]
    except KeyError as missing:
        print(f"::error::{missing.args[0]} is not set; heartbeat.yml sets it", file=sys.stderr)  # noqa: T201
        return 1
    pause = float(environment.get("DRIFTLOOP_HEALTH_PAUSE") or 20)
    health = ask(url, environment.get("DRIFTLOOP_HEALTH_KEY", ""), pause)
    server, run = environment.get("GITHUB_SERVER_URL", "https://github.com"), environment.get("GITHUB_RUN_ID", "0")
    try:
        done = Issues(api, repository, token).report(health, f"{server}/{repository}/actions/runs/{run}")
    except urllib.error.HTTPError as error:
        hint = (
            " (does the job have `issues: write`, and the repository issues?)" if error.code in (403, 404, 410) else ""
        )
        print(f"::error::GitHub answers {error.code} to the report of: {health.summary}{hint}")  # noqa: T201
        return 1
    except OSError as error:
        print(f"::error::GitHub does not answer ({type(error).__name__}); unreported: {health.summary}")  # noqa: T201
        return 1
    print(f"{health.summary} {done}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
