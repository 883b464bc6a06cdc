"""How much memory one check takes for inputs that are small on disk and large inside. Each is a fresh process."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LIMIT = 400
"""Megabytes that a check may take, whatever comes."""
CHECK = """
import sys
from driftloop.cli.main import main
try:
    main(["check", "--reference", sys.argv[1], "--current", sys.argv[1], "--json"])
except SystemExit as leaving:
    code = leaving.code
else:
    code = 0
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024, code or 0, file=sys.stderr)
"""


@dataclass(frozen=True)
class Peak:
    """What one check took."""

    name: str
    on_disk: int
    """Bytes of the file."""
    megabytes: int
    exit_code: int
    """2 where the file was refused."""
    line: str
    """What was said then."""


def zipped(path: Path, head: bytes, line: bytes, count: int) -> None:
    """A gzipped file of one line over and over."""
    block = line * max(1, (1 << 20) // len(line))
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(max(1, count * len(line) // len(block))):
            file.write(block)


def _parquet(path: Path, rows: int, **options: object) -> None:
    values = np.zeros(rows)
    pq.write_table(pa.table({"x": values, "y": values}), path, compression="zstd", row_group_size=rows, **options)


def _page(path: Path) -> None:
    """One column of half a gigabyte in one page: writers end a page after 20,000 rows unless they are told not to."""
    rows = 1 << 26  # as many as pyarrow puts into one row group
    table = pa.table({"x": np.zeros(rows)})
    pages = {"use_dictionary": False, "data_page_size": 1 << 30, "max_rows_per_page": rows}
    pq.write_table(table, path, compression="zstd", row_group_size=rows, **pages)


def _pages_of_many_columns(path: Path) -> None:
    """As many columns as have pages of 150 MB together: they are read in parts."""
    rows = 1 << 17
    values = np.random.default_rng(4).normal(size=rows)
    table = pa.table({f"x{index}": np.roll(values, 97 * index) for index in range(150)})
    pq.write_table(table, path, row_group_size=rows, use_dictionary=False, max_rows_per_page=rows)


def _many_files(path: Path) -> None:
    """24 files of 52 MB together, read as one table."""
    path.mkdir()
    for index in range(24):
        zipped(path / f"part-{index:02}.csv.gz", b"x,y\n", b"%d.25,2.5\n" % index, 210_000)


def _long_text(path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int32)), pa.array(["q" * 1_000_000]))
    table = pa.table({"x": np.arange(100_000.0), "s": text})
    pq.write_table(table, path, compression="zstd", store_schema=False)


def _arrow(path: Path, rows: int, chunk: int) -> None:
    table = pa.table({f"x{index}": np.zeros(rows) for index in range(8)})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(path, table.schema, options=options) as file:
        file.write_table(table, max_chunksize=chunk)


def _wide(path: Path) -> None:
    values = np.random.default_rng(3).normal(size=(3_000, 150))
    pq.write_table(pa.table({f"x{index}": column for index, column in enumerate(values.T)}), path)


def _empty_cells(path: Path) -> None:
    zipped(path, b",".join(b"c%d" % index for index in range(100)) + b"\n", b"," * 99 + b"\n", 100_000)


INPUTS: dict[str, Callable[[Path], None]] = {
    "rows.csv.gz": lambda path: zipped(path, b"x,y\n", b"1.5,2.5\n", 3_000_000),
    "narrow.csv.gz": lambda path: zipped(path, b"x\n", b"1\n", 6_000_000),
    "cells.csv.gz": _empty_cells,
    "texts.csv.gz": lambda path: zipped(path, b"x,t\n", b"1.5," + b"t" * 200_000 + b"\n", 500),
    "line.csv.gz": lambda path: zipped(path, b"x,y\n", b"a" * (1 << 20), 300),
    "quote.csv.gz": lambda path: zipped(path, b'x,y\n1,"', b"a,b\n" * 1000, 50_000),
    "rows.jsonl.gz": lambda path: zipped(path, b"", b'{"x":1.5,"y":2}\n', 500_000),
    "line.jsonl.gz": lambda path: zipped(path, b"", b'{"x":"' + b"a" * (1 << 20), 300),
    "nested.jsonl.gz": lambda path: zipped(path, b"", b'{"x":1,"y":[' + b"[]," * 300_000 + b"1]}\n", 20),
    "many.csv.gz": _many_files,
    "page.parquet": _page,
    "pages.parquet": lambda path: _parquet(path, 3_000_000, use_dictionary=False),
    "same.parquet": lambda path: _parquet(path, 3_000_000),
    "text.parquet": _long_text,
    "batch.arrow": lambda path: _arrow(path, 5_000_000, 5_000_000),
    "batches.arrow": lambda path: _arrow(path, 2_000_000, 500_000),
    "wide.parquet": _wide,
    "widepages.parquet": _pages_of_many_columns,
}
REFUSED = frozenset({"line.csv.gz", "quote.csv.gz", "line.jsonl.gz", "page.parquet", "batch.arrow"})
"""Inputs with one value, line, page or batch beyond what is allowed."""


def peak(name: str, folder: Path) -> Peak:
    """What a check of one of the inputs against itself takes."""
    path = folder / name
    INPUTS[name](path)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    *lines, last = done.stderr.strip().splitlines()
    megabytes, code = (int(part) for part in last.split())
    on_disk = sum(part.stat().st_size for part in (path.iterdir() if path.is_dir() else [path]))
    return Peak(name, on_disk, megabytes, code, " ".join(lines))


def main() -> None:
    """Print a row an input."""
    with tempfile.TemporaryDirectory() as folder:
        for name in INPUTS:
            found = peak(name, Path(folder))
            said = "refused" if found.exit_code else "checked"
            print(f"{name:<18} {found.on_disk / 1e6:6.2f} MB on disk  {found.megabytes:4} MB in memory  {said}")


if __name__ == "__main__":
    main()
