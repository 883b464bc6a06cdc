"""The issues of the repository: what a workflow that opens, comments and closes one needs."""

import threading
from typing import Any

from sandbox.github.auth import DOCS, ApiError
from sandbox.github.documents import node_id, user
from sandbox.github.records import now, stamp

PLACE = f"{DOCS}/issues/issues"


class Issues:
    """Open and closed issues, newest first in lists, as GitHub sorts them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.all: list[dict[str, Any]] = []
        self.comments: dict[int, list[str]] = {}

    def create(self, body: dict[str, Any], api: str, owner_repo: str) -> dict[str, Any]:
        """A new issue. Raises ApiError 422 without a title."""
        if not isinstance(body.get("title"), str) or not body["title"]:
            raise ApiError(422, 'Invalid request.\n\n"title" wasn\'t supplied.', PLACE)
        labels = _label_names(body.get("labels", []))
        with self._lock:
            number = len(self.all) + 1
            moment = stamp(now())
            issue = {
                "id": 900_000 + number,
                "node_id": node_id("I", number),
                "number": number,
                "url": f"{api}/repos/{owner_repo}/issues/{number}",
                "html_url": f"{api}/{owner_repo}/issues/{number}",
                "title": body["title"],
                "body": body.get("body"),
                "state": "open",
                "state_reason": None,
                "user": user(api, "github-actions[bot]"),
                "labels": [{"name": name} for name in labels],
                "comments": 0,
                "created_at": moment,
                "updated_at": moment,
                "closed_at": None,
            }
            self.all.append(issue)
            self.comments[number] = []
            return dict(issue)

    def select(self, state: str, labels: str | None) -> list[dict[str, Any]]:
        """Issues in a state (`all` for any) that bear all of the comma-separated labels."""
        wanted = {label for label in (labels or "").split(",") if label}
        with self._lock:
            return [
                dict(issue)
                for issue in reversed(self.all)
                if state in ("all", issue["state"]) and wanted <= {label["name"] for label in issue["labels"]}
            ]

    def update(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """Change title, body, state. Raises ApiError 404 for no such issue, 422 for a state that is none."""
        with self._lock:
            issue = self._find(number)
            if body.get("state", "open") not in ("open", "closed"):
                raise ApiError(
                    422, "Validation Failed", PLACE, [{"resource": "Issue", "field": "state", "code": "invalid"}]
                )
            moment = stamp(now())
            issue.update({name: body[name] for name in ("title", "body", "state", "state_reason") if name in body})
            issue.update(updated_at=moment, closed_at=moment if issue["state"] == "closed" else None)
            return dict(issue)

    def comment(self, number: int, body: dict[str, Any], api: str, owner_repo: str) -> dict[str, Any]:
        """Add a comment. Raises ApiError 404 for no such issue, 422 without a body."""
        if not isinstance(body.get("body"), str) or not body["body"]:
            raise ApiError(422, 'Invalid request.\n\n"body" wasn\'t supplied.', f"{DOCS}/issues/comments")
        with self._lock:
            issue = self._find(number)
            self.comments[number].append(body["body"])
            issue["comments"] = len(self.comments[number])
            identity = 800_000 + sum(map(len, self.comments.values()))
            return {
                "id": identity,
                "node_id": node_id("IC", identity),
                "body": body["body"],
                "url": f"{api}/repos/{owner_repo}/issues/comments/{identity}",
                "user": user(api, "github-actions[bot]"),
                "created_at": stamp(now()),
            }

    def _find(self, number: int) -> dict[str, Any]:
        if not 1 <= number <= len(self.all):
            raise ApiError(404, "Not Found", PLACE)
        return self.all[number - 1]


def _label_names(labels: Any) -> list[str]:
    """Names of labels, which come as texts or as objects. Raises ApiError 422 for anything else."""
    names = (
        [entry.get("name") if isinstance(entry, dict) else entry for entry in labels]
        if isinstance(labels, list)
        else [None]
    )
    if not all(isinstance(name, str) and name for name in names):
        raise ApiError(422, "Validation Failed", PLACE, [{"resource": "Label", "field": "name", "code": "invalid"}])
    return [str(name) for name in names]
