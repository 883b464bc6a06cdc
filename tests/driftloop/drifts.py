"""A drift as a check opens it, for tests of the ledger and of what follows a drift."""

from datetime import datetime
from typing import Any

import msgspec

from driftloop.ledger.drifts import Drift, open_drift


def found_drift(at: datetime, drift_id: str = "drift-1", **fields: Any) -> Drift:
    """Held, with the line "found" in its history; `fields` over the ones below."""
    drift = Drift(
        drift_id=drift_id,
        check_id="chk-1",
        model="m",
        baseline_version="1",
        baseline_sha256="b" * 64,
        epoch=0,
        reason="drift",
        as_of="2026-11-22T00:00:00Z",
        since="2026-11-20T00:00:00Z",
    )
    return open_drift(msgspec.structs.replace(drift, **fields), at, "found")
