"""All records of a model up to a moment: historic and incoming ones joined to their labels, each once, none
quarantined.

A note in quarantine belongs to one version of a file. A mounted folder has no ETags, so the note says the hash of the
content that it was written for: a file that was written again since is read.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from driftloop.data.schema import Schema
from driftloop.errors import InputError, SchemaError
from driftloop.validation import UNREADABLE
from training.data import records
from training.data.records import Roles

INCOMING = "incoming"


class _Note(msgspec.Struct, frozen=True):
    sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """Where the records are. `as_of` leaves out what was recorded later: a run that is repeated learns the same.

    `since` is where the drift check saw the newest regime begin, for want of a better estimate.
    """

    historic: Path
    incoming: Path | None = None
    quarantine: Path | None = None
    as_of: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Collected:
    """All records in order of time, with a column `incoming`; and how many were left out, by reason. A record with
    several impossible values counts once in `left_out` and once for each column in `impossible`.
    """

    every: pa.Table
    left_out: dict[str, int]
    impossible: dict[str, int]

    def labelled(self, target: str) -> pa.Table:
        """Those whose label has arrived."""
        return self.every.filter(pc.is_valid(self.every[target])).combine_chunks()


def collect(schema: Schema, source: Source) -> Collected:
    """Read, join and clean. Raises InputError naming the file that cannot be read, lacks a column, or holds labels of
    another kind; and where an id of the historic records is missing or repeats.
    """
    roles = Roles.of(schema)
    described = (roles.id, roles.time, *roles.features)
    old = _flagged(records.read([source.historic], schema, (*described, roles.target)), incoming=False)
    nameless = old[roles.id].null_count
    if nameless:
        raise InputError(
            f"{source.historic.name}: column {roles.id!r} is missing in {nameless} records: an id names each record"
        )
    repeated = len(old) - len(pc.unique(old[roles.id]))
    if repeated:
        raise InputError(
            f"{source.historic.name}: column {roles.id!r} repeats in {repeated} records: an id belongs to one record"
        )
    barred = _quarantined(source)
    delivered = records.read(_files(source, "records", barred), schema, described)
    known = set(old[roles.target].to_pylist())
    labels = records.read(
        _files(source, "labels", barred),
        schema,
        (roles.id, roles.target),
        lambda table: _familiar(table, schema, known),
    )
    labels = records.newest_of_each(labels.filter(pc.is_valid(labels[roles.target])), roles.id)
    named = delivered.filter(pc.is_valid(delivered[roles.id]))
    each = records.newest_of_each(named, roles.id)
    new = each.filter(pc.invert(pc.is_in(each[roles.id], old[roles.id].combine_chunks())))
    joined = new.join(labels, roles.id, join_type="left outer").select([*described, roles.target])
    every = pa.concat_tables([old, _flagged(joined.select(old.column_names[:-1]), incoming=True)]).combine_chunks()
    dated = every.filter(pc.is_valid(every[roles.time]))
    if source.as_of is not None:
        dated = dated.filter(pc.less_equal(dated[roles.time], pa.scalar(source.as_of, records.TIME)))
    wrong = records.impossible(dated, schema)
    keep = ~np.logical_or.reduce([*wrong.values(), np.zeros(len(dated), dtype=bool)])
    good = dated.filter(pa.array(keep)).sort_by([(roles.time, "ascending"), (roles.id, "ascending")])
    left_out = {
        "duplicates": len(named) - len(each),
        "historic already": len(each) - len(new),
        "without an id": len(delivered) - len(named),
        "undated or later": len(every) - len(dated),
        "impossible": len(dated) - len(good),
        "quarantined files": sum(map(len, barred.values())),
    }
    counts = {name: int(np.count_nonzero(rows)) for name, rows in wrong.items()}
    return Collected(good.combine_chunks(), left_out, counts)


def _familiar(table: pa.Table, schema: Schema, known: set[Any]) -> None:
    """Raises SchemaError for a file of labels that holds classes, and none of those that the target has: in the schema,
    or else in the historic records.
    """
    target = schema.role("target")
    if target is None or target.kind != "categorical":
        return
    classes = set(target.categories) or known
    found = set(table[target.name].to_pylist()) - {None}
    if found and not found & classes:
        raise SchemaError(
            f"column {target.name!r} holds none of the target's classes; quarantine the file, correct it, or list new "
            "classes in the target's categories in schema.toml"
        )


def _files(source: Source, kind: str, barred: dict[str, set[str]]) -> list[Path]:
    return [] if source.incoming is None else records.files(source.incoming / kind, barred[kind])


def _quarantined(source: Source) -> dict[str, set[str]]:
    """Quarantined files by their path below `records` or `labels`: each has a note `<kind>/<path>.json`, written for
    the content that it has now.
    """
    barred: dict[str, set[str]] = {"records": set(), "labels": set()}
    if source.incoming is None or source.quarantine is None:
        return barred
    for note in sorted(source.quarantine.rglob("*.json")):
        name = note.relative_to(source.quarantine).as_posix().removesuffix(".json")
        kind, _, path = name.partition("/")
        if kind in barred and _bars(note, source.incoming / name):
            barred[kind].add(path)
    return barred


def _bars(note: Path, file: Path) -> bool:
    """Whether a note keeps a file out as it is now: one that says no hash bars every version."""
    if not file.is_file():
        return False
    try:
        content = msgspec.json.decode(note.read_bytes(), type=_Note).sha256
    except UNREADABLE:
        return True  # a person's note, or a damaged one: the file was set aside, for whatever reason
    if content is None:
        return True
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == content


def _flagged(table: pa.Table, *, incoming: bool) -> pa.Table:
    return table.append_column(INCOMING, pa.array(np.full(len(table), incoming)))
