"""What to do now: what waits for a person, why, and what that person does; no page changes anything."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from driftloop.common_cause.causes import cause_in
from driftloop.dashboard.fleet import ModelRow
from driftloop.dashboard.source import SetAside, Source
from driftloop.ledger.drifts import Drift, DriftState
from driftloop.report.words.language import Sentence, Words
from driftloop.report.words.plain_text import visible
from driftloop.times import format_time

MOST_FILES = 20
"""Files that are named on a page: each one's note is read by itself, 10 ms each."""
MOST_OF_A_KIND = 5
"""Models that are named for one reason: what is wrong with more of them is one cause, and the list shows them all."""
LONG = timedelta(days=7)
"""A drift that has waited so long for labels is worth a look; labels come within days."""


@dataclass(frozen=True)
class Todo:
    """One thing that waits for somebody.

    kind : of `todo.<kind>` and `todo.<kind>-do` in the catalogue: what it is, and what to do.
    subject : the file or drift that it is about, "" where the model says it all.
    command : to be copied; None where the name of the file cannot be typed.
    """

    kind: str
    tone: str
    model: str | None
    why: Sentence
    subject: str = ""
    url: str | None = None
    command: str | None = None
    check_id: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class TodoList:
    """What is shown, and how much more there is: by kind for models, whether for files."""

    items: tuple[Todo, ...]
    more: tuple[tuple[str, int], ...] = ()
    more_files: bool = False


def todo_of(rows: Sequence[ModelRow], source: Source, words: Words, now: datetime, *, known: bool = False) -> TodoList:
    """What waits for somebody, the most urgent first.

    Parameters
    ----------
    rows : of the models that are looked at, in the order of the list.
    source : where the notes of files are read.
    words : of the reader's language.
    now : the present.
    known : whether the page says already which model it is about.
    """
    items: list[Todo] = []
    more: list[tuple[str, int]] = []
    for kind in ("overdue", "failing", "failed", "refused", "dry", "waits"):
        found = [todo for row in rows if (todo := _of_row(kind, row, words, now)) is not None]
        items += found[: None if known else MOST_OF_A_KIND]
        if not known and len(found) > MOST_OF_A_KIND:
            more.append((kind, len(found) - MOST_OF_A_KIND))
    items += _of_causes(rows, words, known=known)
    aside = source.set_aside([row.model for row in rows], MOST_FILES)
    items += [_of_file(file, source.account, words) for file in aside.files]
    return TodoList(tuple(items), tuple(more), aside.more)


def _of_row(kind: str, row: ModelRow, words: Words, now: datetime) -> Todo | None:
    if kind == "overdue":
        if row.due_since is None:
            return None
        due = words("todo.due", time=format_time(row.due_since)[:16].replace("T", " "))
        return Todo(kind, "incident", row.name, Sentence(due, words.language))
    if kind == "failing":
        error = row.overview.error
        return Todo(kind, "incident", row.name, Sentence(error, "en")) if error else None
    if row.drift is None or _kind_of(row.drift, now) != kind:
        return None
    note = words.sentence(row.drift.history[-1].note) if row.drift.history else Sentence("", words.language)
    tone = "incident" if kind in ("failed", "refused") else "drift"
    return Todo(kind, tone, row.name, note, row.drift.drift_id, row.drift.run_url)


def _of_causes(rows: Sequence[ModelRow], words: Words, *, known: bool) -> list[Todo]:
    """One thing to do for each common cause, however many models wait for it."""
    waiting: dict[str, list[ModelRow]] = {}
    for row in rows:
        cause = None if row.drift is None or row.drift.state is not DriftState.HELD else held_by(row.drift)
        if cause is not None:
            waiting.setdefault(cause, []).append(row)
    return [
        Todo(
            "cause",
            "incident",
            found[0].name if known else None,
            Sentence(words("todo.cause-waits", count=f"{len(found):,}", cause=cause), words.language),
            cause,
        )
        for cause, found in sorted(waiting.items())
    ]


def held_by(drift: Drift) -> str | None:
    """The common cause that a drift waits for a person's word on; None where something else holds it, or nothing."""
    return cause_in(drift.history[-1].note) if drift.history else None


def _kind_of(drift: Drift, now: datetime) -> str | None:
    if drift.state is DriftState.FAILED:
        return "failed"
    if drift.state is not DriftState.HELD or not drift.history:
        return None
    note = drift.history[-1].note
    if cause_in(note) is not None:
        return None
    if note.startswith("dry run"):
        return "dry"
    if drift.not_before is not None and drift.sends:
        return "refused"
    return "waits" if now - drift.history[0].at > LONG else None


def _of_file(file: SetAside, account: str | None, words: Words) -> Todo:
    why = words.sentence(file.reason) if file.reason else Sentence(words("todo.no-reason"), words.language)
    command = release_command(file.note, account)
    return Todo("file", "incident", file.model, why, file.file, command=command, check_id=file.check_id, at=file.at)


def release_command(note: str, account: str | None) -> str | None:
    """The command that releases a file, safe to paste; None for a name that cannot be shown as it is.

    Parameters
    ----------
    note : path of the note in the container `quarantine`.
    account : the storage account's name.

    Examples
    --------
    >>> print(release_command("m/day 1.csv.json", "store"))
    az storage blob delete --auth-mode login --account-name store -c quarantine '--name=m/day 1.csv.json'
    >>> release_command("m/a\\nb.csv.json", "store") is None
    True
    """
    if visible(note) != note:
        return None
    words = ["az", "storage", "blob", "delete", "--auth-mode", "login", "--account-name", account or "ACCOUNT"]
    return shlex.join([*words, "-c", "quarantine", f"--name={note}"])  # one word: a name may begin with a hyphen
