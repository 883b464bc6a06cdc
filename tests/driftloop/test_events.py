"""Identifiers and the small files that travel: stable, hostile text refused."""

import msgspec
import pytest

from driftloop.errors import InputError
from driftloop.events import DriftDetected, ModelRegistered, check_id, drift_id, read_in_service, read_outcome

SHA = "a" * 64


def test_ids_are_the_same_for_the_same_and_differ_for_each_part() -> None:
    assert check_id("m", SHA, "w") == check_id("m", SHA, "w")
    assert (
        len({check_id("m", SHA, "w"), check_id("n", SHA, "w"), check_id("m", SHA, "v"), check_id("m", "b", "w")}) == 4
    )
    assert len({drift_id("m", SHA, 0), drift_id("m", SHA, 1), drift_id("n", SHA, 0)}) == 3
    assert check_id("ab", "c", "d") != check_id("a", "bc", "d"), "parts cannot run into each other"


def test_ids_have_the_form_of_the_architecture_page() -> None:
    assert msgspec.convert(drift_id("m", SHA, 0), str).startswith("drift-")
    assert len(drift_id("m", SHA, 0)) == len("drift-") + 12
    assert len(check_id("m", SHA, "w")) == len("chk-") + 12


def test_a_payload_is_what_the_workflow_reads() -> None:
    event = DriftDetected("d", "c", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z")

    fields = {"drift_id", "check_id", "model", "baseline_version", "reason", "as_of", "since", "attempt"}
    assert set(event.payload()) == fields


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"model": "m"}',
        b'{"model": "m", "version": "1", "baseline_sha256": "short"}',
        b'{"model": "m", "version": "../../x", "baseline_sha256": "' + SHA.encode() + b'"}',
        b'{"model": "m", "version": 1, "baseline_sha256": "' + SHA.encode() + b'"}',
    ],
)
def test_a_damaged_pointer_is_an_error(content: bytes) -> None:
    with pytest.raises(InputError, match=r"in-service\.json"):
        read_in_service(content, "in-service.json")


def test_a_pointer_may_hold_more_than_we_read() -> None:
    content = msgspec.json.encode(
        {"model": "m", "version": "3", "baseline_sha256": SHA, "deployment": "blue", "later": [1]}
    )

    assert read_in_service(content, "x").deployment == "blue"


def test_an_outcome_is_one_of_three_words() -> None:
    good = {"drift_id": "d", "outcome": "rejected", "model": "m", "at": "2026-11-23T06:00:00Z", "gate": None}

    assert read_outcome(msgspec.json.encode(good), "x").outcome == "rejected"
    with pytest.raises(InputError):
        read_outcome(msgspec.json.encode({**good, "outcome": "great"}), "x")


def test_a_run_carries_what_it_was_started_for_in_its_name() -> None:
    drift = DriftDetected("drift-1", "chk-1", "m", "3", "drift", "2026-11-22T00:00:00Z", "2026-11-20T00:00:00Z")
    registered = ModelRegistered("m", "4", "event-1")

    assert (drift.correlation, drift.event_type, drift.attempt) == ("drift-1", "drift-detected", 1)
    assert (registered.correlation, registered.event_type) == ("m 4", "model-registered")
    assert registered.payload() == {"model": "m", "version": "4", "event_id": "event-1"}
    assert drift.payload()["since"] == "2026-11-20T00:00:00Z"
    assert len(drift.payload()) <= 10, "what GitHub takes"
