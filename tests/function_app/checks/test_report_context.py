"""What a stored report says beside the check."""

from datetime import UTC, datetime

import pytest

from driftloop import Column, Schema
from driftloop.ledger import CheckRecord, Drift, DriftState, add_note, transition
from driftloop.report.context import Started
from function_app.checks.report_context import _named, _past, _target, steps_of
from tests.driftloop.drifts import found_drift

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def drift() -> Drift:
    return add_note(found_drift(NOW), NOW, "waits for labels: 0 of 150")


def test_an_open_drift_says_what_it_waits_for() -> None:
    assert steps_of(drift()) == (Started("drift", "drift-1, held: waits for labels: 0 of 150"),)


def test_a_closed_drift_leads_to_run_job_and_model() -> None:
    done = transition(
        drift(),
        DriftState.PROMOTED,
        NOW,
        "promoted",
        run_id="17",
        run_url="https://a.example/17",
        job="j",
        model_version="4",
    )
    assert steps_of(done)[1:] == (
        Started("run", "17", "https://a.example/17"),
        Started("job", "j"),
        Started("model", "m 4"),
    )


def test_a_check_without_evidence_has_no_p() -> None:
    incident = CheckRecord(check_id="c", model="m", at=NOW, verdict="incident", evidence=0.4)
    stable = CheckRecord(check_id="c", model="m", at=NOW, verdict="stable", evidence=0.75)
    assert (_past(incident).p, _past(stable).p) == (None, 0.25)
    assert _past(stable).name == "2026-11-01 06:00"


def test_many_files_are_counted() -> None:
    assert [_named(files) for files in ([], ["a"], ["a", "b", "c"])] == [None, "a", "a and 2 more"]


def test_the_newest_line_of_a_history_is_told() -> None:
    lines = add_note(add_note(drift(), NOW, "waits for labels: 70 of 150"), NOW, "waits for labels: 140 of 150")
    assert steps_of(lines) == (Started("drift", "drift-1, held: waits for labels: 140 of 150"),)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((), ("", False)),
        ((Column("y", unit="points", role="target"),), ("points", False)),
        ((Column("y", "categorical", role="target"),), ("", True)),
    ],
)
def test_errors_are_told_in_the_targets_unit_or_as_shares_of_classes(
    columns: tuple[Column, ...], told: tuple[str, bool]
) -> None:
    assert _target(Schema((Column("x"), *columns))) == told
