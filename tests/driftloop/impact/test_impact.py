"""The error on a shifted window is estimated without labels, its interval covers, and what is not known is said."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

import driftloop
from driftloop import InputError
from driftloop.impact.estimating import find_impact
from driftloop.impact.impact import Impact
from driftloop.impact.with_labels import half_width
from driftloop.report.words.language import Words
from tests.driftloop.impact.tables import classes, kinds, mean_error, numbers, sides

WINDOWS = 60
MADE: dict[str, Callable[..., pa.Table]] = {"numbers": numbers, "probabilities": classes, "classes": kinds}


def estimated(make: Callable[..., pa.Table], seed: int, **moved: float) -> tuple[Impact, float, float]:
    """The impact on a window, the error that all its labels would show, and the holdout's."""
    holdout, window = make(3 * seed), make(3 * seed + 1, **moved)
    schema, read = sides(make(10_000, 1000), window)
    return find_impact(read, holdout, schema), mean_error(window), mean_error(holdout)


@pytest.mark.parametrize("name", MADE)
def test_under_covariate_shift_it_is_closer_than_the_holdout_error_and_its_interval_covers(name: str) -> None:
    found = [estimated(MADE[name], seed, shift=0.7) for seed in range(WINDOWS)]
    errors = np.array([(impact.error, before) for impact, _, before in found], float)
    truth = np.array([seen for _, seen, _ in found])
    ours, naive = np.abs(errors - truth[:, None]).mean(axis=0)
    assert ours < 0.6 * naive, "the shift changes the error, so that of the holdout is far off"
    covered = sum(impact.low <= seen <= impact.high for impact, seen, _ in found)  # type: ignore[operator]
    assert covered >= 45, "of 60 at 90 %: fewer has a chance of 1 in 1,000"
    assert sum(impact.worse for impact, _, _ in found) > WINDOWS / 2


@pytest.mark.parametrize("name", MADE)
def test_without_a_shift_hardly_any_window_is_said_to_get_worse(name: str) -> None:
    found = [estimated(MADE[name], seed)[0] for seed in range(100, 100 + WINDOWS)]
    assert sum(impact.worse for impact in found) <= 9, "of 60 at 5 %: more has a chance of 1 in 1,000"


def test_the_interval_of_growth_holds_more_than_that_of_the_error() -> None:
    """2.5 % on each side: two standard errors of a sum of labels' noise and the holdout's."""
    holdout, window = numbers(1), numbers(2, 1000, shift=0.5)
    schema, read = sides(numbers(10_000, 1000), window)
    impact = find_impact(read, holdout, schema, labelled=window)
    assert (impact.level, impact.growth_level) == (0.9, 0.95)
    assert impact.growth is not None
    errors = np.abs(holdout["prediction"].to_numpy() - holdout["y"].to_numpy())
    reach = 1.959964 * errors.std() / np.sqrt(len(errors)) / errors.mean()
    assert (impact.growth[1] - impact.growth[0]) / 2 == pytest.approx(reach, rel=0.02), "every record has its label"
    some = find_impact(read, holdout, schema, labelled=window.slice(0, 100))
    assert some.growth is not None
    assert some.low is not None
    assert some.high is not None
    half = (some.high - some.low) / 2 / errors.mean() * half_width(100, 0.05) / half_width(100, 0.1)
    assert (some.growth[1] - some.growth[0]) / 2 == pytest.approx(np.hypot(half, reach), rel=0.02)
    assert "(95% interval)" in some.sentences[0]


def test_a_window_outside_of_the_holdout_is_not_estimated() -> None:
    impact, *_ = estimated(numbers, 1, shift=4.0)
    assert (impact.error, impact.growth, impact.worse, impact.harmless) == (None, None, False, False)
    assert impact.sentences[0].startswith("the model's error on these records cannot be estimated: ")


def test_a_shift_of_what_the_error_does_not_depend_on_is_harmless() -> None:
    rng = np.random.default_rng(4)
    tables = []
    for rows, share in ((1000, 0.5), (1500, 0.5), (1500, 0.8)):
        x = rng.normal(size=rows)
        z = np.where(rng.random(rows) < share, "a", "b")
        tables.append(pa.table({"x": x, "z": z, "prediction": x, "y": x + rng.normal(size=rows)}))
    schema, window = sides(tables[0], tables[2])
    impact = find_impact(window, tables[1], schema)
    assert impact.harmless
    assert not impact.worse


def test_labels_shrink_the_interval_and_show_a_changed_relation() -> None:
    window = numbers(2, 1000, shift=0.5)
    schema, read = sides(numbers(10_000, 1000), window)
    few, many = (find_impact(read, numbers(1), schema, labelled=window.slice(0, n)) for n in (50, 600))
    assert (few.labels, many.labels, many.changed) == (50, 600, False)
    assert many.high - many.low < 0.5 * (few.high - few.low)  # type: ignore[operator]
    assert many.low <= mean_error(window) <= many.high  # type: ignore[operator]
    moved = numbers(2, 1000, shift=0.5, concept=3.0)
    read = sides(numbers(10_000, 1000), moved)[1]
    blind = find_impact(read, numbers(1), schema)
    assert not blind.low <= mean_error(moved) <= blind.high, "inputs alone cannot show it"  # type: ignore[operator]
    assert "labels alone" in blind.sentences[-1]
    told = find_impact(read, numbers(1), schema, labelled=moved.slice(0, 100))
    assert told.changed
    assert not told.harmless


def test_the_same_tables_give_the_same_answer_and_every_sentence_is_translated() -> None:
    words = Words("ja")
    for shift in (0.0, 5.0):
        first, second = estimated(numbers, 5, shift=shift)[0], estimated(numbers, 5, shift=shift)[0]
        assert first == second
        assert [said for said in first.sentences if words.sentence(said).language != "ja"] == []


def test_reports_of_a_check_show_the_impact() -> None:
    reference, window = numbers(10_000, 1000), numbers(2, shift=0.7)
    result = driftloop.check(reference.drop_columns("prediction"), window.drop_columns(["prediction", "y"]), target="y")
    impact = result.impact(numbers(1))
    shown = result.with_impact(impact)
    pages = [shown.to_markdown(language="en"), shown.to_html(language="en")]
    assert all("estimated error" in page and "Labels alone" in page for page in pages)
    assert "推定誤差" in shown.to_html(language="ja")
    assert shown.to_dict()["notes"][0] == impact.sentences[0]
    assert result.verdict is shown.verdict


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop_columns("y"), "outcome"),
        (lambda table: table.drop_columns("prediction"), "'prediction'"),
        (lambda table: table.slice(0, 10), "at least 50"),
        (lambda table: table.drop_columns(["x"]).append_column("x", pa.nulls(500, pa.float64())), None),
    ],
)
def test_a_holdout_that_lacks_something_is_one_line(change: Callable[[pa.Table], pa.Table], said: str | None) -> None:
    schema, window = sides(numbers(10_000, 1000), numbers(2))
    if said is None:
        assert find_impact(window, change(numbers(1)), schema).rows == 500
        return
    with pytest.raises(InputError, match=said):
        find_impact(window, change(numbers(1)), schema)
