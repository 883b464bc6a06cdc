"""When a drift that is in progress should be looked at again."""

from datetime import datetime, timedelta

from driftloop.ledger.drifts import Drift, DriftState
from driftloop.ledger.model_state import ModelState
from function_app.retraining import steps


def next_look(drift: Drift, state: ModelState, now: datetime) -> datetime | None:
    """When this drift should be looked at again if nothing else happens; None: with the next check."""
    match drift.state:
        case DriftState.HELD:
            times = [time for time in (drift.not_before, state.cooldown_until) if time is not None and time > now]
            return max(times) if times else None
        case DriftState.CLAIMED:
            return max(now, drift.lease_until or now) + steps.SKEW + timedelta(seconds=5)
        case DriftState.SENT:
            return now + steps.SENT_LOOK
        case DriftState.CONFIRMED:
            return now + steps.CONFIRMED_LOOK
    return None
