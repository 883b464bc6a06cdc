"""A check in a process of its own that kills itself at a named moment:

`python dying_process.py MODEL MOMENT SECONDS_LATER`.
"""

import os
import signal
import sys
from datetime import timedelta

from driftloop.ledger.drifts import DriftState
from driftloop.times import utc_now
from function_app.dispatch.github import GitHubDispatcher
from function_app.runtime import Runtime
from function_app.storage.ledger_table import TableLedger

MOMENTS = (
    "before the commit",
    "after the state's row",
    "after the drift's row",
    "after the commit",
    "after the claim",
    "before the request",
    "after the request",
    "after it is sent",
    "before it is confirmed",
    "after it is confirmed",
)


def main(model: str, moment: str, later: float) -> None:
    """Runs one check; does not come back from `moment`."""

    def die(at: str) -> None:
        if moment and at == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    commit, deliver, write, send = TableLedger.commit, TableLedger._deliver, TableLedger.write, GitHubDispatcher.send

    def dying_commit(ledger, state, check=None, drift=None):  # type: ignore[no-untyped-def]
        if drift is None:
            return commit(ledger, state, check, drift)
        die("before the commit")
        committed = commit(ledger, state, check, drift)
        die("after the commit")
        return committed

    def dying_deliver(ledger, outbox):  # type: ignore[no-untyped-def]
        if outbox.drift is not None:
            die("after the state's row")
            deliver(ledger, type(outbox)(outbox.state, None, outbox.drift))
            die("after the drift's row")
        deliver(ledger, outbox)

    def dying_write(ledger, drift):  # type: ignore[no-untyped-def]
        if drift.state is DriftState.CONFIRMED:
            die("before it is confirmed")
        written = write(ledger, drift)
        after = {
            DriftState.CLAIMED: "after the claim",
            DriftState.SENT: "after it is sent",
            DriftState.CONFIRMED: "after it is confirmed",
        }
        die(after.get(drift.state, "later"))
        return written

    def dying_send(dispatcher, event, may_send):  # type: ignore[no-untyped-def]
        die("before the request")
        sent = send(dispatcher, event, may_send)
        die("after the request")
        return sent

    TableLedger.commit, TableLedger._deliver = dying_commit, dying_deliver  # type: ignore[method-assign]
    TableLedger.write, GitHubDispatcher.send = dying_write, dying_send  # type: ignore[method-assign]
    runtime = Runtime(os.environ)
    task = runtime.check(runtime.config.model(model))
    task.clock = lambda: utc_now() + timedelta(seconds=later)
    task.check()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
