"""Telling a saved profile from a table of records: both are Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from driftloop.errors import BaselineError

METADATA = b"driftloop"
"""Key of the Parquet file's metadata under which a profile keeps its header."""
_MAGIC = b"PAR1"


def is_profile(path: Path | str) -> bool:
    """Whether a file is a profile rather than a table of records; a URL never names one."""
    try:
        if not isinstance(path, Path) or not path.is_file():
            return False
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return False
        import pyarrow.parquet as pq

        return METADATA in (pq.read_metadata(path).metadata or {})
    except (pa.ArrowException, OSError, ValueError):
        return False


def table_in_profile(path: Path) -> Any:
    """The schema that a saved profile was read with, as plain values. Raises BaselineError."""
    import msgspec
    import pyarrow.parquet as pq

    try:
        return msgspec.json.decode((pq.read_metadata(path).metadata or {})[METADATA])["table"]
    except (pa.ArrowException, OSError, KeyError, TypeError, msgspec.DecodeError) as error:
        raise BaselineError(f"{path}: not a readable profile ({type(error).__name__}): build it again") from None
