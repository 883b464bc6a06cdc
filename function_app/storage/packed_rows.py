"""A value as the properties of one table row: JSON, deflated, in pieces that a binary property holds."""

import zlib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from driftloop.errors import LedgerError
from driftloop.validation import UNREADABLE

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_CHUNK = 60_000  # a binary property holds 64 KiB
_MOST_CHUNKS = 15  # an entity holds 1 MiB
_Kind = TypeVar("_Kind")


def packed(value: msgspec.Struct) -> dict[str, Any]:
    """The properties `body0`, `body1`, ... of a row.

    Parameters
    ----------
    value : msgspec.Struct
        What the row holds.

    Raises
    ------
    LedgerError
        It does not fit into a row.
    """
    deflated = zlib.compress(msgspec.json.encode(value), level=1)
    chunks = [deflated[start : start + _CHUNK] for start in range(0, len(deflated), _CHUNK)]
    if len(chunks) > _MOST_CHUNKS:
        raise LedgerError(
            f"a ledger row of {len(deflated):,} bytes does not fit into a table row, which holds "
            f"{_MOST_CHUNKS * _CHUNK:,}: more files land at once than one check can remember, or the table is too "
            "wide; use fewer, larger files, or split the table"
        )
    return {f"body{number}": chunk for number, chunk in enumerate(chunks)}


def unpacked(entity: "TableEntity", kind: type[_Kind]) -> _Kind:
    """The value that a row holds.

    Parameters
    ----------
    entity : TableEntity
        As it was read.
    kind : type
        Of the value.

    Raises
    ------
    LedgerError
        It was not written by this version of Driftloop, or was changed.
    """
    chunks: list[bytes] = []
    while (chunk := entity.get(f"body{len(chunks)}")) is not None:
        chunks.append(chunk)
    try:
        return msgspec.json.decode(zlib.decompress(b"".join(chunks)), type=kind)
    except (zlib.error, *UNREADABLE, TypeError) as error:
        where = f"{entity.get('PartitionKey')}/{entity.get('RowKey')}"
        raise LedgerError(
            f"ledger row {where} cannot be read ({error}): it was changed by hand, or by a newer version of Driftloop"
        ) from error
