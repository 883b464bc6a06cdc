"""What stands in the rows of the ledger: the columns of a state, a drift and a check, and what is read back of them."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import LedgerError
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import ModelState
from driftloop.ledger.overview import Overview, overview_of
from function_app.storage.packed_rows import packed, unpacked

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

STATE = "state"  # the row of a model's state
SHORT = ["PartitionKey", "epoch", "verdict", "checked_at", "watched_since", "drift_id", "version", "error", "p"]
_LONGEST_ERROR = 1_000  # characters of an error in a column: a list of models shows its beginning


class StateRow(msgspec.Struct, frozen=True):
    """What the row of a model's state holds: with the newest check and drift, until they are delivered."""

    state: ModelState
    check: CheckRecord | None = None
    drift: Drift | None = None


def state_properties(row: StateRow) -> dict[str, Any]:
    """The columns of a state's row, keys aside."""
    # Columns beside the body are for people who look into the table, and for `overviews`, which reads nothing else.
    short = overview_of(row.state)
    columns = {
        "epoch": short.epoch,
        "verdict": short.verdict,
        "checked_at": short.checked_at,
        # It counts for models without a check alone, and the SDK takes 40 µs to read a time.
        "watched_since": short.watched_since if short.checked_at is None else None,
        "drift_id": short.drift_id,
        "version": short.version,
        "error": None if short.error is None else short.error[:_LONGEST_ERROR],
        "p": short.p,
    }
    return {**{name: value for name, value in columns.items() if value is not None}, **packed(row)}


def short_overview(entity: "TableEntity") -> Overview:
    """What the columns `SHORT` say of a model. Raises LedgerError where they are no such columns."""
    values = {name: entity[name] for name in SHORT[1:] if entity.get(name) is not None}
    # The SDK's own kind of datetime is refused; its text is not.
    texts = {name: value.isoformat() for name, value in values.items() if isinstance(value, datetime)}
    try:
        return msgspec.convert({"model": entity["PartitionKey"], **values, **texts}, Overview)
    except msgspec.ValidationError as error:
        raise LedgerError(
            f"ledger row {entity['PartitionKey']}/{STATE} cannot be read ({error}): it was changed by hand, or by a "
            "newer version of Driftloop"
        ) from error


def check_properties(check: CheckRecord) -> dict[str, Any]:
    """The columns of a check's rows, keys aside."""
    return {**packed(check), "model": check.model, "at": check.at, "verdict": check.verdict}


def drift_properties(drift: Drift) -> dict[str, Any]:
    """The columns of a drift's row, keys aside."""
    return {"state": str(drift.state), "open": not drift.state.closed, "check_id": drift.check_id, **packed(drift)}


def state_row(entity: "TableEntity") -> StateRow:
    """What a state's row holds; the state knows its ETag."""
    row = unpacked(entity, StateRow)
    return msgspec.structs.replace(row, state=msgspec.structs.replace(row.state, etag=str(entity.metadata["etag"])))


def stored_drift(entity: "TableEntity") -> Drift:
    """What a drift's row holds; the drift knows its ETag."""
    return msgspec.structs.replace(unpacked(entity, Drift), etag=str(entity.metadata["etag"]))
