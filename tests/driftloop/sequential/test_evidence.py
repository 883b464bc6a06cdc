"""Evidence over time: what it finds, what it forgives, and what its state survives."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from driftloop import Baseline, Evidence, Policy, Schema, Window
from driftloop.config.policy import DRIFT_SHARE
from driftloop.sequential.evidence import accept, reset, update
from sandbox.population import Population, diabetes

POLICY = Policy()
ROWS = 50
ORDINARY = diabetes()
HEAVIER = ORDINARY.changed(lambda frame, _: frame.assign(bmi=frame["bmi"] + 2.2))  # half a standard deviation


def drawn(population: Population, rows: int, seed: int) -> pa.Table:
    frame = population.sample(rows, np.random.default_rng(seed)).drop(columns="progression").astype({"sex": int})
    return pa.Table.from_pandas(frame, preserve_index=False)


SCHEMA = Schema.infer(drawn(ORDINARY, 350, 0).to_batches())


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline.build(drawn(ORDINARY, 350, 0), SCHEMA)


def after(
    evidence: Evidence, baseline: Baseline, population: Population, seeds: range, rows: int = ROWS
) -> tuple[Evidence, int | None]:
    """The evidence after windows drawn with these seeds, and how many it took to raise the alarm."""
    for number, seed in enumerate(seeds, 1):
        evidence = fed(evidence, baseline, drawn(population, rows, seed), f"w{seed}")
        if evidence.alarm:
            return evidence, number
    return evidence, None


def fed(evidence: Evidence, baseline: Baseline, table: pa.Table, name: str, since: str | None = None) -> Evidence:
    window = Window.build(table, baseline.schema)
    return update(evidence, baseline, window, None, window_id=name, since=since, policy=POLICY)


def test_a_quiet_year_leaves_the_evidence_calm(baseline: Baseline) -> None:
    evidence, found = after(Evidence(), baseline, ORDINARY, range(100, 126))
    assert found is None
    assert (evidence.checks, evidence.alarm, evidence.since) == (26, False, None)


def test_windows_that_alone_show_little_raise_the_alarm_together(baseline: Baseline) -> None:
    moved = ORDINARY.changed(lambda frame, _: frame.assign(s6=frame["s6"] + 4.0))  # 0.35 standard deviations
    evidence, found = after(Evidence(), baseline, moved, range(200, 212))
    assert found is not None
    assert found <= 12
    assert evidence.windows > 1
    assert evidence.p <= DRIFT_SHARE / POLICY.budget
    assert evidence.certainty == pytest.approx(1 - evidence.p)


def test_a_shift_is_found_after_quiet_weeks_too(baseline: Baseline) -> None:
    evidence, found = after(Evidence(), baseline, ORDINARY, range(100, 120))
    assert found is None
    _, found = after(evidence, baseline, HEAVIER, range(300, 310))
    assert found is not None
    assert found <= 6


def test_the_same_window_twice_counts_once(baseline: Baseline) -> None:
    table = drawn(HEAVIER, ROWS, 300)
    once = fed(Evidence(), baseline, table, "w")
    assert fed(once, baseline, table, "w") == once


def test_a_window_that_comes_again_late_still_counts_once(baseline: Baseline) -> None:
    evidence, _ = after(Evidence(), baseline, ORDINARY, range(100, 110))
    again, _ = after(evidence, baseline, ORDINARY, range(103, 104))
    assert again == evidence


def test_the_state_survives_a_restart_as_json(baseline: Baseline) -> None:
    evidence, _ = after(Evidence(), baseline, ORDINARY, range(100, 105))
    text = msgspec.json.encode(evidence)
    restored = msgspec.json.decode(text, type=Evidence)
    assert restored == evidence
    later = drawn(HEAVIER, ROWS, 300)
    assert fed(restored, baseline, later, "w") == fed(evidence, baseline, later, "w")


def test_the_state_stays_small_over_ten_years(baseline: Baseline) -> None:
    window = Window.build(drawn(ORDINARY, ROWS, 1), SCHEMA)
    evidence, sizes = Evidence(), []
    for number in range(520):
        evidence = update(evidence, baseline, window, None, window_id=f"w{number}", since=None, policy=POLICY)
        sizes.append(len(msgspec.json.encode(evidence)))
    # A table's text property holds 32,000 characters; it stops growing after about a year.
    assert max(sizes) < 16_000
    assert max(sizes[260:]) <= 1.2 * max(sizes[:260])


def test_a_stored_state_holds_sums_and_no_record(baseline: Baseline) -> None:
    evidence = fed(Evidence(), baseline, drawn(ORDINARY, ROWS, 1), "w")
    (block,) = evidence.blocks
    assert block.unpacked.rows.max() == ROWS
    assert len(block.unpacked.totals) == len(block.unpacked.rows)


def test_since_is_the_first_record_of_the_windows_that_raised_the_alarm(baseline: Baseline) -> None:
    evidence = Evidence()
    for day, population in enumerate([ORDINARY, ORDINARY, HEAVIER, HEAVIER, HEAVIER, HEAVIER], 1):
        evidence = fed(evidence, baseline, drawn(population, 100, 400 + day), f"w{day}", f"2026-03-{day:02}T06:00:00Z")
        if evidence.alarm:
            break
    assert evidence.alarm
    assert evidence.since == f"2026-03-{day - evidence.windows + 1:02}T06:00:00Z"


def test_a_reset_starts_a_new_epoch_and_forgets_the_drift(baseline: Baseline) -> None:
    evidence, found = after(Evidence(), baseline, HEAVIER, range(300, 310))
    assert found is not None
    fresh = reset(evidence)
    assert (fresh.epoch, fresh.checks, fresh.alarm, fresh.p) == (1, 0, False, 1.0)
    repeated = fed(fresh, baseline, drawn(HEAVIER, ROWS, 300), "w300")
    assert repeated.checks == 0  # seen before the reset: part of what the new model learned from


def test_records_from_before_the_retrain_do_not_count_against_the_new_model(baseline: Baseline) -> None:
    import datetime

    table = drawn(HEAVIER, ROWS, 300)
    times = [datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)] * ROWS
    schema = msgspec.structs.replace(
        SCHEMA,
        columns=(
            *SCHEMA.columns,
            msgspec.convert({"name": "at", "kind": "datetime", "role": "timestamp"}, type(SCHEMA.columns[0])),
        ),
    )
    window = Window.build(table.append_column("at", pa.array(times)), schema)
    evidence = reset(Evidence(), after="2026-03-02T00:00:00Z")
    assert update(evidence, baseline, window, None, window_id="w", since=window.first_time, policy=POLICY) == evidence


def test_another_baseline_starts_a_new_epoch(baseline: Baseline) -> None:
    evidence, _ = after(Evidence(), baseline, HEAVIER, range(300, 303))
    other = Baseline.build(drawn(HEAVIER, 350, 1), SCHEMA)
    moved_on = fed(evidence, other, drawn(HEAVIER, ROWS, 310), "w310")
    assert (moved_on.epoch, moved_on.checks, moved_on.alarm) == (evidence.epoch + 1, 1, False)


def test_a_regime_that_was_accepted_is_silent_until_it_changes(baseline: Baseline) -> None:
    evidence, found = after(Evidence(), baseline, HEAVIER, range(300, 310), rows=150)
    assert found is not None
    known = accept(evidence)
    known, found = after(known, baseline, HEAVIER, range(320, 332), rows=150)
    assert found is None
    assert (known.epoch, known.checks) == (1, 12)
    worse = ORDINARY.changed(lambda frame, _: frame.assign(bmi=frame["bmi"] + 6.0))
    _, found = after(known, baseline, worse, range(340, 344), rows=150)
    assert found is not None


@pytest.mark.parametrize("seed", range(5))
def test_a_regime_far_from_the_baseline_is_silent_once_accepted(seed: int) -> None:
    """Two standard deviations up, half of the values lie beyond the baseline's largest: scores spread differently."""
    rng = np.random.default_rng(seed)

    def bmi(mean: float, rows: int) -> pa.Table:
        return pa.table({"bmi": np.round(rng.normal(mean, 4, rows), 2), "sex": rng.integers(1, 3, rows).astype(str)})

    schema = Schema.infer(bmi(26, 300).to_batches())
    known = Baseline.build(bmi(26, 300), schema)
    evidence = fed(Evidence(), known, bmi(34, 100), "first")
    assert evidence.alarm
    evidence = accept(evidence)
    for number in range(8):
        evidence = fed(evidence, known, bmi(34, 100), f"w{number}")
        assert not evidence.alarm
    for number in range(3):
        evidence = fed(evidence, known, bmi(30, 100), f"v{number}")
    assert evidence.alarm


def test_a_regime_that_was_accepted_is_forgotten_with_its_baseline(baseline: Baseline) -> None:
    evidence, found = after(Evidence(), baseline, HEAVIER, range(300, 310), rows=150)
    assert found is not None
    other = Baseline.build(drawn(HEAVIER, 350, 1), SCHEMA)
    moved_on = fed(accept(evidence), other, drawn(ORDINARY, ROWS, 310), "w310")
    assert moved_on.accepted is None


def test_sums_of_another_version_start_anew_instead_of_breaking_the_check(baseline: Baseline) -> None:
    evidence, _ = after(Evidence(), baseline, ORDINARY, range(100, 103))
    older = msgspec.structs.replace(evidence, version=0)
    renewed = fed(older, baseline, drawn(ORDINARY, ROWS, 110), "w110")
    assert (renewed.version, renewed.checks, renewed.epoch) == (evidence.version, 1, evidence.epoch + 1)


def test_a_state_with_fields_of_a_later_version_can_still_be_read() -> None:
    assert msgspec.json.decode(b'{"checks": 3, "invented_later": true}', type=Evidence).checks == 3


def test_a_column_that_the_model_does_not_use_never_raises_the_alarm(baseline: Baseline) -> None:
    used = {column.name: 1.0 for column in SCHEMA.features if column.name != "bmi"}
    indifferent = Baseline.build(drawn(ORDINARY, 350, 0), SCHEMA.with_importances(used))
    moved = ORDINARY.changed(lambda frame, _: frame.assign(bmi=frame["bmi"] + 8.0))
    _, found = after(Evidence(), indifferent, moved, range(350, 356))
    assert found is None
    _, found = after(Evidence(), baseline, moved, range(350, 356))
    assert found == 1


def test_dust_is_not_drift_however_many_rows_show_it() -> None:
    rng = np.random.default_rng(5)
    levels = rng.integers(0, 5, (400_000, 3))  # 125 distinct rows: the sample holds them all, with their counts
    schema = Schema.infer(pa.table({name: levels[:, i].astype(float) for i, name in enumerate("abc")}).to_batches())
    old = pa.table({name: levels[:200_000, i].astype(float) for i, name in enumerate("abc")})
    new = levels[200_000:].copy()
    new[rng.random(len(new)) < 0.02, 0] = 4  # a certain change (z over 10) of less than 0.1 standard deviations
    window = pa.table({name: new[:, i].astype(float) for i, name in enumerate("abc")})
    evidence = fed(Evidence(), Baseline.build(old, schema), window, "w")
    assert not evidence.alarm


def test_a_sentence_says_what_how_long_and_how_sure(baseline: Baseline) -> None:
    evidence, _ = after(Evidence(), baseline, HEAVIER, range(300, 310))
    assert evidence.feature is not None
    assert evidence.sentence.startswith(evidence.feature)
    assert "checks without drift" in evidence.sentence
    assert Evidence().sentence == "nothing beyond chance over 0 windows"
