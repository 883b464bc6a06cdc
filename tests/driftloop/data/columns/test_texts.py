"""Under which name a value is counted as a category."""

from driftloop import Column
from driftloop.data.columns.texts import category_name
from tests.driftloop.data.canonical.one_column import read


def test_whole_numbers_lose_their_zeros_and_codes_keep_theirs():
    assert [category_name(text) for text in ("24", "24.0", "24.00", "24.", "-0.0", "01", "1.10", "007.0")] == [
        "24", "24", "24", "24", "0", "01", "1.10", "007.0"
    ]  # fmt: skip
    assert read([24, 24.0], Column("x", "categorical")) == ["24", "24"]


def test_texts_are_told_apart_beyond_64_characters():
    names = {category_name("https://example.org/" + "x" * 60 + end) for end in ("/a", "/b")}
    assert len(names) == 2
    assert {len(name) for name in names} == {64}
