"""Which of a check's reasons stand in the list."""

from __future__ import annotations

import pytest

from driftloop.dashboard.timeline import MOST_REASONS, view_check
from driftloop.impact.impact import Impact
from driftloop.ledger.ledger import CheckRecord
from driftloop.report.words.language import Words
from driftloop.times import utc_now

IMPACT = Impact(0.3, 0.24, 0.36, (-0.04, 0.44), 0.25, 210.0, 0.01, 500, 300, 0.1, classes=True)
MOVED = tuple(f"column {number}: moved" for number in range(6))


@pytest.mark.parametrize(
    ("reasons", "shown"),
    [
        (MOVED, MOVED[:3]),
        ((*MOVED, *IMPACT.sentences), (*MOVED[:3], IMPACT.sentences[0])),
        ((MOVED[0], *IMPACT.sentences), (MOVED[0], *IMPACT.sentences[:2])),
        ((), ()),
    ],
)
def test_a_check_shows_its_first_reasons_and_the_models_estimated_error(
    reasons: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    record = CheckRecord(check_id="chk-1", model="m", at=utc_now(), verdict="drift", reasons=reasons, evidence=0.999)
    view = view_check(record, 0.05, Words("en"))
    assert MOST_REASONS == 3
    assert tuple(sentence.text for sentence in view.reasons) == shown
    assert view.more_reasons == len(reasons) - len(shown)
