"""What a model remembers at first, and what it keeps when its drift is closed."""

from datetime import UTC, datetime

import msgspec

from driftloop.ledger.drifts import Announcement
from driftloop.ledger.model_state import FileNote, Forgotten, ModelState, Watermark, close_epoch

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_a_closed_epoch_begins_anew() -> None:
    state = ModelState(
        model="m", watched_since=NOW, epoch=3, evidence="{}", drift_id="drift-1", newest_record="2026-11-22"
    )

    after = close_epoch(state)

    assert (after.epoch, after.evidence, after.drift_id, after.newest_record) == (4, None, None, "2026-11-22")


def test_nothing_is_forgotten_seen_or_noted_at_first() -> None:
    assert Forgotten() == Forgotten(files=0, keys="0")
    assert Watermark() == Watermark(high=None, seen={}, floor=None, contents={}, forgotten=None)
    assert (FileNote("f", "e").reason, Announcement("i", "drift").fields) == (None, {})


def test_a_closed_epoch_keeps_everything_else() -> None:
    state = ModelState(
        model="m", watched_since=NOW, epoch=3, evidence="{}", performance="{}", drift_id="drift-1", etag="e"
    )
    closed = close_epoch(state)
    assert msgspec.structs.replace(closed, epoch=3, evidence="{}", drift_id="drift-1") == state
