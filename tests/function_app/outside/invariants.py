"""What must hold after every world, whatever failed in it."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from driftloop.ledger.drifts import DriftState
from driftloop.times import parse_time
from tests.function_app.outside.feed import MARK
from tests.function_app.outside.world import Told

LONGEST_AGO = timedelta(days=1)  # of a world's records, which are of the last hour
_TRAINED = (DriftState.PROMOTED, DriftState.REJECTED)


def problems(told: Told) -> list[str]:
    """Every invariant that does not hold, in a sentence."""
    return [problem for found in by_invariant(told).values() for problem in found]


def by_invariant(told: Told) -> dict[str, list[str]]:
    """What does not hold, by the invariant; all of them are named."""
    return {
        "drifts lost": _drifts_end(told),
        "regimes that a straggler moved": _regimes_begin_where_they_do(told),
        "tries trained twice, or by nobody": _one_training_for_each_try(told),
        "incidents and drifts not announced": _everything_is_announced(told),
        "rows in no window, or in two": _files_are_checked_once(told),
        "files set aside for another's fault": _nobody_pays_for_another(told),
        "outputs with a file's content": _nothing_leaks(told),
    }


def events(told: Told) -> list[dict[str, Any]]:
    """What was logged, in whichever process."""
    found = []
    for line in told.logs.splitlines():
        start = line.find('{"event"')
        if start >= 0:
            try:
                found.append(json.loads(line[start:]))
            except ValueError:
                continue  # cut by a kill
    return [event for event in found if event.get("model") == told.name]


def _drifts_end(told: Told) -> list[str]:
    still = [f"{drift.drift_id} is {drift.state}" for drift in told.drifts if not drift.state.closed]
    moved = [] if told.drifts else ["the population has moved, and no drift was found"]
    return [*still, *moved, *([] if told.ended else ["the world did not come to rest"])]


def _regimes_begin_where_they_do(told: Told) -> list[str]:
    """One record of another year must not have labels counted, and a model trained, from then on."""
    return [
        f"{drift.drift_id} begins at {drift.since}, long before its records"
        for drift in told.drifts
        if drift.since and drift.history[0].at - parse_time(drift.since) > LONGEST_AGO
    ]


def _one_training_for_each_try(told: Told) -> list[str]:
    twice = [
        f"{drift} try {attempt} trained {n} times" for (drift, attempt), n in told.trainer.trained.items() if n > 1
    ]
    known = {drift.drift_id for drift in told.drifts}
    strangers = {drift for drift, _ in told.trainer.requests} - known
    untrained = [
        f"{drift.drift_id} is {drift.state} and nothing trained"
        for drift in told.drifts
        if drift.state in _TRAINED and not any(name == drift.drift_id for name, _ in told.trainer.trained)
    ]
    return [*twice, *(f"a run for {drift}, which the ledger does not know" for drift in sorted(strangers)), *untrained]


def _everything_is_announced(told: Told) -> list[str]:
    logged = events(told)
    ids = {event.get("event_id", "") for event in logged}
    found = []
    for check in told.checks:
        if (check.verdict == "incident" or check.quarantined) and not any(
            name.startswith(f"incident-{check.check_id}-") for name in ids
        ):
            found.append(f"{check.check_id} ({check.verdict}) raised no alert")
    for drift in told.drifts:
        for name in (f"found-{drift.drift_id}", f"closed-{drift.drift_id}"):
            if name not in ids:
                found.append(f"{name} was not announced")
        for attempt in range(1, drift.attempts + 1):
            if f"failed-{drift.drift_id}-{attempt}" not in ids:
                found.append(f"try {attempt} of {drift.drift_id} failed in silence")
    for name in told.feed.bad_labels:
        path = f"incoming/{told.name}/labels/{name}"
        if not any(event["event"] == "incident" and path in event.get("quarantined", ()) for event in logged):
            found.append(f"{path} was set aside in silence")
    return found


def _files_are_checked_once(told: Told) -> list[str]:
    rows = sum(check.rows for check in told.checks if check.verdict in ("stable", "drift"))
    delivered = told.feed.rows_to_check(_set_aside(told))
    return [] if rows == delivered else [f"{rows} rows were checked, {delivered} good ones delivered"]


def _nobody_pays_for_another(told: Told) -> list[str]:
    innocent = _set_aside(told) - told.feed.ever_bad - told.feed.odd_names - _copies(told)
    stale = told.notes - told.feed.bad_names - told.feed.odd_names - _copies(told)
    return [
        *(f"{name} was set aside and is good" for name in sorted(innocent)),
        *(f"labels/{name} was set aside and is good" for name in sorted(told.label_notes - told.feed.bad_labels)),
        *(f"a note stands for {name}, whose newest version is good" for name in sorted(stale)),
    ]


def _set_aside(told: Told) -> set[str]:
    noted = {note.rsplit("/", 1)[-1].removesuffix(".json") for check in told.checks for note in check.quarantined}
    return noted | told.notes


def _copies(told: Told) -> set[str]:
    return {file.name for file in told.feed.delivered if file.kind == "copy"}


def _nothing_leaks(told: Told) -> list[str]:
    return [
        f"a file's text is in {where}" for where, text in told.outputs.items() if MARK.casefold() in text.casefold()
    ]


def table(worlds: list[Told]) -> dict[str, Any]:
    """The campaign in numbers."""
    found = [by_invariant(told) for told in worlds]
    requests = [count for told in worlds for count in told.trainer.requests.values()]
    return {
        "worlds": len(worlds),
        "worlds with a problem": sum(bool(problems(told)) for told in worlds),
        "processes": sum(told.processes for told in worlds),
        "kills": sum(told.kills for told in worlds),
        "faults": sum(sum(told.faults.values()) for told in worlds),
        "faults by kind": dict(sum((told.faults for told in worlds), Counter())),
        "files": sum(len(told.feed.delivered) for told in worlds),
        "bad files of labels": sum(len(told.feed.bad_labels) for told in worlds),
        "bad files": sum(file.kind not in ("good", "odd", "copy") for told in worlds for file in told.feed.delivered),
        "checks": sum(len(told.checks) for told in worlds),
        "drifts": sum(len(told.drifts) for told in worlds),
        "outcomes damaged": sum(told.trainer.ends["damaged"] for told in worlds),
        "tries trained": sum(sum(told.trainer.trained.values()) for told in worlds),
        "requests beyond one for a try": sum(requests) - len(requests),
        "incidents": sum(check.verdict == "incident" for told in worlds for check in told.checks),
        "alerts logged": sum("event_id" in event for told in worlds for event in events(told)),
        "alerts repeated": sum(
            count - 1
            for told in worlds
            for count in Counter(event["event_id"] for event in events(told) if "event_id" in event).values()
        ),
        **{invariant: sum(len(each[invariant]) for each in found) for invariant in found[0]},
        "problems": [problem for each in found for sentences in each.values() for problem in sentences],
        "seconds": round(sum(told.seconds for told in worlds)),
    }
