"""Records that come again: a bound that holds for tables of codes and finds a second delivery of measurements."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from driftloop import Baseline, Column, Schema, Window
from driftloop.data_quality.duplicates import (
    FAMILIAR,
    REPEATED,
    coincidence_p,
    familiar_p,
    repeated_p,
    repeated_records,
)


def signs(baseline, window, *names):
    schema = Schema(tuple(Column(name) for name in names or ("a", "b")))
    return list(repeated_records(Baseline.build(baseline, schema), Window.build(window, schema)))


def measured(rows, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})


def test_the_bounds_are_above_the_exact_chance_for_pairs():
    """Of J pairs of equal records each lies within the window with q^2, or across with 2 q (1 - q), independently."""
    copies, q = np.array([2] * 30 + [1] * 340), 0.125
    for count in (3, 6, 12):
        exact = stats.binom.sf(count - 1, 30, q**2)
        assert exact <= repeated_p(copies, count, q) <= 40 * exact
    exact = stats.binom.sf(20 - 1, 30, 2 * q * (1 - q))
    assert exact <= familiar_p(copies, 20, q) <= 40 * exact


def test_as_many_as_expected_is_no_sign():
    copies = np.array([50] * 8)
    assert repeated_p(copies, 50 - 8, 0.125) == pytest.approx(1.0, abs=0.2)
    assert familiar_p(copies, 50, 0.125) == pytest.approx(1.0, abs=0.2)


def test_a_table_of_codes_repeats_itself():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sides = [pd.DataFrame({"a": rng.integers(0, 4, n), "b": rng.integers(0, 3, n)}) for n in (300, 100)]
        assert [sign.p < 0.01 for sign in signs(*sides)] in ([], [False], [False, False])


def test_a_batch_delivered_twice():
    window = measured(50, 1)
    (sign,) = signs(measured(350, 0), pd.concat([window, window]))
    assert sign.text == "50% of the records are repetitions of others in the window: delivered twice?"
    assert sign.p < 1e-12
    assert "repeats_allowed = true" in sign.sentence


def test_a_tenth_of_repetitions_is_asked_for():
    window = measured(90, 1)
    for again, found in ((9, 0), (10, 1)):
        both = pd.concat([window, window.head(again)])
        assert (again / len(both) >= REPEATED) is bool(found)
        assert len(signs(measured(350, 0), both)) == found


def test_half_of_the_window_from_the_baseline_is_asked_for():
    baseline = measured(350, 0)
    for familiar, found in ((24, 0), (25, 1)):
        window = pd.concat([baseline.head(familiar), measured(50 - familiar, 1)])
        assert (familiar / 50 >= FAMILIAR) is bool(found)
        assert len(signs(baseline, window)) == found
    (sign,) = signs(baseline, baseline)
    assert sign.text.startswith("100% of the window are the baseline itself")


def test_one_kind_of_rounded_records_agrees_by_coincidence():
    """100 records of one of three kinds, three rounded columns: a tenth agree, and none was delivered twice."""
    for seed in range(30):
        rng = np.random.default_rng(seed)

        def kind(rows, middle, rng=rng):
            return pd.DataFrame(
                {n: rng.normal(middle, s, rows).round(1) for n, s in (("a", 0.4), ("b", 0.3), ("c", 0.12))}
            )

        baseline, window = pd.concat([kind(200, middle) for middle in (5.0, 6.0, 7.0)]), kind(100, 5.0)
        assert [sign.p < 1e-3 for sign in signs(baseline, window, "a", "b", "c")] in ([], [False])
        twice = signs(baseline, pd.concat([window, window.head(60)]), "a", "b", "c")
        assert twice[0].p < 1e-6


def test_coincidence_is_poissons_tail_of_what_the_other_columns_leave():
    """A grid of 4 x 5, each cell once: 30 pairs agree in all but a, where two records agree with 4/19: 30 x 4/15 = 8.

    Of b it is 40 pairs and 3/19, so 7.5: less.
    """
    schema = Schema((Column("a"), Column("b")))
    grid = pd.DataFrame([[float(a), float(b)] for a in range(4) for b in range(5)], columns=["a", "b"])
    window = Window.build(grid, schema).profile.sample
    assert coincidence_p(9, window) == pytest.approx(stats.poisson.sf(8, 8.0))


def test_copies_of_measurements_are_no_coincidence():
    schema = Schema((Column("a"), Column("b")))
    window = Window.build(pd.concat([measured(30, 1)] * 2), schema).profile.sample
    assert coincidence_p(30, window) == 0.0


def test_columns_that_are_all_but_constant_say_nothing():
    schema = Schema((Column("a"), Column("b")))
    rows = pd.DataFrame({"a": [0.0] * 19 + [1.0], "b": [0.0] + [1.0] * 19})
    assert coincidence_p(5, Window.build(rows, schema).profile.sample) == 1.0


@pytest.mark.parametrize(("rows", "found"), [(2, 0), (3, 1)])
def test_five_records_are_asked_for(rows, found):
    """4 records of two kinds say nothing; 6 of three kinds do."""
    window = measured(rows, 1)
    assert len(signs(measured(350, 0), pd.concat([window, window]))) == found


def test_a_large_baseline_sent_again_is_found_although_both_samples_leave_rows_out():
    baseline = measured(20_000, 0)
    assert not Baseline.build(baseline, Schema((Column("a"), Column("b")))).profile.sample.complete
    (sign,) = signs(baseline, baseline)
    assert "the baseline itself" in sign.text
    assert signs(baseline, measured(20_000, 1)) == []
