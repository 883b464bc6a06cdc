"""Unit errors of a column: which columns have a shape, and what is no other unit."""

import numpy as np
import pytest

from tests.driftloop.data_quality.units.unit_feeds import found, lognormal


@pytest.mark.parametrize(("values", "signs"), [([1.0, 2.0], 0), ([1.0, 2.0, 4.0], 1)])
def test_a_baseline_of_three_values_has_a_shape_and_one_of_two_has_none(values, signs):
    baseline, window = np.repeat(values, 100), 1000 * np.repeat(values, 20)
    assert len(found(baseline, window)) == signs


@pytest.mark.parametrize(
    "moves",
    [
        lambda x: x * 1.33,
        lambda x: x + 60,
        lambda x: 150 + (x - 94) / 4,
        lambda x: x * 2.0,
        lambda x: np.where(np.arange(len(x)) % 2, x + 40, x),
    ],
    ids=["third more", "shifted", "above and narrower", "doubled", "half of them"],
)
def test_a_population_that_moved_is_no_other_unit(moves):
    assert [found(lognormal(350, 1), moves(lognormal(60, seed))) for seed in range(2, 12)].count([]) >= 9


def test_a_side_without_a_value_has_no_unit():
    assert found(lognormal(50, 1), [np.nan] * 9) == []
    assert found([np.nan] * 9, lognormal(50, 1)) == []


def test_a_sign_names_its_column_and_what_to_write_where_it_is_normal():
    (sign,) = found(lognormal(350, 1, 0.1), 1000 * lognormal(60, 2, 0.1))
    assert sign.sentence == (
        "x: 100% of the values look like 1000 times what they should be (another unit?) (if this is normal: retrain on "
        "them once, or give column 'x' role = \"ignore\" in the schema, or pass --ignore x)"
    )


def test_a_part_is_told_where_not_all_values_are_converted_and_all_where_none_is_far_away():
    window = lognormal(60, 2, 0.1)
    window[:12] *= 1000
    assert [sign.text.split(" of")[0] for sign in found(lognormal(350, 1, 0.1), window)] == ["20%"]
    wide, low = lognormal(350, 1, 1.0), lognormal(60, 2, 1.0) / 10  # much of it still lies in the baseline's range
    assert [sign.text.split(" of")[0] for sign in found(wide, low)] == ["100%"]
