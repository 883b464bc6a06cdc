"""What a push changed, and a run for each model of it, on Azure DevOps.

A deployment there cannot be repeated over a list that only a run knows. So the run of a push starts one run of the same
pipeline a model, as the function app does.
"""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

TIMEOUT_SECONDS = 30.0
_SHA = re.compile(r"[0-9a-f]{40}")


class QueueError(Exception):
    """A run could not be started; the message is one line that says what to do."""


def changed_paths(environment: Mapping[str, str]) -> tuple[list[str] | None, str]:
    """The paths that changed since the last push whose run succeeded, and why they cannot be told where the list is
    None. The clone must have its history (`fetchDepth: 0`).
    """
    try:
        last = _last_push(environment)
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError, IndexError) as error:
        return None, f"Azure DevOps did not say what was built last ({getattr(error, 'code', type(error).__name__)})"
    if last is None:
        return None, "no push was built before"
    listed = subprocess.run(
        ["git", "diff", "--name-only", "--no-renames", "-z", last, "HEAD", "--"], check=False, capture_output=True
    )
    if listed.returncode != 0:
        return None, "the commit that was built last is not in this clone"
    return [path for path in listed.stdout.decode("utf-8", "replace").split("\0") if path], ""


def queue(environment: Mapping[str, str], models: Sequence[str]) -> list[str]:
    """Start a run of this pipeline for each model, at this run's commit; the addresses of the runs.

    Raises QueueError for the first that Azure DevOps does not take.
    """
    pipeline = urllib.parse.quote(environment["SYSTEM_DEFINITIONID"])
    here = {"self": {"refName": environment["BUILD_SOURCEBRANCH"], "version": environment["BUILD_SOURCEVERSION"]}}
    started = []
    for model in models:
        body = {"templateParameters": {"event_type": "push", "model": model}, "resources": {"repositories": here}}
        try:
            answer = _send(environment, f"pipelines/{pipeline}/runs?api-version=7.1", body)
        except (urllib.error.URLError, OSError, ValueError) as error:
            said = getattr(error, "code", type(error).__name__)
            raise QueueError(
                f"no run was started for {model} ({said}): may the build service queue builds of this pipeline?"
            ) from None
        started.append(f"{model}: run {answer.get('id')}")
    return started


def _last_push(environment: Mapping[str, str]) -> str | None:
    """The commit of the newest push on this branch whose run succeeded."""
    query = urllib.parse.urlencode(
        {
            "definitions": environment["SYSTEM_DEFINITIONID"],
            "branchName": environment["BUILD_SOURCEBRANCH"],
            "reasonFilter": "individualCI",
            "resultFilter": "succeeded",
            "queryOrder": "finishTimeDescending",
            "$top": 1,
            "api-version": "7.1",
        }
    )
    builds = _send(environment, f"build/builds?{query}")["value"]
    if not builds:
        return None
    commit = str(builds[0]["sourceVersion"])
    return commit if _SHA.fullmatch(commit) else None


def _send(environment: Mapping[str, str], path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    collection = environment["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"].rstrip("/")
    project = urllib.parse.quote(environment["SYSTEM_TEAMPROJECT"])
    request = urllib.request.Request(  # noqa: S310 the system's own setting
        f"{collection}/{project}/_apis/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {environment['SYSTEM_ACCESSTOKEN']}",
            "content-type": "application/json",
            "accept": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found
