"""Which files are data, in which format and compression: told by their names."""

from __future__ import annotations

from pathlib import Path

from driftloop.errors import InputError

FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".parq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".psv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
COMPRESSIONS = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
PACKED = (".zip", ".7z", ".rar", ".tar", ".tgz", ".xlsx", ".xls", ".xlsm", ".ods")
EXPECTED = (
    "Parquet (.parquet), Arrow (.arrow, .feather), CSV (.csv, .tsv, .txt) and JSON Lines (.jsonl), "
    "text also with .gz, .bz2, .xz or .zst behind it, can be read"
)
HIDDEN = ("_", ".")
"""How names begin that are no data: _SUCCESS, _metadata, .part-0.crc."""


def format_of(name: str) -> tuple[str, str | None]:
    """Format and compression of a file name, of an ending alone (`"csv.gz"`), upper or lower case.

    Raises
    ------
    InputError
        For an ending that is not known.

    Examples
    --------
    >>> format_of("2026/Data.CSV.gz"), format_of("parquet")
    (('csv', 'gzip'), ('parquet', None))
    """
    stem, compression = name.lower(), None
    for ending, kind in COMPRESSIONS.items():
        if stem.endswith(ending):
            stem, compression = stem.removesuffix(ending), kind
            break
    for ending, kind in FORMATS.items():
        if stem.endswith(ending) or stem == ending[1:]:
            return kind, compression
    if stem.endswith(PACKED):
        raise InputError(f"{name}: is an archive or a workbook by its name: unpack it, or save it as CSV")
    raise InputError(f"{name or 'the file'}: unknown format; {EXPECTED}")


def is_data_file(name: str) -> bool:
    """Whether a file in a folder is data by its name: a known ending, and not hidden.

    Files named .txt are read where they are named, not where they lie beside others: most are notes.
    """
    if name.startswith(HIDDEN) or ".txt" in Path(name.lower()).suffixes:
        return False
    try:
        format_of(name)
    except InputError:
        return False
    return True
