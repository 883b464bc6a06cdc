"""One check stays under 400 MB whatever comes; what would not is refused with a line that says the limit."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.memory import INPUTS, LIMIT, REFUSED, peak
from driftloop import read_batches
from driftloop.data.readers import limits
from driftloop.data.readers.parquet.footer import largest_page, read_row_groups
from driftloop.errors import InputError


@pytest.mark.slow
@pytest.mark.parametrize("name", INPUTS)
def test_memory_is_bounded_by_what_comes_out(tmp_path, name):
    found = peak(name, tmp_path)
    assert found.megabytes < LIMIT
    assert (found.exit_code == 2) == (name in REFUSED), found.line
    if found.exit_code:
        assert " MB" in found.line
        assert name in found.line


def test_batches_of_wide_tables_have_fewer_rows():
    assert limits.rows_of(1) == 1 << 16
    assert limits.rows_of(1000) * 1000 * limits.VALUE_BYTES <= limits.BATCH_BYTES
    assert limits.rows_of(10**9) == limits.FEWEST_ROWS


@pytest.mark.parametrize("use_dictionary", [True, False])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_the_footer_and_the_page_headers_tell_the_sizes(tmp_path, use_dictionary, version):
    path = tmp_path / "pages.parquet"
    table = pa.table({"x": np.random.default_rng(1).normal(size=50_000), "s": ["abc"] * 50_000})
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=30_000,
        data_page_version=version,
        use_dictionary=use_dictionary,
        data_page_size=1 << 14,
    )
    groups = read_row_groups(str(path))
    metadata = pq.read_metadata(path)
    assert [group.rows for group in groups] == [30_000, 20_000]
    for index, group in enumerate(groups):
        for column, chunk in enumerate(group.chunks):
            stated = metadata.row_group(index).column(column)
            assert (chunk.column, chunk.decompressed) == (stated.path_in_schema, stated.total_uncompressed_size)
            assert chunk.is_dictionary == use_dictionary
    pages = [largest_page(str(path), chunk) for chunk in groups[0].chunks]
    # Plain pages end after 16 KB, give or take one write of 1,024 values; a dictionary of all values is one page.
    assert all(page < (1 << 14) + 8 * 1024 + 1024 for page in pages) or use_dictionary
    assert max(pages) <= groups[0].chunks[0].decompressed


def test_damaged_footers_are_one_line(tmp_path):
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"x": np.arange(1000.0)}), path)
    content = bytearray(path.read_bytes())
    length = int.from_bytes(content[-8:-4], "little")
    for place in range(len(content) - 8 - length, len(content) - 8, 7):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            list(read_batches(io.BytesIO(bytes(damaged)), format="parquet"))
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017 (some damage does no harm)


def test_a_table_with_more_columns_than_can_be_compared_is_refused():
    header = ",".join(f"c{index}" for index in range(limits.MOST_COLUMNS + 1))
    with pytest.raises(InputError, match=r"has 2,001 columns; at most 2,000"):
        list(read_batches(io.BytesIO(f"{header}\n".encode()), format="csv"))
    keys = "\n".join(f'{{"k{index}": 1}}' for index in range(limits.MOST_COLUMNS + 1))
    with pytest.raises(InputError, match=r"columns; at most 2,000"):
        list(read_batches(io.BytesIO(keys.encode()), format="jsonl"))
