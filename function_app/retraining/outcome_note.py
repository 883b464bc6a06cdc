"""How a training run ended, as a drift's history tells it."""

from driftloop.events import Outcome

MOST_REASONS, LONGEST_REASON = 5, 200  # of a rejection: the rest is on the run's summary page


def note_of(outcome: Outcome) -> str:
    """What the history says of a run that promoted or rejected: with the gate's reasons where it rejected.

    Parameters
    ----------
    outcome : Outcome
        What the training workflow wrote; its gate may hold anything.

    Examples
    --------
    >>> note_of(Outcome("drift-000000000001", "rejected", "m", "2026-11-23T07:00:00Z", gate={"reasons": ["worse"]}))
    'the run ended: rejected (worse)'
    """
    reasons = (outcome.gate or {}).get("reasons") if outcome.outcome == "rejected" else None
    told = [str(reason)[:LONGEST_REASON] for reason in reasons] if isinstance(reasons, list) else []
    return f"the run ended: {outcome.outcome}" + (f" ({'; '.join(told[:MOST_REASONS])})" if told else "")
