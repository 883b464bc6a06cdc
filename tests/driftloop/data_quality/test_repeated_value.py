"""One value again and again: what is a stuck sensor, and what belongs to the column."""

import numpy as np
import pytest

from driftloop.data_quality.chance import all_in_window_p, more_often_p, tail_factor
from driftloop.data_quality.repeated_value import (
    ATOM,
    COARSE,
    ISOLATED,
    STUCK,
    find_placeholder,
    find_stuck_value,
    is_coarse,
)
from tests.driftloop.data_quality.feeds import pair, same_p


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def signs(baseline, window):
    return of_pair(pair(baseline, window))


def of_pair(both):
    sign = find_placeholder(both) or find_stuck_value(both)
    return [] if sign is None else [sign]


def spread(rows):
    """Distinct values, evenly spread."""
    return np.linspace(80.0, 120.0, rows)


def test_every_value_the_same_is_a_stuck_sensor():
    (sign,) = signs(spread(350), np.full(50, 97.3))
    assert sign.text == "stuck: every value is 97.3"
    assert sign.p == same_p(more_often_p(50, 0, 50, 350))


def test_a_part_of_the_rows_counts_from_the_stated_share():
    fewer, more = round(100 * STUCK) - 1, round(100 * STUCK)
    for stuck, found in ((fewer, 0), (more, 1)):
        window = np.concatenate([spread(100 - stuck) + 0.01, np.full(stuck, 97.3)])
        assert len(signs(spread(350), window)) == found


def test_a_value_that_the_baseline_shares_is_no_stuck_sensor():
    """18 of 350 rows are 5.1 %: an atom of the population; 17 are 4.9 %."""
    for common, found in ((18, 0), (17, 1)):
        assert (common / 350 > ATOM) is (found == 0)
        baseline = np.concatenate([spread(350 - common), np.full(common, 97.3)])
        assert len(signs(baseline, np.full(50, 97.3))) == found


@pytest.mark.parametrize("levels", [2, 7, 12, 24, 31])
def test_a_calendar_column_may_be_the_same_in_all_rows(levels, rng):
    assert signs(rng.integers(1, levels + 1, 350), np.full(60, 2.0)) == []


def test_ages_in_years_are_no_scale_of_few_steps(rng):
    ages = rng.normal(50, 13, 442).round()
    assert not is_coarse(np.unique(ages, return_counts=True)[1])
    assert len(signs(ages, np.full(60, 77.0))) == 1


def test_coarse_is_the_chance_that_two_records_agree():
    """m values, each k times: two records agree with (k - 1) / (m k - 1), here 1/41 and 1/39 around the limit 1/40."""
    assert COARSE == 1 / 40
    assert (is_coarse(np.full(42, 42)), COARSE > 41 / (42 * 42 - 1)) == (False, True)
    assert (is_coarse(np.full(39, 200)), COARSE <= 199 / (39 * 200 - 1)) == (True, True)


def test_a_column_that_is_zero_in_most_rows_can_be_stuck_elsewhere(rng):
    baseline = np.where(rng.random(350) < 0.8, 0.0, rng.normal(50, 9, 350))
    assert signs(baseline, np.zeros(50)) == []
    assert len(signs(baseline, np.full(50, 42.5))) == 1


def test_a_population_that_narrows_onto_a_few_steps_is_not_stuck():
    """The next value comes a third as often: not isolated."""
    window = np.repeat([97.3, 97.4, 97.5], [30, 10, 10])
    assert ISOLATED == 3.0
    assert len(signs(spread(350), window)) == 1
    assert signs(spread(350), np.repeat([97.3, 97.4, 97.5], [30, 11, 9])) == []


def test_a_placeholder_lies_far_beyond_the_baseline():
    window = np.concatenate([spread(50), np.full(5, -999.0)])
    (sign,) = signs(spread(350), window)
    assert sign.text == "-999 in 9% of rows, beyond all of the baseline: a placeholder?"
    near = np.concatenate([spread(50), np.full(5, 79.0)])
    assert signs(spread(350), near) == []


def test_two_far_values_are_slips_and_three_a_placeholder():
    for rows, found in ((2, 0), (3, 1)):
        assert len(signs(spread(350), np.concatenate([spread(50), np.full(rows, -999.0)]))) == found


def test_far_values_that_differ_are_no_placeholder():
    window = np.concatenate([spread(50), [-999.0] * 4, [-800.0, -700.0]])
    assert [sign.text for sign in signs(spread(350), window) if "placeholder" in sign.text] == []


def test_the_chance_counts_each_value_that_could_have_been_it():
    """Ten values that come 8 times in the baseline, one 8 times in the window: 11 candidates for 8 copies."""
    rest = spread(350)
    baseline = np.concatenate([rest, np.repeat(np.arange(200.0, 210.0), 8)])
    window = np.concatenate([rest[:40] + 0.005, np.full(10, 97.3)])
    (sign,) = signs(baseline, window)
    assert sign.p == same_p(more_often_p(10, 0, 50, 430))
    window = np.concatenate([rest[:32] + 0.005, np.full(8, 97.3)])
    (sign,) = signs(baseline, window)
    assert sign.p == same_p(11 * more_often_p(8, 0, 40, 430))


def test_one_category_in_all_rows_is_a_change_of_shares(rng):
    assert of_pair(pair(rng.choice(["a", "b", "c"], 350), ["a"] * 60, "categorical")) == []


def test_a_placeholder_in_a_rounded_column_is_not_held_against_its_other_repeated_values():
    """Some value of a rounded column repeats by chance, but no three records far below it are all the window's."""
    baseline = np.round(np.linspace(80.0, 120.0, 300))
    window = np.concatenate([np.round(np.linspace(80.0, 120.0, 97)), np.zeros(3)])
    (sign,) = signs(baseline, window)
    assert sign.text == "0 in 3% of rows, beyond all of the baseline: a placeholder?"
    factor = tail_factor(100.0 - baseline, 100.0)
    assert factor < 1
    assert sign.p == same_p(4 * all_in_window_p(3, 100, 300) * factor)


def test_a_negative_code_among_counts_is_a_placeholder_however_near():
    baseline, counts = np.repeat(np.arange(1.0, 9.0), 40), np.repeat(np.arange(1.0, 9.0), 12)
    (sign,) = signs(baseline, np.append(counts, np.full(8, -1.0)))
    assert sign.text.startswith("-1 in 8% of rows")
    assert signs(baseline - 4, np.append(counts - 4, np.full(8, -5.0))) == []
    assert signs(baseline, np.append(counts, np.full(8, 10.0))) == []


@pytest.mark.parametrize(("value", "found"), [(140.0, True), (139.9, False)])
def test_a_placeholder_lies_at_least_twice_as_far_as_the_baselines_end(value, found):
    """The median is 100 and the end 120."""
    both = pair(spread(351), np.concatenate([spread(50), np.full(5, value)]))
    assert (find_placeholder(both) is not None) is found


def test_the_distance_is_measured_in_reaches_of_the_same_side():
    """Of a column from 80 to 200 with its median at 100, 50 is two and a half times as far as the lower end."""
    baseline = np.concatenate([np.linspace(80, 100, 176), np.linspace(100, 200, 175)])
    window = np.concatenate([np.linspace(80, 200, 50), np.full(5, 50.0)])
    assert find_placeholder(pair(baseline, window)).text.startswith("50 in 9% of rows")
    above = np.concatenate([np.linspace(80, 200, 50), np.full(5, 250.0)])
    assert find_placeholder(pair(baseline, above)) is None


def test_a_negative_code_is_told_where_the_baseline_begins_at_zero():
    baseline, counts = np.repeat(np.arange(0.0, 9.0), 40), np.repeat(np.arange(0.0, 9.0), 12)
    sign = find_placeholder(pair(baseline, np.append(counts, np.full(8, -1.0))))
    assert sign is not None
    assert find_placeholder(pair(baseline - 0.5, np.append(counts, np.full(8, -1.0)))) is None


def test_a_value_that_only_the_window_has_is_no_step_of_the_baseline():
    """Two values with half of the records each are atoms: a scale of two steps, whatever the window brings."""
    assert is_coarse(np.array([50, 50, 0]))
    assert is_coarse(np.array([50, 50]))


def test_one_new_category_in_all_rows_is_no_stuck_sensor():
    both = pair(["a", "b"] * 100, ["z"] * 60, "categorical")
    assert (find_placeholder(both), find_stuck_value(both)) == (None, None)


@pytest.mark.parametrize(("baseline", "window"), [([np.nan] * 50, [7.0] * 50), (list(range(50)), [np.nan] * 50)])
def test_a_side_without_a_value_has_nothing_that_repeats(baseline, window):
    both = pair(baseline, window)
    assert (find_placeholder(both), find_stuck_value(both)) == (None, None)


@pytest.mark.parametrize(("records", "coarse"), [(2, False), (3, True)])
def test_three_records_beside_the_atoms_show_how_often_two_agree(records, coarse):
    """All of them agree, and two of them may by chance."""
    assert is_coarse(np.array([200, records])) is coarse


def test_a_value_may_come_more_often_by_less_than_15_percent_of_the_rows():
    """The baseline has it in 4 %: 18 % of the window are 14 % more, 19 % are 15 % more."""
    baseline = np.concatenate([spread(96), np.full(4, 97.3)])
    for stuck, found in ((18, False), (20, True)):
        window = np.concatenate([np.linspace(81, 119, 100 - stuck), np.full(stuck, 97.3)])
        assert (find_stuck_value(pair(baseline, window)) is not None) is found


def test_a_value_of_exactly_a_twentieth_is_a_step_of_the_scale_and_no_atom():
    """15 values of 5 records each and 25 single ones: two records agree in 300 of 9,900 pairs, single ones in none."""
    assert is_coarse(np.append(np.full(15, 5), np.ones(25, np.int64)))


@pytest.mark.parametrize(("counts", "coarse"), [([3] * 27, True), ([3] * 26 + [1] * 3, False)])
def test_a_scale_is_coarse_from_one_pair_in_forty_on(counts, coarse):
    """27 values of 3 records: 162 of 81 x 80 pairs, exactly one in forty."""
    assert is_coarse(np.array(counts)) is coarse


def test_values_at_the_baselines_ends_are_not_beyond_it():
    """They come more often than the placeholder, and are no rivals of it."""
    for end in (80.0, 120.0):
        window = np.concatenate([np.full(30, end), np.full(5, -999.0)])
        assert find_placeholder(pair(spread(351), window)).text.startswith("-999 in 14% of rows")


@pytest.mark.parametrize(("others", "found"), [(1, True), (2, False)])
def test_four_of_five_values_beyond_the_baseline_must_be_the_placeholder(others, found):
    window = np.concatenate([spread(50), [-999.0] * 4, -500.0 - np.arange(others)])
    assert (find_placeholder(pair(spread(351), window)) is not None) is found


def test_the_p_of_a_placeholder_weighs_its_distance_on_its_own_side():
    """The median is 100; as many records lie at each side of it."""
    baseline = spread(351)
    for value in (300.0, -100.0):
        sign = find_placeholder(pair(baseline, np.concatenate([spread(50), np.full(5, value)])))
        factor = tail_factor(np.abs(baseline[baseline > 100] - 100), 200.0)
        assert factor < 1
        assert sign.p == same_p(more_often_p(5, 0, 55, 351) * factor)


def test_a_baseline_may_be_one_wide_but_not_without_width():
    """Of a median of 100 and an end of 101, and of a median that is the end."""
    window = np.concatenate([np.linspace(99, 101, 50), np.full(5, 103.0)])
    assert find_placeholder(pair(np.linspace(99, 101, 351), window)) is not None
    assert find_placeholder(pair([99.0] * 20 + [101.0] * 80, window)) is None


def test_a_code_of_minus_one_is_negative_however_small_the_numbers():
    sign = find_placeholder(
        pair(np.linspace(0.5, 3.5, 351), np.concatenate([np.linspace(0.5, 3.5, 50), np.full(5, -0.5)]))
    )
    assert sign.text.startswith("-0.5 in 9% of rows")


def test_one_record_may_be_stuck_and_says_little():
    """Any of 351 values could have been it."""
    assert find_stuck_value(pair(spread(350), [97.3])).p == same_p(1.0)


def test_an_atom_is_more_than_a_twentieth_of_the_baseline():
    """Of 340 records, 17 are 5 % and no atom."""
    for common, found in ((17, True), (18, False)):
        baseline = np.concatenate([spread(340 - common), np.full(common, 97.3)])
        assert (find_stuck_value(pair(baseline, np.full(50, 97.3))) is not None) is found


def test_the_texts_of_a_stuck_value_say_both_shares():
    baseline = np.concatenate([spread(333), np.full(17, 97.3)])
    sign = find_stuck_value(pair(baseline, np.concatenate([spread(30), np.full(30, 97.3)])))
    assert sign.text == "stuck: the same value 97.3 in 50% of rows (baseline 5%)"
