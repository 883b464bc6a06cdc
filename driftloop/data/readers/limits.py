"""How much of an input is held at once. A check stays under 400 MB whatever comes; what would not is refused."""

from driftloop.data.tables import BATCH_ROWS

BLOCK_BYTES = 4 << 20
"""Of a text file that are parsed together: many rows, and with their Arrow arrays about 20 MB."""
LONGEST_RECORD = 4 << 20
"""Bytes of one line of CSV or JSON: thousands of columns fit, and a few of them in memory do no harm."""
MOST_COLUMNS = 2_000
"""Columns of a table: each has a histogram and a part of the sample, about 60 KB for both sides of a check."""
FEWEST_ROWS = 64
"""Rows of a batch at least, however wide they are."""
BATCH_BYTES = 8 << 20
"""Of a columnar file that are decoded together, estimated by the average of its row group."""
VALUE_BYTES = 8
"""Of a value when it is profiled: a float64 or a code."""
LARGEST_PAGE = 32 << 20
"""Bytes of one decompressed page of a Parquet column, thirty times what writers make: it is decoded in one piece."""
LARGEST_PAGES = 64 << 20
"""Bytes of the pages that columns hold which are read at the same time, one each. Arrow keeps each compressed too."""
LARGEST_BATCH = 96 << 20
"""Bytes of a batch of all columns where they are read in parts: long texts may be wider than their average."""
LARGEST_ARROW_BATCH = 96 << 20
"""Bytes of the wanted columns of one record batch in an Arrow file: it is decompressed in one piece."""
FAR_GROUP_BYTES = 64 << 20
"""Of a row group that are fetched column by column from an open file; of larger ones piece by piece."""


def rows_of(columns: int) -> int:
    """Rows of a batch at most, so that a wide table takes no more memory than a narrow one."""
    return max(FEWEST_ROWS, min(BATCH_ROWS, BATCH_BYTES // (VALUE_BYTES * max(columns, 1))))


def size(count: int) -> str:
    """Bytes for people.

    Examples
    --------
    >>> size(4 << 20)
    '4 MB'
    """
    return f"{count / (1 << 20):.0f} MB"
