"""From the ledger's outbox into a model's box, and from there to its receivers: each by itself, again until taken."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

import msgspec

from driftloop.config.models import Model
from driftloop.config.receivers import Receiver
from driftloop.events import Alert
from driftloop.ledger.drifts import Announcement
from driftloop.ledger.ledger import until_written
from driftloop.times import format_time, utc_now
from function_app.alerts.announced import alerts_of
from function_app.alerts.box import LEASE, Box, Dropped, Sent, Trouble, after, pruned, put, to_name, to_send
from function_app.alerts.box_rows import BoxRows
from function_app.alerts.posting import Answer, post
from function_app.telemetry.events import emit

TOO_SLOW = "it was still answering when the time was up"


@dataclass(frozen=True)
class Delivery:
    """The alerts of one model. Its methods raise LedgerError and Azure's errors; receivers' failures are in the box."""

    model: Model
    rows: BoxRows
    clock: Callable[[], datetime] = utc_now
    send: Callable[[Alert, Receiver, datetime], Answer] = post
    patience: float = 0.9 * LEASE.total_seconds()  # for a round: the note of it is written while the lease runs

    def tell(self, said: Sequence[Announcement], receivers: Sequence[Receiver] | None = None) -> None:
        """Puts the alerts among announcements into the box. What was put in before is not put in again.

        Parameters
        ----------
        receivers : Sequence[Receiver] | None
            Some of the model's; None: all of them.
        """
        wanted = self.model.alerts if receivers is None else receivers
        alerts = alerts_of(said, self.clock()) if wanted else []
        if not alerts:
            return

        def attempt() -> list[Dropped]:
            box = self.rows.read(self.model.name)
            changed, dropped = put(box, alerts, wanted)
            if changed != box:
                self.rows.write(changed)
            return dropped

        self._say_dropped(until_written(attempt, self._what))

    def deliver(self) -> datetime | None:
        """Sends what may be sent now. Returns when to look again; None where nothing waits."""
        box, due = until_written(self._claim, self._what)
        if not due:
            return box.next_look(self.clock())
        by_name = {each.name: each for each in self.model.alerts}
        pool = ThreadPoolExecutor(len(due))
        rounds = {name: pool.submit(self._round, by_name[name], alerts) for name, alerts in due.items()}
        wait(rounds.values(), self.patience)
        # A receiver that answers without an end is left to itself: its round is nobody's any more.
        pool.shutdown(wait=False, cancel_futures=True)
        sent = {name: each.result() if each.done() else Sent((), TOO_SLOW) for name, each in rounds.items()}
        box, named = until_written(lambda: self._settle(sent), self._what)
        for name, trouble in named.items():
            fields = {"model": self.model.name, "receiver": name, "error": trouble.error}
            emit("alert_failed", event_id=_failure_id(self.model.name, name, trouble), since=trouble.since, **fields)
        return box.next_look(self.clock())

    def asked_for(self, at: datetime) -> None:
        """Notes that a message will ask for a look at `at`, so that no second one is sent meanwhile."""

        def attempt() -> None:
            self.rows.write(msgspec.structs.replace(self.rows.read(self.model.name), look_at=at))

        until_written(attempt, self._what)

    @property
    def _what(self) -> str:
        return f"alerts of {self.model.name}"

    def _claim(self) -> tuple[Box, dict[str, list[Alert]]]:
        """The box, and what this process may send: nothing while another one sends."""
        now = self.clock()
        box = self.rows.read(self.model.name)
        if not box.waiting or (box.lease_until is not None and now < box.lease_until):
            return box, {}
        kept, dropped = pruned(box, {each.name for each in self.model.alerts}, now)
        due = to_send(kept, now)
        if due or kept != box:
            box = self.rows.write(msgspec.structs.replace(kept, lease_until=now + LEASE if due else None))
        self._say_dropped(dropped)
        return box, due

    def _round(self, receiver: Receiver, alerts: Sequence[Alert]) -> Sent:
        """Oldest first. After a failure that is the receiver's the rest waits; a refused message delays none."""
        taken: list[str] = []
        last = Answer()
        for alert in alerts:
            answer = self.send(alert, receiver, self.clock())
            fields = {"model": self.model.name, "receiver": receiver.name, "kind": alert.kind}
            if answer.error is None:
                taken.append(alert.event_id)
                emit("alert_sent", event_id=alert.event_id, **fields)
                continue
            last = answer
            emit("alert_delayed", event_id=alert.event_id, error=answer.error, **fields)
            if not answer.message:
                break
        return Sent(tuple(taken), last.error, last.retry_at)

    def _settle(self, sent: dict[str, Sent]) -> tuple[Box, dict[str, Trouble]]:
        now = self.clock()
        box = after(self.rows.read(self.model.name), sent, now)
        named = to_name(box, now)
        trouble = {**box.trouble, **{name: msgspec.structs.replace(t, named_at=now) for name, t in named.items()}}
        return self.rows.write(msgspec.structs.replace(box, trouble=trouble)), named

    def _say_dropped(self, dropped: Sequence[Dropped]) -> None:
        for each in dropped:
            emit(
                "alert_dropped",
                model=self.model.name,
                event_id=each.event_id,
                receivers=each.receivers,
                reason=each.reason,
            )


def _failure_id(model: str, receiver: str, trouble: Trouble) -> str:
    return f"receiver-{model}-{receiver}-{format_time(trouble.since)}"
