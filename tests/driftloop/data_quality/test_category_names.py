"""New names: the old ones written in another way, a column that turns over by nature, or a real change."""

import numpy as np
import pytest

from driftloop.data_quality.category_names import find_new_names
from driftloop.data_quality.chance import more_often_p
from driftloop.profile.counting.category_counts import MAX_NAMES
from tests.driftloop.data_quality.feeds import pair, same_p


def found(baseline, window, **column):
    return find_new_names(pair(list(baseline), list(window), "categorical", **column))


def found_in_part(old, new):
    """One name in part in another spelling, beside others and beside itself as it was."""
    return found([*[old] * 200, *["other"] * 150], [*[old] * 20, *["other"] * 28, *[new] * 12])


def drawn(names, rows, seed=0):
    return np.random.default_rng(seed).choice(names, rows)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["female", "male"], ["F", "M"]),
        (["Yes", "No"], ["1", "0"]),
        (["north", "south", "east"], ["NORTH", "SOUTH", "EAST"]),
        (["north west", "south-east"], ["northwest", "southeast"]),
        (["orthopédie", "gériatrie"], ["orthopÃ©die", "gÃ©riatrie"]),
        (["orthopédie", "gériatrie"], ["orthop?die", "g?riatrie"]),
        (["orthopédie", "gériatrie"], ["orthopedie", "geriatrie"]),
        (["cardiology", "oncology", "geriatrics"], ["card", "onco", "geri"]),
        (["<=50K", ">50K"], ["<=50K.", ">50K."]),
        (["alpha", "beta", "gamma"], ["eins", "zwei", "drei"]),
    ],
)
def test_another_way_to_write_the_same_names_is_an_encoding_error(names, written):
    sign = found(drawn(names, 350), drawn(written, 60, 1)).sign
    assert sign is not None
    assert sign.text.startswith("another encoding: ")
    assert sign.p < 1e-6
    assert "`categories`" in sign.if_normal


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["female", "male"], ["f", "m"]),
        (["cardiology", "oncology"], ["card", "onco"]),
    ],
)
def test_a_part_in_short_forms_is_enough_although_the_long_ones_are_still_there(names, written):
    sign = found(drawn(names, 350), [*drawn(names, 48, 1), *written * 8]).sign
    assert sign is not None
    assert sign.p < 1e-6


@pytest.mark.parametrize(
    ("names", "new"),
    [
        (["t", "x"], ["y"]),  # codes of one letter
        (["hip replacement", "knee replacement"], ["hip"]),  # one shorter name is a kind of its own
        (["hip replacement", "knee replacement"], ["hip", "knee"]),  # of different lengths
    ],
)
def test_new_names_beside_the_old_ones_may_be_new_categories(names, new):
    assert found(drawn(names, 350), [*drawn(names, 48, 1), *new * 8]).sign is None


def test_a_part_in_another_spelling_is_enough():
    window = [*drawn(["female", "male"], 48, 1), *["Female"] * 12]
    sign = found(drawn(["female", "male"], 350), window).sign
    assert sign is not None
    assert sign.p < 1e-9


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([f"campaign {i}" for i in range(1, 9)], ["campaign 9", "campaign 10"]),
        (["2026-08", "2026-09", "2026-10"], ["2026-11"]),
        (["10/30/2026", "10/31/2026", "11/01/2026"], ["11/02/2026", "11/03/2026"]),
        (["1.4.0", "1.4.2", "1.5.0"], ["1.5.1", "1.6.0"]),
        ([f"batch {a}{b}" for a in "abcde" for b in "vwxyz"], ["batch qq", "batch rr"]),
        ([f"the {a} of {b}" for a in "abcd" for b in "wxyz"], ["a new text", "another new text"]),
    ],
)
def test_names_that_turn_over_are_left_out_with_a_note(old, new):
    answer = found(drawn(old, 350), drawn(new, 41, 1))
    assert answer.turned_over
    assert answer.sign is None
    assert "all values are new (41 of 41)" in answer.note
    assert 'role = "ignore" or "time"' in answer.note


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["1", "2"], ["2", "3"]),  # two codes are no counter
        (["a", "b", "c"], ["a", "b", "d"]),  # one new category
        (["red", "green", "blue", "black"], ["white"]),  # a population of another kind
        (["2.1", "2.10"], ["2.1", "2.3"]),
    ],
)
def test_other_changes_of_categories_are_left_to_the_comparison(old, new):
    answer = found(drawn(old, 350), drawn(new, 60, 1))
    assert (answer.sign, answer.turned_over) == (None, False)


def test_one_new_name_that_looks_like_no_old_one_is_no_encoding():
    assert found(drawn(["<5", "5"], 350), [*drawn(["<5", "5"], 50, 1), *[">5"] * 10]).sign is None


def test_texts_that_hardly_repeat_always_bring_new_ones():
    answer = found([f"name {i}" for i in range(350)], [f"nome {i}" for i in range(60)])
    assert answer.sign is None


def test_declared_categories_are_known_even_where_the_baseline_lacks_them():
    assert not found(["a"] * 100, ["b"] * 50, categories=("a", "b")).turned_over
    assert found(["a"] * 100, ["b"] * 50, categories=("a", "b")).sign is None


@pytest.mark.parametrize(("females", "shown"), [(200, "'female', 'male'"), (90, "'male', 'female'")])
def test_the_names_that_are_replaced_are_shown_by_their_number(females, shown):
    sign = found([*["female"] * females, *["male"] * (290 - females)], drawn(["F", "M"], 60, 1)).sign
    assert sign.text.endswith(f" in place of {shown}")


def test_names_turn_over_where_half_of_the_new_records_count_on_and_not_where_the_most_frequent_does():
    old = drawn([f"campaign {number}" for number in range(1, 9)], 350)
    half = found(old, [*["campaign 9"] * 30, *["red"] * 15, *["green"] * 15])
    assert half.turned_over
    few = found(old, [*["campaign 9"] * 10, *["red"] * 15, *["green"] * 15])
    assert (few.turned_over, few.sign) == (False, None)


@pytest.mark.parametrize(("names", "turns_over"), [(10, False), (11, True)])
def test_free_text_turns_over_from_half_as_many_names_on_as_others(names, turns_over):
    old = drawn([f"the {chr(97 + number)}a house" for number in range(names)], 350)
    assert found(old, drawn(["one blue car", "some red car"], 40, 1)).turned_over is turns_over


def test_as_many_names_with_other_shares_are_no_encoding_even_where_one_share_is_alike():
    old = [*["red"] * 210, *["green"] * 105, *["blue"] * 35]
    alike = [*["oak"] * 36, *["elm"] * 18, *["fir"] * 6]
    other = [*["oak"] * 20, *["elm"] * 20, *["fir"] * 20]
    assert found(old, alike).sign is not None
    assert found(old, other).sign is None


def test_a_name_is_cut_off_only_where_the_whole_one_has_vanished():
    old = drawn(["cardiology", "oncology", "geriatrics"], 350)
    assert found(old, drawn(["card", "onco"], 60, 1)).sign is not None
    assert found(old, [*["cardiology"] * 50, *["geriatrics"] * 50, *["oncology"] * 50, *["card"] * 10]).sign is None


def test_where_most_known_names_are_single_all_must_be_new():
    """The singles explain 60 % of new names, and half may be new besides: only a window of new names alone is more."""
    old = [*(f"batch {number}" for number in range(210)), *["batch 300"] * 140]
    assert found(old, ["batch 999"] * 40).turned_over
    assert not found(old, [*["batch 999"] * 39, "batch 300"]).turned_over


def test_free_text_may_be_half_of_the_names():
    names = [*(f"the {letter}a house" for letter in "abcdef"), *(f"{letter}-house" for letter in "abcdef")]
    assert found(drawn(names, 350), drawn(["one blue car", "some red car"], 40, 1)).turned_over


def test_two_names_may_come_in_place_of_two():
    old, new = [*["red"] * 200, *["green"] * 150], [*["oak"] * 34, *["elm"] * 26]
    sign = found(old, new).sign
    assert sign is not None
    # the more frequent of the new names, beside which no other is as frequent
    assert sign.p == same_p(min(1.0, more_often_p(34, 0, 60, 350)))


def test_three_rows_of_sixty_are_counted_among_all_rows_of_the_window():
    window = [*drawn(["female", "male"], 48, 1), *["Female"] * 12]
    sign = found(["female"] * 180 + ["male"] * 170, window).sign
    assert sign.p == same_p(3 * more_often_p(12, 0, 60, 350))


@pytest.mark.parametrize(("counted", "turns_over"), [(2, False), (3, True)])
def test_three_names_with_a_number_are_a_counter_and_two_are_codes(counted, turns_over):
    old = drawn([f"campaign {number}" for number in range(1, counted + 1)], 350)
    assert found(old, [f"campaign {counted + 1}"] * 40).turned_over is turns_over


def test_one_single_name_explains_one_new_record_and_not_all():
    """1 single of 345 records: from 50.3 % new ones on they turn over."""
    old = [*(f"campaign {number}" for number in range(1, 9) for _ in range(43)), "campaign 0"]
    assert found(old, [*["campaign 9"] * 36, *["campaign 1"] * 24]).turned_over


def test_a_name_that_comes_less_often_is_no_candidate():
    """'M' comes 30 times, so 'F' with 31 is one of one: p is not doubled."""
    sign = found([*["female"] * 200, *["male"] * 150], [*["F"] * 31, *["M"] * 30]).sign
    assert sign.p == same_p(more_often_p(31, 0, 61, 350))


@pytest.mark.parametrize(("others", "told"), [(["x-ray"], True), (["x-ray", "y-ray"], False)])
def test_names_mean_the_same_by_custom_in_columns_of_at_most_three(others, told):
    old = [*drawn(["female", "male"], 350), *others * 20]
    window = [*["f", "m"] * 25, *others * 10]
    assert (found(old, window).sign is not None) is told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("north", "NORTH"),
        ("north west", "northwest"),
        ("orthopédie", "orthopedie"),
        ("<=50K", "<=50K."),
        ("orthopédie", "orthopÃ©die"),
        ("orthopÃ©die", "orthopédie"),
        ("orthopédie", "orthop\ufffddie"),
        ("orthopédie", "orthop?die"),
        ("“open”", "â€œopenâ€\ufffd"),
    ],
)
def test_one_name_in_part_in_another_spelling_is_enough(old, new):
    answer = found_in_part(old, new)
    assert answer.sign is not None
    assert answer.sign.text.startswith("another encoding: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<5 mg", ">5 mg"),
        ("1-2", "12"),
        ("north", "south"),
        ("é", "e"),
        ("orthop?die", "orthopxdie"),
        ("über", "unter"),
    ],
)
def test_names_that_differ_in_what_they_say_are_two(old, new):
    new_name = found_in_part(old, new)
    assert (new_name.sign is not None) is (old == "é")  # accents alone are the same letter


@pytest.mark.parametrize(
    ("rows", "others", "told"),
    [((1, 1), 8, True), ((2, 0), 8, True), ((1, 0), 8, False), ((2, 1), 97, True), ((2, 1), 98, False)],
)
def test_two_rows_and_three_in_a_hundred_of_all_spellings_together_are_enough(rows, others, told):
    window = [*["NORTH"] * rows[0], *["SOUTH"] * rows[1], *["north"] * others]
    assert (found(["north"] * 200 + ["south"] * 150, window).sign is not None) is told


@pytest.mark.parametrize(("new", "turned_over"), [(60, True), (59, False)])
def test_single_names_of_the_baseline_explain_as_many_new_ones(new, turned_over):
    """A tenth of the baseline's records have a name of their own: half and a tenth of the window must be new."""
    old = [*(f"campaign {number}" for number in range(11, 21)), *["campaign 1"] * 45, *["campaign 2"] * 45]
    assert found(old, ["campaign 99"] * new + ["campaign 1"] * (100 - new)).turned_over is turned_over


@pytest.mark.parametrize(("names", "turned_over"), [(20, False), (21, True)])
def test_a_column_of_more_than_twenty_names_turns_over(names, turned_over):
    old = [f"{chr(97 + number)}-ward" for number in range(names)] * 10
    assert found(old, ["red"] * 30 + ["blue"] * 20).turned_over is turned_over


@pytest.mark.parametrize(("free", "turned_over"), [(6, True), (5, False)])
def test_free_text_is_at_least_half_of_the_names(free, turned_over):
    old = [f"the {chr(97 + number)} house" for number in range(free)] + [
        f"{chr(97 + number)}-h" for number in range(12 - free)
    ]
    assert found(old * 20, ["one blue car"] * 30 + ["some red car"] * 20).turned_over is turned_over


@pytest.mark.parametrize(("red", "told"), [(75, True), (76, False)])
def test_shares_of_the_same_category_differ_by_a_quarter_at_most(red, told):
    old = ["red"] * red + ["green"] * (100 - red)
    assert (found(old, ["oak"] * 25 + ["elm"] * 25).sign is not None) is told


def test_the_three_most_frequent_names_that_are_replaced_are_shown():
    old = [*["red"] * 90, *["green"] * 80, *["blue"] * 70, *["black"] * 60]
    sign = found(old, [*["elm"] * 20, *["oak"] * 18, *["fir"] * 16, *["yew"] * 14]).sign
    assert sign.text.endswith(" in place of 'red', 'green', 'blue'")


@pytest.mark.parametrize(
    ("cut", "told"), [(("hip", "kne"), True), (("hi", "kn"), False), (("hip", "knee"), False), (("hip",), False)]
)
def test_two_beginnings_of_three_letters_are_cut_off(cut, told):
    old = drawn(["hip-replacement", "knee-replacement"], 350)
    assert (found(old, [*drawn(["hip-replacement", "knee-replacement"], 40, 1), *cut * 6]).sign is not None) is told


def test_numbers_behind_a_name_are_not_cut_off():
    """Two kinds beside those of the same name with a number."""
    old = drawn(["hip 12", "eye 34"], 350)
    assert found(old, [*drawn(["hip 12", "eye 34"], 40, 1), *["hip", "eye"] * 6]).sign is None


def test_numbers_and_names_beyond_a_full_dictionary_say_nothing():
    many = [f"n{number}" for number in range(MAX_NAMES + 1)]
    nothing = find_new_names(pair(np.arange(50.0), np.arange(90.0, 120.0)))
    for answer in (nothing, found(many, ["red"] * 40), found(["red"] * 40, many), found(["red"] * 40, [None] * 9)):
        assert (answer.sign, answer.turned_over, answer.note) == (None, False, "")


def test_a_number_written_in_another_way_is_no_next_one():
    old = drawn([f"campaign {number}" for number in range(1, 9)], 350)
    assert not found(old, ["campaign 08"] * 40).turned_over


def test_of_codes_the_three_most_frequent_are_shown():
    old = [*["1"] * 90, *["0"] * 80, *["2"] * 70, *["3"] * 60]
    sign = found(old, [*["q"] * 14, *["r"] * 16, *["s"] * 18, *["t"] * 20]).sign
    assert sign.text == "another encoding: 't', 's', 'r' in place of '1', '0', '2'"


def test_a_short_name_stands_by_custom_for_none_that_custom_does_not_know():
    assert found(drawn(["red", "blue"], 350), [*drawn(["red", "blue"], 48, 1), *["f"] * 12]).sign is None


def test_a_name_of_three_letters_is_a_word_that_custom_shortens_though_it_is_still_there():
    names = ["man", "woman"]
    assert found(drawn(names, 350), [*drawn(names, 48, 1), *["m"] * 12]).sign is not None
    assert found(drawn(["no", "x"], 350), [*drawn(["no", "x"], 48, 1), *["n"] * 12]).sign is None


@pytest.mark.parametrize(("baseline", "turned_over"), [([None] * 9, False), (["campaign 1"], False)])
def test_a_baseline_without_a_name_or_with_one_has_no_names_that_turn_over(baseline, turned_over):
    answer = found(baseline, ["campaign 2"] * 9)
    assert (answer.turned_over, answer.sign) == (turned_over, None)


def test_the_single_names_of_a_baseline_of_one_record_explain_all_new_ones():
    assert not found(["batch 1 of 2"], [*["batch 2 of 2"] * 59, "batch 1 of 2"]).turned_over
    assert found(["batch 1 of 2"] * 2, [*["batch 2 of 2"] * 59, "batch 1 of 2"]).turned_over
