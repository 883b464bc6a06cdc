"""No text of a file ever leaves it, except a category that the rule lets be named.

Marked values in every place of every format, looked for in everything that the app puts out.
"""

import gzip
import io
import json
import logging
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import azure.functions as func
import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from driftloop.errors import DriftloopError
from function_app.http import api as http_api
from function_app.queue.handling import handle
from function_app.queue.sending import Message

ROUNDS = 40 if "DRIFTLOOP_CAMPAIGN" in os.environ else 1
MARK = "Zzyzx"  # of every text that is put into a file; no word of ours
PATIENTS = (
    f"{MARK} Patient",
    f"{MARK}-1975-12-31",
    f"'{MARK}'",
    f'"{MARK}',
    f"{MARK}\n{MARK}",
    f"`{MARK}`",
    f"\\{MARK}",
)


def mark(dice: random.Random) -> str:
    return dice.choice(PATIENTS)


def table_with_marks(clinic: Any, dice: random.Random) -> pa.Table:
    """Values, whole columns, column names, types: some of them marked."""
    columns = {name: clinic.rows(dice.choice([3, 30, 80])).column(name).to_pylist() for name in ("id",)}
    rows = len(columns["id"])
    base = clinic.rows(rows)
    columns = {name: base[name].to_pylist() for name in base.column_names}
    for _ in range(dice.randrange(1, 4)):
        name = dice.choice(list(columns))
        match dice.randrange(6):
            case 0:
                texts = [str(value) for value in columns[name]]
                texts[dice.randrange(rows)] = mark(dice)
                columns[name] = texts
            case 1:
                columns[name] = [mark(dice)] * rows
            case 2:
                columns[mark(dice)] = columns.pop(name)
            case 3:
                columns[mark(dice)] = [mark(dice)] * rows
            case 4:
                columns[name] = [[mark(dice)]] * rows
            case _:
                columns[name] = [{mark(dice): mark(dice)}] * rows
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def as_parquet(table: pa.Table, dice: random.Random) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"pandas": mark(dice)}), buffer)
    return "parquet", buffer.getvalue()


def as_csv(table: pa.Table, dice: random.Random) -> tuple[str, bytes]:
    rows = table.to_pylist()
    text = "\n".join([",".join(table.column_names), *(",".join(str(v) for v in row.values()) for row in rows)])
    lines = text.split("\n")
    for _ in range(dice.randrange(4)):
        place = dice.randrange(len(lines) + 1)
        odd = [
            mark(dice),
            f"{mark(dice)},{mark(dice)}",
            f'"{mark(dice)}',
            ",".join([mark(dice)] * 9),
            f"# {mark(dice)}",
        ]
        lines.insert(place, dice.choice(odd))
    if dice.random() < 0.2:
        lines = [",".join([mark(dice)] * 4), *lines[1:]]  # a header is missing, or its names come twice
    content = "\n".join(lines).encode(dice.choice(["utf-8", "latin-1", "utf-16"]), "replace")
    return ("csv", content) if dice.random() < 0.7 else ("csv.gz", gzip.compress(content))


def as_lines(table: pa.Table, dice: random.Random) -> tuple[str, bytes]:
    rows: list[Any] = [{name: str(value) for name, value in row.items()} for row in table.to_pylist()]
    texts = [json.dumps(row) for row in rows]
    for _ in range(dice.randrange(4)):
        odd = [f'{{"{MARK}": ', f'"{MARK}"', f'["{MARK}"]', f"{{'bmi': '{MARK}'}}", f'{{"bmi": {{"{MARK}": 1}}}}', MARK]
        texts.insert(dice.randrange(len(texts) + 1), dice.choice(odd))
    return "jsonl", "\n".join(texts).encode()


def collector_lines(table: pa.Table, dice: random.Random) -> bytes:
    lines = []
    for number, row in enumerate(table.to_pylist()):
        data = [{name: str(value) for name, value in row.items()}]
        event = {"correlationid": dice.choice([f"c{number}", mark(dice)]), "time": "2026-11-22T00:00:00Z", "data": data}
        if dice.random() < 0.01:
            event[dice.choice(["data", "time", "correlationid"])] = dice.choice([mark(dice), [mark(dice)], {MARK: 1}])
        lines.append(json.dumps(event) if dice.random() < 0.995 else f'{{"time": "{MARK}"')
    return "\n".join(lines).encode()


class Outputs:
    """Everything that leaves the app: events, ledger rows, notes, reports, queue messages, HTTP answers."""

    def __init__(self, clinic: Any, caplog: pytest.LogCaptureFixture) -> None:
        self.clinic, self.caplog, self.raised = clinic, caplog, []
        self.queue: list[str] = []

    def texts(self) -> dict[str, str]:
        clinic = self.clinic
        found = {"log": self.caplog.text, "errors": "\n".join(self.raised), "queue": "\n".join(self.queue)}
        found["state"] = msgspec.json.encode(clinic.state()).decode()
        for number, row in enumerate([*clinic.ledger.checks(clinic.name, 200), *clinic.ledger.drifts(clinic.name)]):
            found[f"row {number}"] = msgspec.json.encode(row).decode()
        for container in ("quarantine", "reports"):
            client = clinic.storage.container(container)
            for blob in client.list_blobs(name_starts_with=clinic.name):
                found[f"{container}/{blob.name}"] = client.download_blob(blob.name).readall().decode()
        return found


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["files", "data-collector"])
def test_marked_values_in_every_place_of_every_format_are_in_no_output(
    clinic: Any, layout: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "driftloop")
    dice = random.Random(6)
    clinic.deploy()
    outputs = Outputs(clinic, caplog)
    if layout == "data-collector":
        pattern = f"incoming/{clinic.name}/{{}}/*.jsonl"
        clinic.configure(layout=layout, records=pattern.format("records"), predictions=pattern.format("outputs"))
    writers: list[Callable[[pa.Table, random.Random], tuple[str, bytes]]] = [as_parquet, as_csv, as_lines]
    verdicts = set()
    for number in range(30 * ROUNDS):
        clinic.now = datetime.now(UTC) + timedelta(seconds=number)
        for kind in ("records", "labels", "outputs") if layout != "files" else ("records", "labels"):
            table = table_with_marks(clinic, dice)
            if layout == "data-collector" and kind != "labels":
                ending, content = "jsonl", collector_lines(table, dice)
            else:
                ending, content = dice.choice(writers)(table, dice)
            clinic.land(content, f"{number}.{ending}", kind=kind)
        try:
            verdicts.add(clinic.check().verdict)
        except Exception as error:  # noqa: BLE001  what it says is an output too
            outputs.raised.append(str(error) if isinstance(error, DriftloopError) else type(error).__name__)

    assert "incident" in verdicts
    assert outputs.raised == [], "no file stops a check"
    leaks = {name: _around(text) for name, text in outputs.texts().items() if MARK.casefold() in text.casefold()}
    assert leaks == {}, json.dumps(leaks, indent=1)


@pytest.mark.parametrize("name", ["id", "at", "bmi", "sex", "more"])
@pytest.mark.parametrize(
    "kind",
    [
        pa.struct({MARK: pa.float64()}),
        pa.list_(pa.struct({MARK: pa.string()})),
        pa.map_(pa.string(), pa.struct({MARK: pa.int8()})),
        pa.dictionary(pa.int8(), pa.string()),
        pa.binary(),
        pa.decimal128(9, 2),
        pa.duration("s"),
        pa.time32("s"),
        pa.bool_(),
    ],
    ids=str,
)
def test_a_column_of_any_type_leaves_nothing(
    clinic: Any, name: str, kind: pa.DataType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "driftloop")
    clinic.deploy()
    table = clinic.rows(30)
    values = [MARK] * 30 if pa.types.is_dictionary(kind) or pa.types.is_binary(kind) else [None] * 30
    column = pa.array(values, pa.string()).cast(kind) if values[0] else pa.nulls(30, kind)
    if name in table.column_names:
        table = table.set_column(table.column_names.index(name), name, column)
    else:
        table = table.append_column(MARK, column)
    clinic.land(as_parquet(table, random.Random(1))[1], "odd.parquet")
    clinic.land(clinic.rows(60), "good.parquet")

    clinic.check()

    found = Outputs(clinic, caplog).texts()
    assert {place: _around(text) for place, text in found.items() if MARK in text} == {}


@pytest.mark.parametrize(
    "content",
    [
        f'{{"drift_id": "x", "outcome": "{MARK}", "model": "m", "at": "t"}}',
        f'{{"drift_id": "x", "outcome": "promoted", "model": "m", "at": "t", "gate": "{MARK}"}}',
        f'{{"drift_id": 5, "{MARK}": "{MARK}"}}',
        f'"{MARK}"',
        f"{MARK}",
        f'{{"outcome": "{MARK}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("place", ["outcome", "pointer", "metrics"])
def test_damaged_files_of_ours_are_not_quoted_either(
    clinic: Any, place: str, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "driftloop")
    clinic.configure(labels_required=5)
    clinic.deploy()
    clinic.land(clinic.rows(100, shift=2.0))
    clinic.check()
    drift = clinic.drift()
    path = {
        "outcome": ("outcomes", f"{drift.drift_id}.json"),
        "pointer": ("baselines", f"{clinic.name}/in-service.json"),
        "metrics": ("baselines", f"{clinic.name}/1.metrics.json"),
    }[place]
    clinic.storage.container(path[0]).upload_blob(path[1], content.encode(), overwrite=True)
    clinic.land(pa.table({"id": ["a"], "progression": [1.0]}), "a.csv", kind="labels")
    outputs = Outputs(clinic, caplog)
    from types import SimpleNamespace

    runtime: Any = SimpleNamespace(
        config=SimpleNamespace(model=lambda _: clinic.model, models=(clinic.model,)),
        ledger=clinic.ledger,
        storage=clinic.storage,
        check=lambda _: clinic.task(),
        schedule=None,
        together=SimpleNamespace(opened=SimpleQueue()),
    )
    try:
        handle(runtime, msgspec.json.encode(Message(clinic.name)))
    except DriftloopError as error:
        outputs.raised.append(str(error))
    health = http_api.answer(
        http_api.health, lambda: runtime, func.HttpRequest("GET", "https://a/api/health", body=b"")
    )
    found = {**outputs.texts(), "health": health.get_body().decode()}

    assert {name: _around(text) for name, text in found.items() if MARK in text} == {}
    if place != "metrics" or "drift_id" not in content:  # what metrics of training do not hold is not read
        assert any(path[1] in text for text in found.values()), "the file is named"


def _around(text: str) -> str:
    place = text.casefold().index(MARK.casefold())
    return text[max(0, place - 200) : place + 60]
