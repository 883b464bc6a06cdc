"""JSON bodies of GitHub's API: repository, run, job, issue; with every field that its OpenAPI description requires."""

import base64
import zlib
from typing import Any

from sandbox.github.records import JobRecord, RunRecord, stamp

REPOSITORY_LINKS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks"),
    *("issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones"),
    *("notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags"),
    *("teams", "trees"),
)


def node_id(kind: str, number: int) -> str:
    """An opaque GraphQL id."""
    return base64.b64encode(f"{kind}{number}".encode()).decode()


def user(api: str, login: str) -> dict[str, Any]:
    """An account."""
    base = f"{api}/users/{login}"
    plural = ("followers", "subscriptions", "repos", "received_events")
    links = {f"{name}_url" if name != "repos" else "repos_url": f"{base}/{name}" for name in plural}
    return {
        "login": login,
        "id": 1,
        "node_id": node_id("U", 1),
        "avatar_url": f"{api}/avatars/1",
        "gravatar_id": "",
        "url": base,
        "html_url": f"{api}/{login}",
        "following_url": base + "/following{/other_user}",
        "gists_url": base + "/gists{/gist_id}",
        "starred_url": base + "/starred{/owner}{/repo}",
        "organizations_url": f"{base}/orgs",
        "events_url": base + "/events{/privacy}",
        "type": "User",
        "site_admin": False,
    } | links


def repository(api: str, owner_repo: str, default_branch: str) -> dict[str, Any]:
    """The repository, private."""
    owner, name = owner_repo.split("/")
    base = f"{api}/repos/{owner_repo}"
    return {
        "id": 1296269,
        "node_id": node_id("R", 1296269),
        "name": name,
        "full_name": owner_repo,
        "owner": user(api, owner),
        "private": True,
        "html_url": f"{api}/{owner_repo}",
        "description": None,
        "fork": False,
        "url": base,
        "default_branch": default_branch,
    } | {f"{link}_url": f"{base}/{link}" for link in REPOSITORY_LINKS}


def workflow(api: str, owner_repo: str, path: str, *, disabled: bool) -> dict[str, Any]:
    """A workflow file, on or switched off manually."""
    number, base = zlib.crc32(path.encode()), f"{api}/repos/{owner_repo}/actions/workflows"
    return {
        "id": number,
        "node_id": node_id("W", number),
        "name": path.rpartition("/")[2].partition(".")[0],
        "path": path,
        "state": "disabled_manually" if disabled else "active",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "url": f"{base}/{number}",
        "html_url": f"{api}/{owner_repo}/blob/main/{path}",
        "badge_url": f"{api}/{owner_repo}/workflows/{number}/badge.svg",
    }


def run(api: str, owner_repo: str, default_branch: str, record: RunRecord) -> dict[str, Any]:
    """A workflow run."""
    base = f"{api}/repos/{owner_repo}/actions"
    url = f"{base}/runs/{record.id}"
    actor = user(api, "driftloop-sandbox")
    whole = repository(api, owner_repo, default_branch)
    return {
        "id": record.id,
        "name": record.name,
        "node_id": node_id("WFR", record.id),
        "check_suite_id": record.id + 1,
        "check_suite_node_id": node_id("CS", record.id + 1),
        "head_branch": record.happened.branch,
        "head_sha": record.happened.sha,
        "path": record.workflow,
        "display_title": record.display_title,
        "run_number": record.number,
        "run_attempt": record.attempt,
        "event": record.event,
        "status": record.status,
        "conclusion": record.conclusion,
        "workflow_id": record.workflow_id,
        "url": url,
        "html_url": f"{api}/{owner_repo}/actions/runs/{record.id}",
        "pull_requests": [],
        "created_at": stamp(record.created_at),
        "updated_at": stamp(record.finished_at or record.started_at or record.created_at),
        "run_started_at": stamp(record.started_at or record.created_at),
        "actor": actor,
        "triggering_actor": actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/repos/{owner_repo}/check-suites/{record.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{record.attempt - 1}" if record.attempt > 1 else None,
        "workflow_url": f"{base}/workflows/{record.workflow_id}",
        "head_commit": _head_commit(record),
        "repository": whole,
        "head_repository": whole,
    }


def _head_commit(record: RunRecord) -> dict[str, Any]:
    person = {"name": "driftloop-sandbox", "email": "sandbox@example.org"}
    return {
        "id": record.happened.sha,
        "tree_id": record.happened.sha,
        "message": str(record.happened.payload.get("head_commit", {}).get("message", "")),
        "timestamp": stamp(record.created_at),
        "author": person,
        "committer": person,
    }


def job(api: str, owner_repo: str, record: RunRecord, entry: JobRecord) -> dict[str, Any]:
    """A job of a run, with its steps."""
    url = f"{api}/repos/{owner_repo}/actions/jobs/{entry.id}"
    return {
        "id": entry.id,
        "run_id": record.id,
        "run_url": f"{api}/repos/{owner_repo}/actions/runs/{record.id}",
        "run_attempt": record.attempt,
        "node_id": node_id("J", entry.id),
        "head_sha": record.happened.sha,
        "head_branch": record.happened.branch,
        "url": url,
        "html_url": f"{api}/{owner_repo}/actions/runs/{record.id}/job/{entry.id}",
        "status": entry.status,
        "conclusion": entry.conclusion,
        "created_at": stamp(record.created_at),
        "started_at": stamp(entry.started_at or record.created_at),
        "completed_at": stamp(entry.completed_at),
        "name": entry.name,
        "steps": [
            {
                "name": step.name,
                "status": "completed" if step.conclusion else "in_progress",
                "conclusion": step.conclusion,
                "number": step.number,
                "started_at": stamp(step.started_at),
                "completed_at": stamp(step.completed_at),
            }
            for step in entry.steps
        ],
        "check_run_url": f"{api}/repos/{owner_repo}/check-runs/{entry.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "act",
        "runner_group_id": 1,
        "runner_group_name": "sandbox",
        "workflow_name": record.name,
    }
