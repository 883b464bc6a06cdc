"""What a list of models shows of a state, whatever stands in the state's evidence."""

from datetime import UTC, datetime

import pytest

from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, evidence_p, overview_of

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_a_list_shows_where_a_model_stands() -> None:
    state = ModelState(
        model="m",
        watched_since=NOW,
        epoch=3,
        baseline_version="7",
        last_verdict="drift",
        last_checked_at=NOW,
        drift_id="drift-1",
        last_error="blob storage refused",
        evidence='{"p": 0.02, "checks": 4}',
    )
    assert overview_of(state) == Overview(
        model="m",
        epoch=3,
        version="7",
        verdict="drift",
        checked_at=NOW,
        watched_since=NOW,
        drift_id="drift-1",
        error="blob storage refused",
        p=0.02,
    )


def test_a_model_that_was_never_checked_has_no_p() -> None:
    assert overview_of(ModelState(model="m", watched_since=NOW)) == Overview(model="m", watched_since=NOW)
    assert Overview(model="m").epoch == 0


@pytest.mark.parametrize(
    ("evidence", "p"),
    [
        ("{}", 1.0),
        ('{"p": 0}', 0.0),
        ('{"p": 1}', 1.0),
        ('{"p": 1.01}', None),
        ('{"p": -0.1}', None),
        ("[" * 99_999, None),
    ],
)
def test_evidence_that_says_no_p_is_calm_and_what_is_no_evidence_has_none(evidence: str, p: float | None) -> None:
    assert evidence_p(evidence) == p
