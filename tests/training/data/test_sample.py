"""A sample changes what is learnt from, and nothing else: holdouts, counts and the newest records are those of all."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.training.data import large
from training import prepare
from training.data import sample, split
from training.data.change_point import LONGEST
from training.data.collect import Source, collect
from training.data.provenance import RECENT
from training.prepare import Parts
from training.settings import Data

ALL = 1_000_000


def both(source: Source, **split_settings: float) -> tuple[Parts, Parts]:
    """Prepared without and with a sample."""
    whole, some = (
        prepare.prepare(large.SCHEMA, source, large.settings(most, **split_settings)) for most in (ALL, 10_000)
    )
    assert whole.data.sample is None
    assert some.data.sample is not None
    return whole, some


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Parts]:
    return both(large.feed(tmp_path_factory.mktemp("changed")))


@pytest.fixture(scope="module")
def first_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Parts]:
    return both(large.feed(tmp_path_factory.mktemp("first"), new=0))


@pytest.fixture(scope="module")
def since(tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Parts]:
    """No change that the scan finds, and a drift that began before the newest 5,000 labelled records."""
    source = large.feed(tmp_path_factory.mktemp("since"), change=10**9)
    return both(replace(source, since=large.moment(16_000)))


@pytest.mark.parametrize("case", ["changed", "first_model", "since"])
def test_holdouts_and_counts_are_those_of_all_records(case: str, request: pytest.FixtureRequest) -> None:
    whole, some = request.getfixturevalue(case)
    assert some.holdout.equals(whole.holdout)
    assert some.holdout_old.equals(whole.holdout_old)
    assert len(some.holdout) == 400
    assert len(some.holdout_old) == (0 if case == "first_model" else 400)
    assert (some.data.left_out, some.data.impossible) == (whole.data.left_out, whole.data.impossible)
    assert some.data.regime_start <= whole.data.data_end
    assert some.data.regime_found == whole.data.regime_found


def test_the_newest_regime_is_found_as_in_all_and_taken_whole(changed: tuple[Parts, Parts]) -> None:
    whole, some = changed
    assert whole.data.regime_found
    assert some.regime.equals(whole.regime)
    recent = pa.compute.equal(some.train[RECENT], True)
    assert some.train.filter(recent).equals(whole.train.filter(whole.train[RECENT]))


@pytest.mark.parametrize("case", ["changed", "first_model", "since"])
def test_the_sample_is_of_the_stated_size_and_holds_the_newest_whole(case: str, request: pytest.FixtureRequest) -> None:
    whole, some = request.getfixturevalue(case)
    drawn = some.data.sample
    assert drawn is not None
    assert drawn.learnable == len(whole.train)
    assert drawn.kept == len(some.train)
    if len(whole.train) > 10_000:
        # each of at most four strata is rounded down
        assert 10_000 - 4 <= drawn.kept <= 10_000
    else:
        assert drawn.kept == drawn.learnable
    kept = set(some.train["id"].to_pylist())
    assert kept <= set(whole.train["id"].to_pylist())
    assert set(whole.train["id"].to_pylist()[-drawn.newest :]) <= kept
    assert 0.5 * LONGEST < drawn.newest < LONGEST  # the rest of the newest is held out


def test_of_the_older_ones_those_with_the_smallest_hash_are_kept_each_class_in_its_share(
    changed: tuple[Parts, Parts],
) -> None:
    whole, some = changed
    assert some.data.sample is not None
    older = whole.train.slice(0, len(whole.train) - some.data.sample.newest)
    kept = set(some.train["id"].to_pylist())
    places = 10_000 - some.data.sample.newest
    for name in ("no", "yes"):
        members = older.filter(pa.compute.equal(older["y"], name))["id"].to_pylist()
        order = np.argsort(split.hashes(members).sample)
        share = places * len(members) // len(older)
        assert {members[place] for place in order[:share]} == kept & set(members)


def test_records_since_the_drift_began_come_first(since: tuple[Parts, Parts]) -> None:
    whole, some = since
    assert some.data.sample is not None
    older = whole.train.slice(0, len(whole.train) - some.data.sample.newest)
    late = pa.compute.greater_equal(older["at"], pa.scalar(large.moment(16_000), older["at"].type))
    kept = set(some.train["id"].to_pylist())
    places = 10_000 - some.data.sample.newest
    n_late, n_before = (len(older.filter(rows)) for rows in (late, pa.compute.invert(late)))
    taken = len(kept & set(older.filter(late)["id"].to_pylist()))
    assert n_before > places // 2
    assert abs(taken - min(n_late, places // 2)) <= 2
    assert taken / n_late > 1.2 * (places - taken) / n_before


def test_a_regime_of_more_records_than_are_taken_is_sampled_evenly(first_model: tuple[Parts, Parts]) -> None:
    whole, some = first_model
    assert some.data.sample is not None
    assert (some.data.sample.regime, some.data.sample.regime_kept) == (len(whole.regime), 10_000)
    names = whole.regime["id"].to_pylist()
    order = np.argsort(split.hashes(names).sample)[:10_000]
    assert set(some.regime["id"].to_pylist()) == {names[place] for place in order}
    assert some.regime["at"].to_pylist() == sorted(some.regime["at"].to_pylist())


def test_the_same_sample_from_disk(
    tmp_path: Path, changed: tuple[Parts, Parts], monkeypatch: pytest.MonkeyPatch
) -> None:

    source = large.feed(tmp_path / "feed")
    monkeypatch.setattr(prepare, "collect", lambda schema, source, folder: collect(schema, source, folder, 9_000))
    again = prepare.prepare(large.SCHEMA, source, large.settings())
    assert again.data == changed[1].data


def test_at_the_limit_itself_nothing_is_sampled(tmp_path: Path) -> None:
    source = large.feed(tmp_path / "feed", new=0)
    impossible = 13  # every 997th of 12,000
    rows = large.HISTORIC - impossible
    assert prepare.prepare(large.SCHEMA, source, large.settings(rows)).data.sample is None
    drawn = prepare.prepare(large.SCHEMA, source, large.settings(rows - 1)).data.sample
    assert drawn is not None
    assert (drawn.learnable, drawn.regime, drawn.regime_kept) == (drawn.kept, rows, rows - 1)


@pytest.mark.parametrize(
    ("counts", "places", "expected"),
    [
        # no drift: each class its share, rounded down
        ({(False, "a"): 900, (False, "b"): 100}, 500, {(False, "a"): 450, (False, "b"): 50}),
        # a rare class has its floor, or all that it has
        ({(False, "a"): 99_990, (False, "b"): 10}, 1_000, {(False, "a"): 999, (False, "b"): 10}),
        ({(False, "a"): 99_997, (False, "b"): 3}, 1_000, {(False, "a"): 999, (False, "b"): 3}),
        # both sides need more than half: half each
        ({(True, None): 800, (False, None): 4_000}, 1_000, {(True, None): 500, (False, None): 500}),
        # what one side leaves the other takes
        ({(True, None): 300, (False, None): 4_000}, 1_000, {(True, None): 300, (False, None): 700}),
        ({(True, None): 4_000, (False, None): 200}, 1_000, {(True, None): 800, (False, None): 200}),
        # there is room for all
        (
            {(True, "a"): 40, (True, "b"): 10, (False, "a"): 9},
            1_000,
            {(True, "a"): 40, (True, "b"): 10, (False, "a"): 9},
        ),
    ],
)
def test_places_of_a_stratum(
    counts: dict[sample.Stratum, int], places: int, expected: dict[sample.Stratum, int]
) -> None:
    assert sample._places(Counter(counts), places) == expected


@pytest.mark.parametrize(("most", "window"), [(9_999, 200), (20_000, 10_001)])
def test_a_limit_that_would_sample_the_newest_records_is_refused(most: int, window: int) -> None:
    with pytest.raises(ValueError, match="max_rows must be"):
        large.settings(most, window=window)


def test_the_default_is_stated_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
    assert f"{Data().max_rows:,} records" in page
    assert f"newest {LONGEST:,}" in page
