"""A sign as a line for a person."""

from driftloop.data_quality.sign import CERTAIN, Sign, ignore


def test_a_sign_says_its_column_what_was_seen_and_what_to_write():
    assert Sign("bmi", "gone", 0.5, "say so").sentence == "bmi: gone (if this is normal: say so)"
    assert Sign(None, "twice", 0.5, "say so").sentence == "twice (if this is normal: say so)"


def test_a_sign_is_told_where_chance_cannot_bring_it_and_is_no_note_by_itself():
    assert CERTAIN == 0.0
    assert not Sign("bmi", "gone", CERTAIN, "say so").is_noted


def test_what_is_of_no_use_is_ignored_in_the_schema_or_for_once():
    assert ignore("bmi") == "give column 'bmi' role = \"ignore\" in the schema, or pass --ignore bmi"
