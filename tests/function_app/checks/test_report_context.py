"""What a stored report says beside the check."""

from datetime import UTC, datetime

from driftloop.ledger import CheckRecord, Drift, DriftState, open_drift, transition
from driftloop.report.context import Started
from function_app.checks.report_context import _named, _past, steps_of

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def drift() -> Drift:
    fresh = Drift(
        drift_id="drift-1", check_id="chk-1", model="m", baseline_version="3", baseline_sha256="a" * 64, epoch=0,
        reason="drift", as_of="2026-11-01T00:00:00Z", since="2026-10-01T00:00:00Z",
    )  # fmt: skip
    return open_drift(fresh, NOW, "waits for labels: 0 of 150")


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
