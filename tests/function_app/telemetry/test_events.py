"""One JSON object a line, nothing else: what the alert rules parse."""

import json
import logging
from datetime import UTC, datetime

import pytest

from function_app.telemetry.events import emit


def test_an_event_is_one_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    emit("check_finished", model="m", rows=5, at=datetime(2026, 1, 2, tzinfo=UTC), reason=None, reasons=("a\nb",))

    (record,) = caplog.records
    assert json.loads(record.message) == {
        "event": "check_finished",
        "model": "m",
        "rows": 5,
        "at": "2026-01-02T00:00:00Z",
        "reasons": ["a\nb"],
    }
    assert "\n" not in record.message


@pytest.mark.parametrize(
    ("event", "level"),
    [("incident", logging.WARNING), ("check_finished", logging.INFO), ("dispatch_failed", logging.WARNING)],
)
def test_what_needs_a_person_is_a_warning(event: str, level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    emit(event, model="m")  # type: ignore[arg-type]

    assert caplog.records[0].levelno == level


def test_long_texts_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    emit("incident", reasons=("x" * 10_000,) * 100)

    assert len(caplog.records[0].message) < 12_000
