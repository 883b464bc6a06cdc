"""Models of 2,000 columns stay within what a table row, a property and a queue message may hold."""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Check, Column, Evidence, Policy, Schema, Window, check
from driftloop.data.readers.limits import MOST_COLUMNS
from driftloop.errors import LedgerError
from driftloop.events import InService
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import Forgotten, ModelState, Watermark
from driftloop.sequential.window_sums import BLOCKS_PER_SIZE, LONGEST, Block, Sums
from function_app.checks.fitting import fitting_features, fitting_reasons
from function_app.checks.regime_start import WINDOWS
from function_app.incoming.watermark import CONTENTS, REMEMBERED
from function_app.queue.sending import Message
from function_app.retraining.epochs import encoded, new_drift
from function_app.storage.ledger_rows import StateRow
from function_app.storage.packed_rows import packed, unpacked
from function_app.telemetry.announcing import announcements, summary

PROPERTY = 64 * 1024
"""Bytes of a binary property (Azure Table Storage), and of a message in a storage queue."""
ENTITY = 1024 * 1024
LONGEST_NAME = 64
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def result() -> Check:
    """A check in which every one of 2,000 columns has moved: the most that there is to say."""
    random = np.random.default_rng(1)
    # Names as long as people make them, which no compression makes short; half of them in Chinese.
    letters = np.random.default_rng(4).integers(97, 123, (MOST_COLUMNS, LONGEST_NAME))
    letters[::2] = np.random.default_rng(5).integers(0x4E00, 0x9FA0, (MOST_COLUMNS // 2, LONGEST_NAME))
    names = [f"{number:04}_{''.join(map(chr, row))}"[:LONGEST_NAME] for number, row in enumerate(letters)]
    schema = Schema(tuple(Column(name, unit="mg/dl") for name in names))

    def drawn(rows: int, shift: float) -> pa.Table:
        return pa.table(dict(zip(names, random.normal(shift, 1, (MOST_COLUMNS, rows)), strict=True)))

    baseline = Baseline.build(drawn(200, 0.0), schema)
    return check(baseline, Window.build(drawn(50, 1.0), schema), Policy(), Evidence())


def sizes(properties: dict[str, bytes]) -> tuple[int, int]:
    return max(map(len, properties.values())), sum(2 * len(name) + 8 + len(v) for name, v in properties.items())


def record_with(result: Check) -> CheckRecord:
    """The row as `function_app.checks.check_results` makes it."""
    numbers = summary(result)
    return CheckRecord(
        check_id="chk-0123456789ab",
        model="wide",
        at=NOW,
        verdict="drift",
        reasons=fitting_reasons(result.reasons),
        summary={**numbers, "features": fitting_features(numbers["features"])},
    )


def full_watermark(random: np.random.Generator) -> Watermark:
    """As many files as are remembered, and a year of days of those that are forgotten."""
    keys = [bytes(row).hex() for row in random.integers(0, 256, (REMEMBERED + CONTENTS + 366, 8), dtype=np.uint8)]
    times = [NOW - timedelta(seconds=int(number)) for number in random.integers(0, 10**7, REMEMBERED + CONTENTS)]
    return Watermark(
        high=NOW,
        seen=dict(zip(keys[:REMEMBERED], times[:REMEMBERED], strict=True)),
        floor=NOW,
        contents=dict(zip(keys[REMEMBERED : REMEMBERED + CONTENTS], times[REMEMBERED:], strict=True)),
        forgotten={
            (NOW - timedelta(days=number)).date().isoformat(): Forgotten(24, key)
            for number, key in enumerate(keys[-366:])
        },
    )


def test_the_row_of_a_check_fits_and_names_what_is_surest(result: Check) -> None:
    record = record_with(result)
    properties = packed(record)
    largest, whole = sizes(properties)
    kept = [row["name"] for row in record.summary["features"]]

    assert len(summary(result)["features"]) == MOST_COLUMNS
    assert 60 <= len(kept) < MOST_COLUMNS
    assert len(record.reasons) >= 60
    assert record.reasons[-1].endswith("more sentences: the report holds them")
    assert largest <= PROPERTY
    assert whole <= 0.06 * ENTITY
    assert unpacked(properties, CheckRecord) == record


def test_the_state_s_row_fits_with_the_check_and_the_drift_that_it_carries(result: Check) -> None:
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
    state = ModelState(
        model="wide",
        watched_since=NOW,
        evidence=encoded(year),
        watermark=full_watermark(random),
        labels_watermark=full_watermark(random),
        starts={(NOW - timedelta(days=number)).isoformat(): NOW.isoformat() for number in range(WINDOWS)},
    )
    record = record_with(result)
    pointer = InService("wide", "1", "b" * 64)
    drift = new_drift(state, pointer, record, reason="drift", as_of=NOW.isoformat(), since=NOW.isoformat())
    row = StateRow(msgspec.structs.replace(state, outbox=announcements(record, drift)), record, drift)
    properties = packed(row)
    largest, whole = sizes(properties)

    assert largest <= PROPERTY
    assert whole <= ENTITY - 64 * 1024, "the columns beside the body, and what files of one window are noted"
    assert unpacked(properties, StateRow) == row


def test_what_does_not_fit_is_refused_in_one_line_that_says_what_to_do() -> None:
    noise = np.random.default_rng(3).integers(0, 256, 1_000_000, dtype=np.uint8).tobytes().hex()

    with pytest.raises(
        LedgerError, match=r"does not fit into a table row, which holds 900,000: .* split the table"
    ) as said:
        packed(ModelState(model="wide", watched_since=NOW, evidence=noise))
    assert "\n" not in str(said.value)


def test_a_message_does_not_know_of_columns() -> None:
    message = Message(model="m" * 63, waiting=True, traceparent="00-" + "0" * 32 + "-" + "0" * 16 + "-01")
    assert len(msgspec.json.encode(message)) * 4 / 3 < PROPERTY / 100  # as Base64, as the host expects it
