"""Payloads are refused by the types of their values, in the job's first step and with its own Python."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from driftloop.events import DriftDetected, ModelRegistered
from workflows.payload import problem

SCRIPT = Path(__file__).resolve().parents[2] / "workflows/handed_over.sh"
DRIFT = DriftDetected(
    drift_id="drift-0123456789ab",
    check_id="chk-0123456789ab",
    model="diabetes-progression",
    baseline_version="1",
    reason="drift",
    as_of="2026-01-05T00:00:00Z",
    since="2026-01-01T00:00:00Z",
)
VERSION = ModelRegistered(model="diabetes-progression", version="3", event_id="e1")


def event(payload: Any, action: Any = "drift-detected") -> dict[str, Any]:
    return {"action": action, "branch": "main", "client_payload": payload}


@pytest.mark.parametrize("sent", [DRIFT, VERSION], ids=["drift", "version"])
def test_what_the_function_app_sends_passes(sent: DriftDetected | ModelRegistered) -> None:
    assert problem(event(json.loads(json.dumps(sent.payload())), sent.event_type)) is None


def test_a_field_of_a_later_version_passes_if_it_is_text() -> None:
    assert problem(event(DRIFT.payload() | {"traceparent": "00-a-b-01"})) is None
    assert (
        problem(event(DRIFT.payload() | {"traceparent": ["00-a-b-01"]})) == "client_payload.traceparent is not a text"
    )


@pytest.mark.parametrize("value", [None, {}, {"a": "b"}, [], ["drift-0123456789ab"], 1, 1.5, True], ids=repr)
@pytest.mark.parametrize("name", sorted(DRIFT.payload().keys() - {"attempt"}))
def test_what_is_no_text_is_refused_by_its_field(name: str, value: object) -> None:
    assert problem(event(DRIFT.payload() | {name: value})) == f"client_payload.{name} is not a text"


@pytest.mark.parametrize("value", [None, {}, [1], 1.0, True], ids=repr)
def test_an_attempt_is_a_whole_number_or_text(value: object) -> None:
    assert problem(event(DRIFT.payload() | {"attempt": value})) == "client_payload.attempt is not a text"
    assert problem(event(DRIFT.payload() | {"attempt": "2"})) is None


@pytest.mark.parametrize("mark", ["\0", "\n", "\r", "\x1b", "\u2028", "\u202e", "\u200b", "\x7f"], ids=ascii)
def test_a_character_that_is_not_seen_is_refused(mark: str) -> None:
    said = problem(event(DRIFT.payload() | {"drift_id": f"drift-0123456789ab{mark}"}))
    assert said == "client_payload.drift_id holds a control character"


@pytest.mark.parametrize("name", ["drift_id", "model"])
def test_a_drift_without_its_name_is_no_training_that_nobody_asked_for(name: str) -> None:
    rest = {key: value for key, value in DRIFT.payload().items() if key != name}
    assert problem(event(rest)) == f"client_payload lacks {name}"
    assert problem(event(rest | {name: ""})) == f"client_payload.{name} is empty"


@pytest.mark.parametrize(
    "whole",
    [
        None,
        [],
        "drift",
        event(None),
        event([]),
        event("x"),
        event(DRIFT.payload(), None),
        event(DRIFT.payload(), {}),
        event(DRIFT.payload(), "other"),
        event(DRIFT.payload() | {"::error::x": "y"}),
    ],
)
def test_an_event_of_another_shape_is_refused_without_repeating_it(whole: object) -> None:
    said = problem(whole)
    assert said is not None
    assert "::" not in said


def first_step(folder: Path, content: bytes | None, **more: str) -> tuple[int, str]:
    """Exit code and output of what a job does first, with an event file as GitHub writes it."""
    file = folder / "event.json"
    if content is not None:
        file.write_bytes(content)
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin",
        "GITHUB_EVENT_NAME": "repository_dispatch",
        "GITHUB_EVENT_PATH": str(file),
        **more,
    }
    done = subprocess.run(["bash", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_first_step_passes_a_good_event_and_refuses_a_bad_one_whatever_the_variables_say(tmp_path: Path) -> None:
    good = json.dumps(event(DRIFT.payload())).encode()
    variables = {"DRIFT_ID": DRIFT.drift_id, "DRIFTLOOP_MODEL": DRIFT.model, "EVENT_TYPE": "drift-detected"}
    assert first_step(tmp_path, good, **variables) == (0, "")
    # what a job sees of {"drift_id": null} and of {"model": {}}: nothing, and the word Object
    bad = json.dumps(event(DRIFT.payload() | {"drift_id": None, "model": {}})).encode()
    code, output = first_step(tmp_path, bad, DRIFTLOOP_MODEL="Object")
    assert (code, output.count("\n")) == (1, 1)
    assert output.startswith("::error::client_payload.drift_id is not a text; nothing was started")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 200_000, None], ids=["empty", "cut", "bytes", "deep", "none"]
)
def test_an_event_that_cannot_be_read_starts_nothing(tmp_path: Path, content: bytes | None) -> None:
    code, output = first_step(tmp_path, content)
    assert code == 1
    assert output.startswith("::error::the event cannot be read (")
    assert "Traceback" not in output


@pytest.mark.parametrize("name", ["push", "workflow_dispatch", "workflow_call"])
def test_other_events_have_no_payload_to_check(tmp_path: Path, name: str) -> None:
    assert first_step(tmp_path, b"{}", GITHUB_EVENT_NAME=name) == (0, "")


def test_where_no_event_file_tells_the_fields_that_an_event_needs_are_asked_for_all_the_same(tmp_path: Path) -> None:
    """Azure Pipelines: every parameter is text, and a missing one is empty."""
    for missing in ("DRIFT_ID", "DRIFTLOOP_MODEL"):
        given = {"DRIFT_ID": DRIFT.drift_id, "DRIFTLOOP_MODEL": DRIFT.model} | {missing: ""}
        code, output = first_step(tmp_path, None, GITHUB_EVENT_NAME="", EVENT_TYPE="drift-detected", **given)
        assert (code, output.split(";")[0]) == (1, f"::error::{missing} is missing from a drift-detected event")
