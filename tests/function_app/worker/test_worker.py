"""The app in Microsoft's own worker code: it lists exactly our functions, and calls them as they are.

On Python 3.13, for which that code is made (`make worker`), where there is one. The Python that is deployed lists the
functions by the same code (`make deployed`).
"""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployed_python import DEPLOYED, needs_deployed
from tests.function_app.test_app import EXPECTED

if TYPE_CHECKING:
    from tests.function_app.conftest import Clinic

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".tools" / "worker" / "bin" / "python"
TRACE = "0af7651916cd43dd8448eb211c80319c"  # of the host's own span in driving.py

needs_worker = pytest.mark.skipif(
    not PYTHON.exists(), reason="no environment of Python 3.13 with azure-functions-runtime: `make worker` makes it"
)


def driven(environment: dict[str, str], *calls: dict[str, Any], python: Path = PYTHON) -> dict[str, Any]:
    """What the worker code told, with this app and these calls."""
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("driving.py")), str(ROOT)],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def http(function: str, method: str, path: str, body: str = "", **more: dict[str, str]) -> dict[str, Any]:
    return {
        "function": function,
        "trigger": "http",
        "data": {"method": method, "url": f"https://app.example/api/{path}", "body": body, **more},
    }


@pytest.mark.parametrize(
    "python", [pytest.param(PYTHON, marks=needs_worker), pytest.param(DEPLOYED, marks=needs_deployed)]
)
def test_it_lists_exactly_the_functions_with_their_triggers(python: Path) -> None:
    told = driven({}, python=python)
    assert "failed" not in told
    found = {name: [kind for kind in kinds.values() if kind != "http"] for name, kinds in told["functions"].items()}
    assert found == {name: [trigger] for name, (trigger, _) in EXPECTED.items()}


@needs_worker
def test_a_tick_a_message_and_the_api_go_through_it_to_a_verdict_in_the_ledger(
    clinic: "Clinic", identity_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "driftloop.toml").write_text(
        f'[[model]]\nname = "{clinic.name}"\nrecords = "{clinic.model.records}"\nlabels_required = 0\n'
    )
    clinic.deploy()
    clinic.land(clinic.rows(300))
    environment = {
        **identity_environment,
        "DRIFTLOOP_CONFIG": str(tmp_path / "driftloop.toml"),
        "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
    }
    queue = clinic.storage.queue("checks")
    queue.clear_messages()

    tick = driven(environment, {"function": "check_drift", "trigger": "timer", "data": {"IsPastDue": False}})
    assert tick["answers"] == [{"function": "check_drift", "succeeded": True}]
    (message,) = queue.receive_messages()
    queue.delete_message(message)
    content = base64.b64decode(message.content).decode()  # as the host hands it on
    asked = json.loads(content)
    assert asked["model"] == clinic.name
    assert asked["traceparent"].split("-")[1] == TRACE, "the span that asked travels in the message"

    told = driven(
        environment,
        {"function": "check_model", "trigger": "queue", "data": content},
        http("list_checks", "GET", "checks", query={"model": clinic.name}),
        http("start_check", "POST", "checks", "{"),
        http("health", "GET", "health"),
    )
    checked, listed, refused, health = told["answers"]
    assert checked == {"function": "check_model", "succeeded": True}
    (check,) = clinic.ledger.checks(clinic.name)
    assert (check.verdict, check.rows) == ("stable", 300)
    assert [each["check_id"] for each in json.loads(listed["body"])["checks"]] == [check.check_id]
    assert (listed["status"], refused["status"], health["status"]) == (200, 400, 200)
    assert list(json.loads(health["body"])["models"][0])[:1] == ["model"]


@needs_worker
def test_a_message_that_is_not_ours_fails_the_call_so_that_the_queue_delivers_it_again(
    identity_environment: dict[str, str],
) -> None:
    told = driven(identity_environment, {"function": "check_model", "trigger": "queue", "data": "rubbish"})
    (answer,) = told["answers"]
    assert not answer["succeeded"]
    assert "a message is not ours" in answer["error"]
