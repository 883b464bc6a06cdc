"""What a model's receivers have not taken yet, as plain functions of one small row.

At least once: an alert is in the row before the ledger forgets it, and leaves it once its receiver has answered. The
row is bounded: `MOST_WAITING` alerts, each for `LONGEST_WAIT`; what is given up is told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from driftloop.config.receivers import Receiver
from driftloop.events import Alert
from driftloop.ledger.drifts import Moment

MOST_WAITING = 100  # alerts of a model: as JSON a fifth of what a table row holds, before it is deflated
LONGEST_WAIT = timedelta(days=3)  # a weekend on which nobody fixes a receiver; older news is no alert
MOST_KNOWN = 200  # ids that were put in, so that what is announced again is not sent again
LEASE = timedelta(minutes=5)  # for one round of sending: `MOST_IN_A_ROUND` requests that take as long as they may
MOST_IN_A_ROUND = 8  # of a receiver; each takes half a minute at most, two short repetitions included
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)  # after a failure, doubled each time
LONG = timedelta(days=1)  # of failures, after which the receiver is named once a day


class Waiting(msgspec.Struct, frozen=True):
    """An alert, and the receivers by name that have not taken it."""

    alert: Alert
    left: tuple[str, ...]


class Trouble(msgspec.Struct, frozen=True):
    """A receiver that fails: since when, how often, when it is tried again, and when it was named last."""

    since: Moment
    tries: int
    next_try: Moment
    error: str
    named_at: datetime | None = None

    def lasts(self, now: datetime) -> bool:
        """Whether it has failed for so long that a person must look."""
        return now - self.since >= LONG


class Box(msgspec.Struct, frozen=True):
    """One model's. `known`: ids of what was put in, newest last; `look_at`: when the last message asks for a look."""

    model: str
    waiting: tuple[Waiting, ...] = ()
    known: tuple[str, ...] = ()
    trouble: dict[str, Trouble] = {}
    lease_until: datetime | None = None
    look_at: datetime | None = None
    etag: str = ""

    def next_look(self, now: datetime) -> datetime | None:
        """When something can be sent at the earliest; None where nothing waits."""
        names = {name for each in self.waiting for name in each.left}
        times = [max(now, self.trouble[name].next_try) if name in self.trouble else now for name in names]
        if not times:
            return None
        return max(min(times), self.lease_until or now)


@dataclass(frozen=True)
class Sent:
    """What one receiver took in a round, and what it said last where it did not."""

    taken: Collection[str] = ()
    error: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Dropped:
    """An alert that is given up, by id, and whose it was."""

    event_id: str
    receivers: tuple[str, ...]
    reason: str = field(compare=False, default="")


def put(box: Box, alerts: Sequence[Alert], receivers: Sequence[Receiver]) -> tuple[Box, list[Dropped]]:
    """The box with new alerts, and the oldest that leave it because it is full.

    Parameters
    ----------
    alerts : Sequence[Alert]
        Those that were put in before are left out.
    receivers : Sequence[Receiver]
        Of the model: each gets the kinds that it asks for.
    """
    waiting, known = list(box.waiting), list(box.known)
    for alert in alerts:
        left = tuple(each.name for each in receivers if alert.kind in each.on)
        if not left or alert.event_id in known:
            continue
        known.append(alert.event_id)
        waiting.append(Waiting(alert, left))
    over = waiting[: max(len(waiting) - MOST_WAITING, 0)]
    dropped = [Dropped(each.alert.event_id, each.left, f"more than {MOST_WAITING} wait") for each in over]
    kept = tuple(waiting[len(over) :])
    return msgspec.structs.replace(box, waiting=kept, known=tuple(known[-MOST_KNOWN:])), dropped


def pruned(box: Box, receivers: Collection[str], now: datetime) -> tuple[Box, list[Dropped]]:
    """The box without receivers that are not configured any more, and without what has waited too long.

    Parameters
    ----------
    receivers : Collection[str]
        Names of those that are configured.
    """
    kept, dropped = [], []
    for each in box.waiting:
        left = tuple(name for name in each.left if name in receivers)
        if left and now - each.alert.at > LONGEST_WAIT:
            dropped.append(Dropped(each.alert.event_id, left, f"waited for {LONGEST_WAIT.days} days"))
        elif left:
            kept.append(Waiting(each.alert, left))
    trouble = {name: each for name, each in box.trouble.items() if name in receivers}
    return msgspec.structs.replace(box, waiting=tuple(kept), trouble=trouble), dropped


def to_send(box: Box, now: datetime) -> dict[str, list[Alert]]:
    """What each receiver is sent in this round, oldest first; one that rests after a failure gets nothing."""
    found: dict[str, list[Alert]] = {}
    for each in box.waiting:
        for name in each.left:
            rests = name in box.trouble and now < box.trouble[name].next_try
            if not rests and len(found.setdefault(name, [])) < MOST_IN_A_ROUND:
                found[name].append(each.alert)
    return {name: alerts for name, alerts in found.items() if alerts}


def after(box: Box, sent: Mapping[str, Sent], now: datetime) -> Box:
    """The box after a round: what was taken is out, who failed rests, and nobody holds it.

    Parameters
    ----------
    sent : Mapping[str, Sent]
        By the receiver's name.
    """
    waiting = []
    for each in box.waiting:
        left = tuple(n for n in each.left if n not in sent or each.alert.event_id not in sent[n].taken)
        if left:
            waiting.append(Waiting(each.alert, left))
    trouble = dict(box.trouble)
    for name, told in sent.items():
        before = trouble.pop(name, None)
        if told.error is not None:
            trouble[name] = _failed(before, told, now)
    return msgspec.structs.replace(box, waiting=tuple(waiting), trouble=trouble, lease_until=None)


def _failed(before: Trouble | None, told: Sent, now: datetime) -> Trouble:
    tries = 0 if before is None else before.tries
    # A receiver that took some of a round works again, so that its trouble began now.
    since = now if before is None or told.taken else before.since
    pause = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    next_try = max(now + pause, told.retry_at or now)
    return Trouble(since, tries + 1, next_try, told.error or "", None if before is None else before.named_at)


def to_name(box: Box, now: datetime) -> dict[str, Trouble]:
    """The receivers that have failed for a day and were not named within the last."""
    return {
        name: each
        for name, each in box.trouble.items()
        if each.lasts(now) and (each.named_at is None or now - each.named_at >= LONG)
    }
