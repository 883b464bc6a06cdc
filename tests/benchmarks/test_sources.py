"""The benchmark of large and many files, small: what it says at size is only worth what it checks."""

import pytest

from benchmarks.sources import large_file, small_files

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("form", ["parquet", "csv.gz"])
def test_a_large_file_is_read_whole(form: str) -> None:
    _, found = large_file(0.02, form)

    assert (found.verdict, found.files) == ("stable", 1)
    assert found.rows >= 100_000
    assert found.memory < 1000, "MB, as at 5 GB"


def test_many_files_are_one_window() -> None:
    found = small_files(30)

    assert (found.verdict, found.files, found.rows) == ("stable", 30, 600)
