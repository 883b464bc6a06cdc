"""Models of 2,000 columns stay within what a table row, a property and a queue message may hold."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Check, Column, Evidence, Policy, Schema, Window, check
from driftloop.data.readers.limits import MOST_COLUMNS
from driftloop.ledger import CheckRecord, ModelState
from driftloop.sequential.window_sums import BLOCKS_PER_SIZE, LONGEST, Block, Sums
from function_app.queue.sending import Message
from function_app.retraining.epochs import encoded
from function_app.storage.packed_rows import packed, unpacked
from function_app.telemetry.announcing import summary

PROPERTY = 64 * 1024
"""Bytes of a binary property (Azure Table Storage), and of a message in a storage queue."""
ENTITY = 1024 * 1024
LONGEST_NAME = 64
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def result() -> Check:
    """A check in which every one of 2,000 columns has moved: the most that there is to say."""
    random = np.random.default_rng(1)
    # Names as long as people make them, which no compression makes short.
    letters = random.integers(97, 123, (MOST_COLUMNS, LONGEST_NAME), dtype=np.uint8)
    names = [f"{number:04}_{bytes(row).decode()}"[:LONGEST_NAME] for number, row in enumerate(letters)]
    schema = Schema(tuple(Column(name, unit="mg/dl") for name in names))

    def drawn(rows: int, shift: float) -> pa.Table:
        return pa.table(dict(zip(names, random.normal(shift, 1, (MOST_COLUMNS, rows)), strict=True)))

    baseline = Baseline.build(drawn(200, 0.0), schema)
    return check(baseline, Window.build(drawn(50, 1.5), schema), Policy(), Evidence())


def sizes(properties: dict[str, bytes]) -> tuple[int, int]:
    return max(map(len, properties.values())), sum(2 * len(name) + 8 + len(v) for name, v in properties.items())


def test_the_row_of_a_check_fits(result) -> None:
    record = CheckRecord(
        check_id="chk-0123456789ab",
        model="wide",
        at=NOW,
        verdict="drift",
        reasons=result.reasons,
        summary=summary(result),
    )
    properties = packed(record)
    largest, whole = sizes(properties)
    assert len(summary(result)["features"]) == MOST_COLUMNS
    assert largest <= PROPERTY
    assert whole <= ENTITY / 2  # the other half is for reasons and files
    assert unpacked(properties, CheckRecord) == record


def test_the_state_of_a_model_fits(result) -> None:
    evidence = result.evidence
    assert evidence is not None
    # As many blocks as a year leaves, of sums that nothing makes shorter.
    random = np.random.default_rng(2)
    length = len(evidence.blocks[0].unpacked.rows)
    blocks = tuple(
        Block.of(1, None, Sums(random.integers(45, 51, length).astype(float), random.normal(size=length)))
        for _ in range(BLOCKS_PER_SIZE * LONGEST.bit_length())
    )
    year = msgspec.structs.replace(evidence, blocks=blocks)
    state = ModelState(model="wide", watched_since=NOW, evidence=encoded(year))
    properties = packed(state)
    largest, whole = sizes(properties)
    assert largest <= PROPERTY
    assert whole <= 0.75 * ENTITY
    assert unpacked(properties, ModelState) == state


def test_a_message_does_not_know_of_columns() -> None:
    message = Message(model="m" * 63, waiting=True, traceparent="00-" + "0" * 32 + "-" + "0" * 16 + "-01")
    assert len(msgspec.json.encode(message)) * 4 / 3 < PROPERTY / 100  # as Base64, as the host expects it
