"""Have the outcomes moved? Arithmetic of both tests, and their error rate."""

from math import sqrt

import numpy as np
import pytest

from driftloop import Column, Policy, Schema
from driftloop.sequential.label_shift import FEWEST, MOST_CLASSES, LabelSummary, moved_labels, shift_of, two_sided

NUMBER = Column(name="outcome", unit="mg", role="target")
CLASS = Column(name="outcome", kind="categorical", categories=("yes", "no"), role="target")
POLICY = Policy()
HALVES = {"yes": 500, "no": 500}


def numbers(mean: float, rows: int, spread: float = 1.0) -> LabelSummary:
    """Half of the values one spread below the mean, half above: this mean and this variance exactly."""
    return LabelSummary.of_numbers(np.array([mean - spread, mean + spread] * (rows // 2)))


def test_the_two_sided_tail_of_the_normal_distribution() -> None:
    assert two_sided(0.0) == 1.0
    assert two_sided(1.959964) == pytest.approx(0.05, rel=1e-5)
    assert two_sided(-1.959964) == two_sided(1.959964)


def test_numbers_are_compared_by_z_at_one_in_budget() -> None:
    """n = m = 200 and s = 1: z = 10 (m1 - m2); 1 / 520 is z = 3.102."""
    holdout = numbers(0.0, 200)
    factor = sqrt(398 / 400)  # of the pooled standard deviation with n + m - 2
    for shift, moved in ((0.29, False), (0.33, True), (-0.33, True)):
        found = shift_of(NUMBER, numbers(shift * factor, 200), holdout, POLICY)
        assert (found is not None) is moved, shift
    assert (
        shift_of(NUMBER, numbers(0.5, 200), holdout, POLICY)
        == "outcomes have moved: outcome is 0.5 mg on average over 200 labels, 0 mg on the model's holdout"
    )


@pytest.mark.parametrize("offset", [1e6, 1e9, 1e12])
def test_numbers_far_from_zero_are_compared_in_units_of_their_own_spread(offset: float) -> None:
    """Amounts in the smallest coin, or times as numbers: one more standard deviation is seen, a tenth of one is not."""
    for shift, moved in ((0.1, False), (1.0, True)):
        found = shift_of(NUMBER, numbers(offset + shift, 200), numbers(offset, 200), POLICY)
        assert (found is not None) is moved


@pytest.mark.parametrize(("yes", "moved"), [(519_000, False), (521_000, True)])
def test_a_share_that_moves_by_less_than_two_points_is_not_said_however_many_labels_there_are(
    yes: int, moved: bool
) -> None:
    labels = LabelSummary.of_classes({"yes": yes, "no": 1_000_000 - yes})
    holdout = LabelSummary.of_classes({"yes": 250_000, "no": 250_000})
    assert (shift_of(CLASS, labels, holdout, POLICY) is not None) is moved


def test_a_shift_by_exactly_the_least_that_matters_is_said() -> None:
    labels, holdout = (LabelSummary.of_classes({"yes": yes, "no": 1_000 - yes}) for yes in (750, 500))
    assert shift_of(CLASS, labels, holdout, Policy(min_share=0.25)) is not None
    assert shift_of(CLASS, labels, holdout, Policy(min_share=0.2501)) is None


def test_numbers_that_moved_by_exactly_the_least_that_matters_are_said() -> None:
    """Deviations 1,000 and 1,000 over 2,002 records: s is 1, and the shift a quarter of it."""
    labels, holdout = (LabelSummary(1_001, total=mean * 1_001, deviations=1_000.0) for mean in (0.25, 0.0))
    assert shift_of(NUMBER, labels, holdout, Policy(min_shift=0.25)) is not None
    assert shift_of(NUMBER, labels, holdout, Policy(min_shift=0.2501)) is None


@pytest.mark.parametrize(("yes", "named"), [(70, "yes"), (30, "no")])
def test_of_two_classes_the_one_that_comes_more_often_is_named(yes: int, named: str) -> None:
    """Their p-values are the same: what one gains the other loses."""
    labels, holdout = LabelSummary.of_classes({"yes": yes, "no": 100 - yes}), LabelSummary.of_classes(HALVES)
    assert shift_of(CLASS, labels, holdout, POLICY) == (
        f"outcomes have moved: outcome is '{named}' in 70% of 100 labels, 50% on the model's holdout"
    )


def test_the_spread_is_that_of_both_sides_together() -> None:
    """Deviations 2 * 20 and 8 * 30 over 48 records: s^2 = 280 / 48, so a shift of 3 is 1.242 of it, z = 4.303."""
    labels, holdout = numbers(3.0, 20, sqrt(2)), numbers(0.0, 30, sqrt(8))
    p = two_sided(3 / sqrt(280 / 48) / sqrt(1 / 20 + 1 / 30))
    assert shift_of(NUMBER, labels, holdout, Policy(budget=int(1 / p))) is not None
    assert shift_of(NUMBER, labels, holdout, Policy(budget=int(1 / p) + 1)) is None


def test_classes_are_said_at_one_in_budget_looks_times_their_number() -> None:
    from driftloop.stats.fisher import share_p

    labels, holdout = LabelSummary.of_classes({"yes": 30, "no": 20}), LabelSummary.of_classes({"yes": 30, "no": 70})
    alone = float(share_p(*(np.array([float(count)]) for count in (30, 50, 30, 100)))[0])
    of_two = int(1 / (2 * alone))
    assert shift_of(CLASS, labels, holdout, Policy(budget=of_two)) is not None
    assert shift_of(CLASS, labels, holdout, Policy(budget=of_two + 1)) is None


def test_a_summary_tells_means_shares_and_the_spread_of_earlier_versions() -> None:
    summary = LabelSummary.of_numbers(np.array([1.0, 2.0, 6.0]))
    assert summary == LabelSummary(3, 9.0, 41.0, deviations=14.0)
    assert (summary.mean, summary.within) == (3.0, 14.0)
    earlier = LabelSummary(3, 9.0, 41.0)
    assert (earlier.total, earlier.within) == (9.0, 14.0)
    assert LabelSummary(3, 9.0, 26.999).within == 0.0, "rounding makes no negative spread"
    assert LabelSummary.of_numbers(np.array([])) == LabelSummary(0, 0.0, 0.0, deviations=0.0)
    classes = LabelSummary.of_classes({"yes": 1, "no": 3})
    assert (classes.share("no"), classes.share("maybe")) == (0.75, 0.0)


def test_of_classes_that_are_as_frequent_the_first_by_name_are_kept() -> None:
    kept = LabelSummary.of_classes({f"c{number:03}": 1 for number in reversed(range(MOST_CLASSES + 1))}).counts
    assert list(kept) == [f"c{number:03}" for number in range(MOST_CLASSES)]


def test_labels_of_a_window_are_compared_with_those_of_the_reference_where_both_have_some() -> None:
    schema, moved, same = Schema((Column("x"), NUMBER)), numbers(0.5, 200), numbers(0.0, 200)
    (sentence,) = moved_labels(schema, same, moved)
    assert sentence == "outcomes have moved: outcome is 0.5 mg on average over 200 labels, 0 mg in the reference"
    assert moved_labels(schema, same, same) == ()
    assert moved_labels(schema, None, moved) == moved_labels(schema, same, None) == ()
    assert moved_labels(Schema((Column("x"),)), same, moved) == ()
    assert moved_labels(schema, same, moved, Policy(min_shift=0.9)) == (), "by what matters to the user"


def test_a_sentence_has_no_unit_where_the_target_has_none_and_says_what_it_is_compared_with() -> None:
    found = shift_of(Column("outcome", role="target"), numbers(2.0, 30), numbers(0.0, 40), POLICY, of="last year")
    assert found == "outcomes have moved: outcome is 2 on average over 30 labels, 0 last year"


def test_a_shift_that_is_too_small_to_matter_is_not_said_however_many_labels_there_are() -> None:
    holdout = numbers(0.0, 1_000_000)

    assert shift_of(NUMBER, numbers(0.099, 1_000_000), holdout, POLICY) is None
    assert shift_of(NUMBER, numbers(0.101, 1_000_000), holdout, POLICY) is not None


def test_all_labels_yes_is_said() -> None:
    holdout = LabelSummary.of_classes({"yes": 66, "no": 134})

    found = shift_of(CLASS, LabelSummary.of_classes({"yes": 120}), holdout, POLICY)

    assert found in (
        "outcomes have moved: outcome is 'yes' in 100% of 120 labels, 33% on the model's holdout",
        "outcomes have moved: outcome is 'no' in 0% of 120 labels, 67% on the model's holdout",
    )
    assert shift_of(CLASS, LabelSummary.of_classes({"yes": 40, "no": 80}), holdout, POLICY) is None


def test_a_class_that_nobody_declared_and_few_have_is_not_named() -> None:
    holdout = LabelSummary.of_classes({"yes": 66, "no": 134})

    found = shift_of(CLASS, LabelSummary.of_classes({"Mrs Patient": 120}), holdout, POLICY)

    assert found is not None
    assert "Patient" not in found


def test_few_labels_say_nothing_and_neither_do_equal_ones() -> None:
    assert FEWEST == 20
    assert shift_of(NUMBER, numbers(9.0, 18), numbers(0.0, 200), POLICY) is None
    assert shift_of(NUMBER, numbers(9.0, 20), numbers(0.0, 200), POLICY) is not None
    assert shift_of(NUMBER, numbers(9.0, 200), numbers(0.0, 18), POLICY) is None
    assert shift_of(NUMBER, numbers(9.0, 200), numbers(0.0, 20), POLICY) is not None
    same = LabelSummary.of_numbers(np.full(50, 3.0))
    assert shift_of(NUMBER, same, same, POLICY) is None


def test_of_many_classes_the_most_frequent_are_kept_and_all_are_counted() -> None:
    summary = LabelSummary.of_classes({f"c{number}": number + 1 for number in range(MOST_CLASSES + 50)})

    assert len(summary.counts) == MOST_CLASSES == 100
    assert "c149" in summary.counts
    assert "c0" not in summary.counts
    assert summary.rows == sum(range(1, 151))


def test_each_of_several_classes_is_tested_at_its_part_of_the_level() -> None:
    """Twenty classes: the p of one counts twenty times (Bonferroni)."""
    counts = {f"c{number}": 50 for number in range(20)}
    holdout = LabelSummary.of_classes(counts)
    two = LabelSummary.of_classes({"c0": 500, "c1": 500})
    moved = {**counts, "c0": 87, "c1": 48, **{f"c{number}": 48 for number in range(2, 19)}, "c19": 49}
    from driftloop.stats.fisher import share_p

    alone = float(share_p(*(np.array([float(count)]) for count in (87, 1000, 50, 1000)))[0])
    assert alone < 1 / 520 < alone * 20, "striking alone, not among twenty"
    assert shift_of(CLASS, LabelSummary.of_classes(moved), holdout, POLICY) is None
    assert shift_of(CLASS, LabelSummary.of_classes({"c0": 587, "c1": 413}), two, POLICY) is not None


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_without_a_shift_it_is_said_at_most_once_in_budget_looks(kind: str) -> None:
    """4,000 looks at a level of 1 / 100: at most 40 expected, 65 is four standard deviations above."""
    random = np.random.default_rng(5)
    policy = Policy(budget=100, min_shift=1e-9, min_share=1e-9)
    said = 0
    for _ in range(4_000):
        if kind == "numbers":
            sides = [LabelSummary.of_numbers(random.normal(3, 2, rows)) for rows in (60, 200)]
            said += shift_of(NUMBER, sides[0], sides[1], policy) is not None
        else:
            counts = [dict(zip("abc", random.multinomial(rows, [0.6, 0.3, 0.1]), strict=True)) for rows in (60, 200)]
            sides = [LabelSummary.of_classes({name: int(n) for name, n in side.items()}) for side in counts]
            said += shift_of(CLASS, sides[0], sides[1], policy) is not None

    assert said <= 65
