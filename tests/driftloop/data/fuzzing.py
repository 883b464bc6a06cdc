"""Damaged and odd files in every format: bytes that are changed at random, and tables of random types."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import io
import json
import math
import random
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SECRET = "PATIENT-7Q"
"""A text that stands in the files and must stand in no error."""
ROWS = 40
TOKENS = [
    b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b"\0", b"#", b"\\", b'\\"', b'""', b" ", b"=", b"[",
    b"]", b"{", b"}", b":", b"null", b"NaN", b"-Infinity", b"1e400", b"9" * 400, b"9" * 5000, b"-0.0", b"1,234",
    b"1.234,5",
    b"01/02/2026", b"25/13/2026", b"9999-12-31", b"0000-00-00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\xed\xa0\x80",
    b"\\ud800", b"\xf0\x9f\x98\x80", b"\xc2\xa0", b"true", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"[" * 3000,
    b"a" * 70,
]  # fmt: skip


def rows(rng: random.Random) -> list[dict[str, Any]]:
    """A table as a feed has it."""
    day = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    return [
        {
            "id": index + 1,
            "age": round(rng.gauss(50, 10), 1),
            "count": rng.randint(0, 20),
            "kind": rng.choice(["a", "b", SECRET]),
            "flag": rng.random() < 0.5,
            "when": (day + dt.timedelta(minutes=rng.randint(0, 9999))).replace(tzinfo=None).isoformat(" "),
        }
        for index in range(ROWS)
    ]


def csv(table: list[dict[str, Any]], separator: str = ",", quote: str = "", newline: str = "\n") -> bytes:
    lines = [separator.join(f"{quote}{value}{quote}" for value in row.values()) for row in table]
    return newline.join([separator.join(table[0]), *lines, ""]).encode()


def seed(rng: random.Random) -> tuple[str, bytes]:
    """A whole file: its ending, its bytes."""
    table = rows(rng)
    lines = "\n".join(json.dumps(row) for row in table).encode()
    arrow = pa.Table.from_pylist(table)
    choices: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("csv", csv(table)),
        lambda: ("csv", csv(table, ";", '"', "\r\n")),
        lambda: ("tsv", csv(table, "\t", "", "\r")),
        lambda: ("csv", csv(table).decode().encode("utf-16")),
        lambda: ("csv", csv(table, "|").replace(b".", b",")),
        lambda: ("csv.gz", gzip.compress(csv(table), 1)),
        lambda: ("jsonl", lines),
        lambda: ("jsonl.gz", gzip.compress(lines, 1)),
        lambda: ("json", json.dumps(table).encode()),
        lambda: ("parquet", parquet(arrow, rng)),
        lambda: ("parquet", parquet(arrow, rng)),
        lambda: ("arrow", ipc(arrow, rng)),
    ]
    return rng.choice(choices)()


def parquet(table: pa.Table, rng: random.Random) -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        compression=rng.choice(["none", "snappy", "zstd"]),
        use_dictionary=rng.random() < 0.5,
        row_group_size=rng.choice([7, 1000]),
        data_page_version=rng.choice(["1.0", "2.0"]),
    )
    return sink.getvalue()


def ipc(table: pa.Table, rng: random.Random) -> bytes:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "zstd", "lz4"]))
    new = rng.choice([pa.ipc.new_file, pa.ipc.new_stream])
    with new(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rng.choice([7, 1000]))
    return sink.getvalue()


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The bytes with one to six changes."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        place, length = rng.randrange(len(data) + 1), int(rng.expovariate(1 / 12)) + 1
        kind = rng.randrange(7)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[place : place + length]
        elif kind == 2:
            data[place:place] = data[place : place + length]
        elif kind == 3:
            data[place:place] = rng.choice(TOKENS)
        elif kind == 4:
            data[place : place + length] = rng.randbytes(length)
        elif kind == 5 and rng.random() < 0.2:
            del data[place:]
        elif kind == 6:
            other = rng.randrange(len(data) + 1)
            data[place:place] = data[other : other + 20 * length]
    return bytes(data)


def damaged(rng: random.Random) -> tuple[str, bytes]:
    """A file whose bytes were changed, on the inside of its compression half of the time."""
    ending, content = seed(rng)
    if ending.endswith(".gz") and rng.random() < 0.5:
        return ending, gzip.compress(mutated(gzip.decompress(content), rng), 1)
    return ending, mutated(content, rng)


TYPES: list[tuple[pa.DataType, Callable[[random.Random], Any]]] = [
    (pa.null(), lambda rng: None),
    (pa.bool_(), lambda rng: rng.random() < 0.5),
    (pa.int8(), lambda rng: rng.randint(-128, 127)),
    (pa.int64(), lambda rng: rng.choice([0, 1, 2**63 - 1, -(2**63), rng.randint(0, 10**18)])),
    (pa.uint64(), lambda rng: rng.choice([0, 2**64 - 1, rng.randint(0, 9)])),
    (pa.float16(), lambda rng: rng.choice([math.nan, math.inf, rng.gauss(0, 1)])),
    (pa.float32(), lambda rng: rng.choice([math.nan, -math.inf, 1e-40, 3e38, rng.gauss(0, 1)])),
    (pa.float64(), lambda rng: rng.choice([math.nan, math.inf, -0.0, 5e-324, 1.7e308, rng.gauss(0, 1)])),
    (pa.decimal128(38, 10), lambda rng: decimal.Decimal(rng.randint(-(10**20), 10**20)).scaleb(-10)),
    (pa.decimal256(60, -3), lambda rng: decimal.Decimal(rng.randint(-(10**9), 10**9)) * 1000),
    (pa.string(), lambda rng: rng.choice(TOKENS).decode("utf-8", "replace")),
    (pa.large_string(), lambda rng: rng.choice(["", "x" * 1000, "1.5", "ä"])),
    (pa.string_view(), lambda rng: rng.choice(["p", "q" * 30])),
    (pa.binary(), lambda rng: rng.randbytes(rng.randint(0, 9))),
    (pa.large_binary(), lambda rng: rng.randbytes(3)),
    (pa.binary(16), lambda rng: rng.randbytes(16)),
    (pa.date32(), lambda rng: dt.date.fromordinal(rng.randint(1, 3652059))),
    (pa.date64(), lambda rng: dt.date.fromordinal(rng.randint(1, 3652059))),
    (pa.timestamp("s"), lambda rng: rng.choice([0, 2**62, -(2**62), 253402214400])),
    (pa.timestamp("ns", "Europe/Berlin"), lambda rng: rng.randint(-(2**62), 2**62)),
    (pa.timestamp("us"), lambda rng: rng.randint(0, 2**50)),
    (pa.time32("ms"), lambda rng: rng.randint(0, 86_399_999)),
    (pa.time64("ns"), lambda rng: rng.randint(0, 86_399_999_999_999)),
    (pa.duration("ns"), lambda rng: rng.randint(-(2**62), 2**62)),
    (pa.month_day_nano_interval(), lambda rng: (1, 2, 3)),
    (pa.dictionary(pa.int8(), pa.string()), lambda rng: rng.choice(["a", "b", SECRET])),
    (pa.dictionary(pa.uint16(), pa.float64()), lambda rng: rng.choice([1.0, 2.5])),
    (pa.list_(pa.int64()), lambda rng: [1, 2]),
    (pa.struct([("a", pa.int64())]), lambda rng: {"a": 1}),
    (pa.map_(pa.string(), pa.int64()), lambda rng: [("a", 1)]),
    (pa.list_view(pa.int64()), lambda rng: [1]),
    (pa.uuid(), lambda rng: uuid.UUID(int=rng.getrandbits(128)).bytes),
    (pa.json_(), lambda rng: '{"a": 1}'),
    (pa.bool8(), lambda rng: rng.random() < 0.5),
    (pa.run_end_encoded(pa.int32(), pa.string()), lambda rng: rng.choice(["a", "b"])),
]
NAMES = ["age", "count", "kind", "flag", "when", "id", "", " ", "a\nb", "a\0b", '"', "x" * 300, "ä", "Unnamed: 0", "1"]


def odd_table(rng: random.Random) -> pa.Table:
    """Columns of random types and names, with nulls."""
    length = rng.choice([0, 1, 2, ROWS])
    names, arrays = [], []
    for _ in range(rng.randint(1, 6)):
        kind, value = rng.choice(TYPES)
        values = [None if rng.random() < 0.2 else value(rng) for _ in range(length)]
        try:
            arrays.append(pa.array(values, kind))
        except (pa.ArrowException, TypeError, ValueError):
            arrays.append(pa.array([None if value is None else str(value) for value in values], pa.string()))
        names.append(rng.choice(NAMES))
    return pa.Table.from_arrays(arrays, names=names)


def odd(rng: random.Random) -> tuple[str, bytes]:
    """A whole file of an odd table, in a format that can hold it."""
    table = odd_table(rng)
    if rng.random() < 0.5:
        try:
            return "parquet", parquet(table, rng)
        except (pa.ArrowException, OSError):
            pass  # Parquet cannot hold these types: another format below
    try:
        return "arrow", ipc(table, rng)
    except pa.ArrowException:
        lines = [{name: str(table.num_rows) for name in table.column_names}]
        return "jsonl", "\n".join(json.dumps(row) for row in lines).encode()


def fuzzed(number: int) -> tuple[str, bytes]:
    """File number so-and-so: its ending, its bytes."""
    rng = random.Random(number)
    return damaged(rng) if number % 3 else odd(rng)
