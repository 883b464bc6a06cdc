"""`data.json`: which records a model is trained and judged on, how many, and their hash."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec
import pyarrow as pa

RECENT = "driftloop_recent"
"""The column of `train.parquet` that says which records are of the newest regime; no feed has one of this name."""


class Drawn(msgspec.Struct, frozen=True):
    """How a sample was drawn (`training.data.sample`). `kept` of the `learnable` labelled records that are not held
    out, the `newest` of them whole. `regime_kept` of the `regime` records that the baseline describes.
    """

    max_rows: int
    learnable: int
    kept: int
    newest: int
    regime: int
    regime_kept: int


class Provenance(msgspec.Struct, frozen=True):
    """Times are ISO 8601, UTC. `holdout` names the rule by which records were held out. `left_out` counts records by
    reason, `impossible` those with a value outside the schema's range or categories by column. `sample` is None where
    no record was left out for their number.
    """

    sha256: str
    as_of: str | None
    data_end: str
    regime_start: str
    regime_found: bool
    rows: dict[str, int]
    left_out: dict[str, int]
    holdout: str
    impossible: dict[str, int] = {}
    sample: Drawn | None = None


def table_hash(tables: Iterable[pa.Table]) -> str:
    """SHA-256 of the tables' rows, the same whatever files they came from."""
    digest = sha256()
    for table in tables:
        for column in table.column_names:
            digest.update(f"{column}:{len(table)};".encode())
            digest.update(msgspec.json.encode(table[column].to_pylist()))
    return digest.hexdigest()
