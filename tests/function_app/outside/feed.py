"""What a feed delivers: good files, bad ones of many kinds, copies, and files that are corrected and sent again.

Every text in a bad file is marked, so that it can be looked for in whatever the app puts out. The feed remembers what
it delivered, which is what the invariants are about.
"""

import io
import itertools
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

MARK = "Zzyzx"
BAD = ("torn", "deep", "struct", "list", "headless", "missing", "blank", "unit", "text")
BAD_LABELS = ("torn", "headless", "list")
FEWEST, MOST = 25, 70  # rows of a good file: enough to be judged beside others, and by itself
STRAGGLER_DAYS = 400  # before now, of the one old record that some good files hold


@dataclass(frozen=True)
class Delivered:
    """One version of one file: how many rows it holds that are to be checked; none where it is bad or a copy."""

    name: str
    rows: int
    kind: str  # good, odd, copy, or what is bad about it


@dataclass
class Feed:
    """Writes below `<folder>/records/` and `<folder>/labels/`. `shift`: by how many standard deviations the population
    has moved.
    """

    container: Any
    folder: str
    seed: int
    shift: float = 0.0
    delivered: list[Delivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice, self._random = random.Random(self.seed), np.random.default_rng(self.seed)
        self._numbers = itertools.count()
        self._contents: list[tuple[str, bytes]] = []
        self.bad_labels: set[str] = set()

    def rows_to_check(self, set_aside: set[str]) -> int:
        """Rows that must be in exactly one checked window each: of all good files, and of the odd ones that were not
        set aside.
        """
        return sum(file.rows for file in self.delivered if file.kind != "odd" or file.name not in set_aside)

    @property
    def odd_names(self) -> set[str]:
        """Files that may be set aside or read: one value of theirs is no number that is known."""
        return {file.name for file in self.delivered if file.kind == "odd"}

    @property
    def bad_names(self) -> set[str]:
        """Files whose newest version is bad."""
        newest = {file.name: file for file in self.delivered}
        return {name for name, file in newest.items() if file.kind in BAD}

    @property
    def ever_bad(self) -> set[str]:
        """Files of which some version was bad."""
        return {file.name for file in self.delivered if file.kind in BAD}

    def rows(self, count: int, shift: float | None = None) -> pa.Table:
        """Ordinary records of the last hour."""
        moved = self.shift if shift is None else shift
        now = datetime.now(UTC)
        minutes = self._random.uniform(0, 60, count)
        return pa.table(
            {
                "id": [f"r{next(self._numbers):07}" for _ in range(count)],
                "at": [now - timedelta(minutes=float(minute)) for minute in minutes],
                "bmi": np.round(self._random.normal(26 + 4 * moved, 4, count), 2),
                "sex": self._random.integers(1, 3, count).astype(str),
            }
        )

    def good(self) -> None:
        """A good file."""
        table = self.rows(self._dice.randrange(FEWEST, MOST))
        if self._dice.random() < 0.2:
            old = table["at"][0].as_py() - timedelta(days=STRAGGLER_DAYS)
            table = table.set_column(1, "at", pa.array([old, *table["at"].to_pylist()[1:]]))
        ending = self._dice.choice(["parquet", "csv", "jsonl"])
        content, rows, kind = written(table, ending), len(table), "good"
        if ending == "jsonl" and self._dice.random() < 0.2:
            # One number that no float holds. It is read as infinite: one is chance, three in a window are an incident.
            kind = "odd"
            content += f'{{"id": "{MARK}", "at": "{table["at"][0]}", "bmi": {"9" * 400}, "sex": "1"}}\n'.encode()
            rows += 1
        if kind == "good":  # a copy of an odd file is as odd
            self._contents.append((ending, content))
        self._put(f"{next(self._numbers)}.{ending}", content, rows, kind)

    def bad(self) -> None:
        """A bad file."""
        kind = self._dice.choice(BAD)
        ending, content = self._bad(kind)
        self._put(f"{next(self._numbers)}.{ending}", content, 0, kind)

    def labels(self) -> None:
        """A file of outcomes: a good one, or a bad one."""
        table = pa.table({"id": [f"r{number:07}" for number in range(20)], "progression": self._random.normal(size=20)})
        name, content = f"{next(self._numbers)}.csv", written(table, "csv")
        match self._dice.choice(["good", *BAD_LABELS]):
            case "torn":
                name, content = f"{name}.parquet", written(table, "parquet")[:-30]
            case "headless":
                content = f"{MARK},{MARK} 1975\n".encode() + content.partition(b"\n")[2]
            case "list":
                name, content = f"{name}.jsonl", f'{{"id": ["{MARK}"], "progression": [["{MARK}"]]}}\n'.encode() * 9
            case _:
                self.container.upload_blob(f"{self.folder}/labels/{name}", content)
                return
        self.container.upload_blob(f"{self.folder}/labels/{name}", content)
        self.bad_labels.add(name)

    def copy(self) -> None:
        """A file that was delivered before, under another name or under its own."""
        if self._contents:
            ending, content = self._dice.choice(self._contents)
            self._put(f"{next(self._numbers)}.{ending}", content, 0, "copy")

    def corrected(self) -> None:
        """A bad file is sent again under its name, and is good now."""
        bad = sorted(self.bad_names)
        if bad:
            name = self._dice.choice(bad)
            ending = name.rsplit(".", 1)[1]
            table = self.rows(self._dice.randrange(FEWEST, MOST))
            self._put(name, written(table, ending), len(table), "good")

    def _put(self, name: str, content: bytes, rows: int, kind: str) -> None:
        self.container.upload_blob(f"{self.folder}/records/{name}", content, overwrite=True)
        self.delivered.append(Delivered(name, rows, kind))

    def _bad(self, kind: str) -> tuple[str, bytes]:
        # What a reader finds is found in any file; what only its rows tell, in one of thirty.
        table = self.rows(30 if kind in ("text", "blank") else self._dice.choice([8, 30]))
        match kind:
            case "torn":
                return "parquet", written(table, "parquet")[:-30]
            case "deep":
                return "jsonl", written(table, "jsonl") + f'{{"{MARK}": '.encode() + b"[" * 20_000 + b"}\n"
            case "struct":
                nested = pa.array([{MARK: 1.0}] * len(table))
                return "parquet", written(table.set_column(2, "bmi", nested), "parquet")
            case "list":
                return "parquet", written(table.set_column(1, "at", pa.array([[MARK]] * len(table))), "parquet")
            case "headless":
                return "csv", f"{MARK},{MARK},{MARK} 1975,1\n".encode() + written(table, "csv").partition(b"\n")[2]
            case "missing":
                return "csv", written(table.rename_columns(["id", "at", MARK, "sex"]), "csv")
            case "blank":
                blank = table.set_column(2, "bmi", pa.array([None] * len(table), pa.float64()))
                return "parquet", written(blank, "parquet")
            case "text":
                return "csv", written(table.set_column(2, "bmi", pa.array([f"{MARK} Patient"] * len(table))), "csv")
            case _:
                table = self.rows(40)
                return "parquet", written(table.set_column(2, "bmi", pc.multiply(table["bmi"], 10.0)), "parquet")


def written(table: pa.Table, ending: str) -> bytes:
    """A table as a file."""
    buffer = io.BytesIO()
    if ending == "parquet":
        pq.write_table(table, buffer)
    elif ending == "csv":
        pyarrow.csv.write_csv(table, buffer)
    else:
        for row in table.to_pylist():
            buffer.write(json.dumps({**row, "at": str(row["at"])}).encode() + b"\n")
    return buffer.getvalue()
