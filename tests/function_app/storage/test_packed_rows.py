"""A value in the pieces of a table row: 60,000 bytes each, fifteen at most, and what is no such row."""

import zlib
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from driftloop.errors import LedgerError
from driftloop.ledger.model_state import ModelState
from function_app.storage.packed_rows import packed, unpacked

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def state(noise: int) -> ModelState:
    """With so many characters that hardly anything makes shorter."""
    letters = np.random.default_rng(3).integers(0x4E00, 0x9FA0, noise)
    return ModelState(model="wide", watched_since=NOW, evidence="".join(map(chr, letters)))


def deflated(value: ModelState) -> int:
    return len(zlib.compress(msgspec.json.encode(value), level=1))


def characters_of(size: int) -> int:
    """How many make a row of at most this size, and nearly this."""
    found = int(size / deflated(state(10_000)) * 10_000)
    while deflated(state(found)) > size:
        found -= 200
    return found


def test_a_row_is_cut_into_pieces_of_sixty_thousand_bytes() -> None:
    small, large = state(0), state(characters_of(125_000))
    assert list(packed(small)) == ["body0"]
    assert [len(piece) for piece in packed(large).values()] == [60_000, 60_000, deflated(large) - 120_000]
    assert list(packed(large)) == ["body0", "body1", "body2"]
    for value in (small, large):
        assert unpacked(packed(value), ModelState) == value


def test_fifteen_pieces_fit_and_sixteen_do_not() -> None:
    fits = characters_of(899_000)
    assert len(packed(state(fits))) == 15
    large = state(fits + 15_000)
    assert 15 * 60_000 < deflated(large) <= 16 * 60_000
    with pytest.raises(LedgerError, match="does not fit into a table row, which holds 900,000"):
        packed(large)


@pytest.mark.parametrize("row", [{}, {"body0": b"rubbish"}, {"body0": zlib.compress(b"{}")}, {"body0": 5}])
def test_what_is_no_such_row_is_named(row: dict[str, object]) -> None:
    with pytest.raises(LedgerError, match="ledger row m/state cannot be read"):
        unpacked({"PartitionKey": "m", "RowKey": "state", **row}, ModelState)
