"""What a push changed, asked of GitHub: the event that a workflow sees lists commits without their files."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST_FILES = 300  # GitHub's answer holds no more: a list of this length may have been cut
TIMEOUT_SECONDS = 30.0
_SHA = re.compile(r"[0-9a-f]{40}")
_NOTHING = "0" * 40  # GitHub's word for the commit before the first


def changed_paths(environment: Mapping[str, str]) -> tuple[list[str] | None, str]:
    """The paths that the push changed, and why they cannot be told where the list is None.

    Parameters
    ----------
    environment : mapping
        A GitHub job's variables: GITHUB_EVENT_PATH, GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN.
    """
    try:
        event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_bytes())
        before, after = str(event["before"]), str(event["after"])
    except (KeyError, OSError, ValueError, TypeError) as error:
        return None, f"the event names no commits ({type(error).__name__})"
    if not (_SHA.fullmatch(before) and _SHA.fullmatch(after)) or before == _NOTHING:
        return None, "there is no commit before this push"
    try:
        compared = _compare(environment, before, after)
        files, status = compared["files"], compared["status"]
        paths = [str(file[key]) for file in files for key in ("filename", "previous_filename") if file.get(key)]
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, f"GitHub did not compare the commits ({getattr(error, 'code', type(error).__name__)})"
    if status not in ("ahead", "identical"):
        return None, "the branch was moved to another history"
    if len(files) >= MOST_FILES:
        return None, f"{MOST_FILES} files or more have changed"
    return paths, ""


def _compare(environment: Mapping[str, str], before: str, after: str) -> dict[str, Any]:
    """GitHub's comparison of two commits (GET /repos/{owner}/{repo}/compare/{basehead})."""
    api, repository = environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"]
    request = urllib.request.Request(  # noqa: S310 GitHub's own setting
        f"{api}/repos/{repository}/compare/{before}...{after}",
        headers={
            "authorization": f"Bearer {environment['GITHUB_TOKEN']}",
            "accept": "application/vnd.github+json",
            "user-agent": "driftloop-train",
            "x-github-api-version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found
