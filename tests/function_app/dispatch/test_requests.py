"""What every target is told and tells: refusals, runs, and the leave to send."""

from datetime import UTC, datetime

from function_app.dispatch.requests import DispatchRefusedError, Run, always, too_late


def test_waiting_helps_only_where_a_refusal_says_so() -> None:
    plain = DispatchRefusedError("no")
    assert (str(plain), plain.retry_at, plain.wait) == ("no", None, False)
    at = datetime(2026, 11, 23, 6, tzinfo=UTC)
    limited = DispatchRefusedError("later", retry_at=at, wait=True)
    assert (limited.retry_at, limited.wait) == (at, True)


def test_a_lease_that_ends_is_a_refusal_that_waits() -> None:
    assert too_late().wait
    assert "lease" in str(too_late())
    assert always() is True


def test_a_run_that_is_not_completed_has_no_conclusion() -> None:
    assert Run("1", "https://github.example/runs/1", completed=False).conclusion is None
