"""All records of a model up to a moment: historic and incoming ones joined to their labels, each once, none
quarantined.

A note in quarantine belongs to one version of a file. A mounted folder has no ETags, so the note says the hash of the
content that it was written for. A file that was written again since is read.
"""

import hashlib
from collections import Counter
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
from driftloop.wording.counts import count_of
from training.data import records, split
from training.data.records import Roles
from training.data.spool import VALUES_HELD, Spool, Stored, parts

# Columns of our own until the tables are written: no feed has one of these names.
INCOMING, HOLDOUT, SAMPLE = OWN = ("driftloop_incoming", "driftloop_holdout", "driftloop_sample")


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
    """All records, and how many were left out, by reason. The columns `OWN` say whether a record came in, and hold the
    hashes of its id, or of its cluster (`training.data.split`).

    A record with several impossible values counts once in `left_out` and once for each column in `impossible`.
    """

    tables: Stored
    roles: Roles
    left_out: dict[str, int]
    impossible: dict[str, int]

    @property
    def rows(self) -> int:
        """How many records there are."""
        return self.tables.rows

    @property
    def every(self) -> pa.Table:
        """All records in order of time, in memory."""
        return in_order(pa.concat_tables(self.tables), self.roles)

    def labelled(self, target: str) -> pa.Table:
        """Those whose label has arrived."""
        every = self.every
        return every.filter(pc.is_valid(every[target])).combine_chunks()


def in_order(table: pa.Table, roles: Roles) -> pa.Table:
    """Records in order of time; those of one moment in that of their ids."""
    return table.sort_by([(roles.time, "ascending"), (roles.id, "ascending")]).combine_chunks()


def collect(schema: Schema, source: Source, folder: Path, held: int = VALUES_HELD) -> Collected:
    """Read, join and clean. Raises InputError naming the file that cannot be read, lacks a column, or holds labels of
    another kind. It raises one too where an id of the historic records is missing or repeats.

    Parameters
    ----------
    folder : where tables go that outgrow memory; it must outlive what is returned.
    held : values of a table that are kept in memory.
    """
    roles = Roles.of(schema)
    described = roles.described

    def spool(name: str, columns: tuple[str, ...]) -> Spool:
        return Spool(records.read([], schema, columns), roles.id, folder / name, held)

    old, delivered, labels = (
        spool("historic", (*described, roles.target)),
        spool("delivered", described),
        spool("labels", (roles.id, roles.target)),
    )
    known = _read_historic(schema, source, roles, old)
    barred = _quarantined(source)
    nameless = 0
    for table in records.batches(_files(source, "records", barred), schema, described):
        named = table.filter(pc.is_valid(table[roles.id]))
        nameless += len(table) - len(named)
        delivered.add(named)
    check = _Familiar(schema, known)
    for table in records.batches(_files(source, "labels", barred), schema, (roles.id, roles.target), check):
        labels.add(table.filter(pc.is_valid(table[roles.target])))
    spools = (old, delivered, labels)
    stored = Stored(folder / "clean", any(each.on_disk for each in spools))
    left_out: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for tables in parts(spools, forget=True):
        good, counts, impossible = _cleaned(tables, schema, source, roles)
        stored.add(good)
        left_out.update(counts)
        wrong.update(impossible)
    out = {
        "duplicates": left_out["duplicates"],
        "historic already": left_out["historic already"],
        "without an id": nameless,
        "undated or later": left_out["undated or later"],
        "impossible": left_out["impossible"],
        "quarantined files": sum(map(len, barred.values())),
    }
    ordered = {column.name: wrong[column.name] for column in schema.columns if wrong[column.name]}
    return Collected(stored, roles, out, ordered)


def _read_historic(schema: Schema, source: Source, roles: Roles, old: Spool) -> set[Any]:
    """Fill `old` with the historic records; the classes of a target that has some. Raises InputError."""
    target = schema.role("target")
    known: set[Any] = set()
    nameless = 0
    for table in records.batches([source.historic], schema, (*roles.described, roles.target)):
        nameless += table[roles.id].null_count
        if target is not None and target.kind == "categorical":
            known |= set(pc.unique(table[roles.target]).to_pylist())
        old.add(table)
    if nameless:
        raise InputError(
            f"{source.historic.name}: column {roles.id!r} is missing in {count_of(nameless, 'record')}: "
            "an id names each record"
        )
    repeated = sum(len(part) - len(pc.unique(part[roles.id])) for (part,) in parts([old]))
    if repeated:
        raise InputError(
            f"{source.historic.name}: column {roles.id!r} repeats in {count_of(repeated, 'record')}: "
            "an id belongs to one record"
        )
    return known


def _cleaned(
    tables: tuple[pa.Table, ...], schema: Schema, source: Source, roles: Roles
) -> tuple[pa.Table, dict[str, int], dict[str, int]]:
    """The records of some ids (historic, delivered, labels), each once, with its label; those left out, by reason and
    by column.
    """
    old, delivered, labels = tables
    labels = records.newest_of_each(labels, roles.id)
    each = records.newest_of_each(delivered, roles.id)
    new = each.filter(pc.invert(pc.is_in(each[roles.id], old[roles.id].combine_chunks())))
    joined = new.join(labels, roles.id, join_type="left outer").select(old.column_names)
    every = pa.concat_tables([_flagged(old, incoming=False), _flagged(joined, incoming=True)]).combine_chunks()
    dated = every.filter(pc.is_valid(every[roles.time]))
    if source.as_of is not None:
        dated = dated.filter(pc.less_equal(dated[roles.time], pa.scalar(source.as_of, records.TIME)))
    wrong = records.impossible(dated, schema)
    keep = ~np.logical_or.reduce([*wrong.values(), np.zeros(len(dated), dtype=bool)])
    good = dated.filter(pa.array(keep)).combine_chunks()
    left_out = {
        "duplicates": len(delivered) - len(each),
        "historic already": len(each) - len(new),
        "undated or later": len(every) - len(dated),
        "impossible": len(dated) - len(good),
    }
    counts = {name: int(np.count_nonzero(rows)) for name, rows in wrong.items()}
    found = split.hashes(good[roles.id].to_pylist())
    held = split.hashes(records.groups(good, roles)).holdout
    good = good.append_column(HOLDOUT, pa.array(held)).append_column(SAMPLE, pa.array(found.sample))
    return good, left_out, counts


class _Familiar:
    """Raises SchemaError at the end of a file of labels that holds classes, and none of those that the target has.
    Those stand in the schema, or else in the historic records.
    """

    def __init__(self, schema: Schema, known: set[Any]) -> None:
        target = schema.role("target")
        self._name = None if target is None or target.kind != "categorical" else target.name
        self._classes = set(target.categories if target is not None else ()) or known
        self._any = self._familiar = False

    def see(self, table: pa.Table) -> None:
        """Some rows of the file."""
        if self._name is not None and not self._familiar:
            found = set(pc.unique(table[self._name]).to_pylist()) - {None}
            self._any |= bool(found)
            self._familiar = bool(found & self._classes)

    def end(self) -> None:
        """The file has been read; the next one begins."""
        strange, self._any, self._familiar = self._any and not self._familiar, False, False
        if strange:
            raise SchemaError(
                f"column {self._name!r} holds none of the target's classes; quarantine the file, correct it, or list "
                "new classes in the target's categories in schema.toml"
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
