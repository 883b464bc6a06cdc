"""A profile as a Parquet file, and back: a row for each compared column, the rest in the file's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from driftloop.data.arrow import lists_array, numbers_array, texts_array
from driftloop.data.readers.saved_profile import METADATA
from driftloop.data.schema import Column, Schema
from driftloop.errors import BaselineError, InputError, SchemaError
from driftloop.profile.contents import Contents
from driftloop.profile.counting.category_counts import CategoryCounts
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.counting.histogram import Histogram
from driftloop.profile.memory import give_back
from driftloop.profile.sampling.sample import Sample
from driftloop.profile.saving.stored_numbers import recorded_decimals, scaled, sum_of_text, sum_text
from driftloop.validation import with_article

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NONE = np.empty(0, np.int64)
VERSION = 3
"""Of the file's format (docs/profile-format.md says what each version brought)."""
PLAIN = 2
"""The version of a file without dependent groups and seasons, which older readers still take."""
EXACT_SINCE = 2
"""The first version whose samples keep values as they are; version 1 rounded them."""
COUNTS = ("rows", "missing", "malformed", "absent", "negative_infinite", "positive_infinite")


class Header(msgspec.Struct, frozen=True):
    """What the file's metadata says."""

    version: int
    table: Schema
    rows: int
    complete: bool
    first: float | None = None
    last: float | None = None
    extra: tuple[str, ...] = ()
    rounded: bool = False
    """Whether the sample's values were rounded by version 1, in this file or one that was merged into it."""
    repeated_headers: int | msgspec.UnsetType = msgspec.UNSET
    """Not written where there is none, so that files keep the bytes that they had before this was counted."""


def profile_to_bytes(profile: Contents, beside: Mapping[bytes, bytes] | None = None) -> bytes:
    """The profile as a Parquet file; equal profiles give equal bytes. `beside`: more metadata, which readers skip."""
    import pyarrow.parquet as pq

    sample = profile.sample
    groups = {"sample_clusters": sample.clusters, "sample_seasons": sample.seasons}
    extra = {name: values.astype(np.int64) for name, values in groups.items() if values is not None}
    header = Header(
        VERSION if extra else PLAIN,
        profile.schema,
        profile.rows,
        profile.sample.complete,
        profile.first,
        profile.last,
        profile.extra,
        profile.sample.rounded,
        profile.repeated_headers or msgspec.UNSET,
    )
    layout = pa.schema([*_LAYOUT, *((name, pa.list_(pa.int64())) for name in extra)])
    rest = [NONE] * (len(profile.schema.features) - 1)
    of_rows = [_lists([values, *rest]) for values in extra.values()]
    metadata = {METADATA: msgspec.json.encode(header), **(beside or {})}
    table = pa.table([*_columns(profile), *of_rows], schema=layout.with_metadata(metadata))
    sink = pa.BufferOutputStream()
    plain = dict.fromkeys(_DELTAS, "DELTA_BINARY_PACKED") | {"sample_values.list.element": "BYTE_STREAM_SPLIT"}
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=9,
        use_dictionary=False,
        column_encoding=plain,
        store_schema=True,
        write_statistics=False,
    )
    content: bytes = sink.getvalue().to_pybytes()
    del table
    give_back(len(profile.columns))
    return content


def profile_from_bytes(content: bytes) -> Contents:
    """The profile in a file that this version or an older one wrote. Raises BaselineError, InputError for no bytes."""
    import pyarrow.parquet as pq

    if not isinstance(content, bytes | bytearray | memoryview):
        raise InputError(f"{with_article(content)} was given: pass the bytes that to_bytes() gave")

    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        header = _header((table.schema.metadata or {}).get(METADATA))
        rows = {row["name"]: row for row in table.to_pylist()}
        columns = {column.name: _column(column, rows[column.name]) for column in header.table.features}
        sample, headers = _sample(header, rows), header.repeated_headers or 0
        return Contents(header.table, header.rows, columns, sample, header.first, header.last, header.extra, headers)
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError, IndexError, SchemaError) as error:
        raise BaselineError(f"not a readable profile ({str(error).splitlines()[0][:200]}): build it again") from None


def _header(text: bytes | None) -> Header:
    if text is None:
        raise BaselineError("a Parquet file, but not a profile: pass what Baseline.to_bytes() gave, or build one")
    version = msgspec.json.decode(text).get("version")
    if not isinstance(version, int) or version > VERSION:
        raise BaselineError(
            f"profile version {version} is newer than this driftloop reads ({VERSION}): update driftloop"
        )
    return msgspec.json.decode(text, type=Header)


_DELTAS = (
    "bin_keys.list.element",
    "bin_counts.list.element",
    "category_counts.list.element",
    "buckets.list.element",
    "sample_decimals.list.element",
    "sample_weights.list.element",
)
_LAYOUT = pa.schema(
    [("name", pa.string())]
    + [(name, pa.int64()) for name in COUNTS]
    + [("minimum", pa.float64()), ("maximum", pa.float64()), ("sum", pa.string()), ("precision", pa.int64())]
    + [("bin_keys", pa.list_(pa.int64())), ("bin_counts", pa.list_(pa.int64()))]
    + [("category_names", pa.list_(pa.string())), ("category_counts", pa.list_(pa.int64()))]
    + [("buckets", pa.list_(pa.int64()))]
    + [("sample_values", pa.list_(pa.float64())), ("sample_decimals", pa.list_(pa.int64())), ("decimals", pa.int64())]
    + [("sample_levels", pa.list_(pa.string()))]
    + [("sample_keys", pa.list_(pa.uint64())), ("sample_weights", pa.list_(pa.int64()))]
)


def _columns(profile: Contents) -> list[pa.Array]:
    """The file's columns, in the order of the layout: a value for each compared column."""
    names = [column.name for column in profile.schema.features]
    summaries = [profile.columns[name] for name in names]
    sample = profile.sample
    histograms = [summary.histogram or Histogram.empty() for summary in summaries]
    categories = [summary.categories or CategoryCounts({}) for summary in summaries]
    values = list(sample.values.T)
    decimals = [recorded_decimals(of_column) for of_column in values]
    as_floats = [v if number is None else np.empty(0) for v, number in zip(values, decimals, strict=True)]
    as_whole = [
        numbers_array(NONE) if number is None else scaled(v, number) for v, number in zip(values, decimals, strict=True)
    ]
    rest = [NONE] * (len(names) - 1)
    return [
        texts_array(names),
        *(_integers([getattr(summary, name) for summary in summaries]) for name in COUNTS),
        *(_optional([getattr(summary, name) for summary in summaries]) for name in ("minimum", "maximum")),
        texts_array([sum_text(summary.exact_sum) for summary in summaries]),
        _integers([bins.precision for bins in histograms]),
        _lists([bins.keys for bins in histograms]),
        _lists([bins.counts for bins in histograms]),
        lists_array([texts_array(list(each.names)) for each in categories], pa.string()),
        _lists([np.array(list(each.names.values()), np.int64) for each in categories]),
        _lists([NONE if each.buckets is None else each.buckets for each in categories]),
        lists_array([numbers_array(each) for each in as_floats], pa.float64()),
        lists_array(as_whole, pa.int64()),
        _integers([-1 if number is None else number for number in decimals]),
        lists_array([texts_array(levels) for levels in sample.levels], pa.string()),
        # Keys and weights belong to the rows of the sample, not to a column: the first column's row carries them.
        lists_array([numbers_array(sample.keys)] + [numbers_array(none.view(np.uint64)) for none in rest], pa.uint64()),
        _lists([sample.weights, *rest]),
    ]


def _integers(values: list[int]) -> pa.Array:
    return numbers_array(np.array(values, np.int64))


def _optional(values: list[float | None]) -> pa.Array:
    marks = np.array([value is not None for value in values], bool)
    return numbers_array(np.array([0.0 if value is None else value for value in values]), marks)


def _lists(parts: list[Integers]) -> pa.Array:
    return lists_array([numbers_array(part) for part in parts], pa.int64())


def _column(column: Column, row: dict[str, Any]) -> ColumnProfile:
    histogram = categories = None
    if column.kind == "categorical":
        buckets = np.array(row["buckets"], np.int64) if row["buckets"] else None
        categories = CategoryCounts(dict(zip(row["category_names"], row["category_counts"], strict=True)), buckets)
    else:
        histogram = Histogram(
            row["precision"], np.array(row["bin_keys"], np.int64), np.array(row["bin_counts"], np.int64)
        )
    counts = {name: int(row[name]) for name in COUNTS}
    return ColumnProfile(
        **counts,
        minimum=row["minimum"],
        maximum=row["maximum"],
        histogram=histogram,
        categories=categories,
        exact_sum=sum_of_text(row.get("sum")),
    )


def _sample(header: Header, rows: dict[str, dict[str, Any]]) -> Sample:
    ordered = [rows[column.name] for column in header.table.features]
    keys = np.array(ordered[0]["sample_keys"], np.uint64)
    values = np.empty((len(keys), len(ordered)))
    for column_index, row in enumerate(ordered):
        if row["decimals"] < 0:
            values[:, column_index] = np.array(row["sample_values"], np.float64)
        else:
            values[:, column_index] = np.array(row["sample_decimals"], np.float64) / 10.0 ** row["decimals"]
    levels = tuple(tuple(row["sample_levels"]) for row in ordered)
    weights = np.array(ordered[0]["sample_weights"], np.int64)
    clusters, seasons = (ordered[0].get(name) for name in ("sample_clusters", "sample_seasons"))
    return Sample(
        keys,
        values,
        weights,
        levels,
        header.complete,
        rounded=header.rounded or header.version < EXACT_SINCE,
        clusters=None if clusters is None else np.array(clusters, np.int64).astype(np.uint64),
        seasons=None if seasons is None else np.array(seasons, np.int64),
    )
