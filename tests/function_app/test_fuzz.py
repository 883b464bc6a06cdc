"""Hostile input: no crash, no answer without a problem body, nothing dispatched. 2,000 times, or 10,000 with
DRIFTLOOP_CAMPAIGN=1.
"""

import io
import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from azure.functions import meta
from azure.functions.eventgrid import EventGridEventInConverter

from driftloop import Column, Schema, Window
from driftloop.config.models import Config, Model
from driftloop.data.reading import Reading
from driftloop.errors import InputError
from driftloop.events import InService
from function_app.event_grid import new_data
from function_app.event_grid.new_data import BLOB_CREATED, data_landed
from function_app.event_grid.registered_models import REGISTERED, version_registered
from function_app.http import api as http_api
from function_app.incoming.decoding import by_schema
from function_app.incoming.sources import File
from tests.driftloop.sqlite_ledger import SqliteLedger

SHARE = 1.0 if "DRIFTLOOP_CAMPAIGN" in os.environ else 0.2
EVENTS, REQUESTS, FILES = int(5_000 * SHARE), int(3_000 * SHARE), int(2_000 * SHARE)
NASTY = [
    "",
    " ",
    "\0",
    "m",
    "M",
    "4",
    "4\n5",
    "../..",
    "${{ secrets.X }}",
    "$(id)",
    "`id`",
    "'; DROP TABLE checks;--",
    "٣",
    "\ud83d",
    "a" * 5000,
    "-1",
    "1e9",
    "NaN",
    "<script>",
    "%00",
]
SCHEMA = Schema(
    columns=(
        Column(name="id", kind="categorical", role="id"),
        Column(name="bmi"),
        Column(name="sex", kind="categorical"),
    )
)


def anything(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(10 if depth < 3 else 7)
    if kind < 4:
        return dice.choice(NASTY)
    if kind < 7:
        return dice.choice([None, True, -1, 0, 4, 2**70, 1.5, -0.0])
    if kind == 7:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {
        dice.choice([*NASTY, "ModelName", "modelName", "ModelVersion", "ModelTags"]): anything(dice, depth + 1)
        for _ in range(dice.randrange(4))
    }


def an_event(dice: random.Random) -> dict[str, Any]:
    """Near enough to a real one that most of it is looked at; but never one that should be acted on."""
    kind = dice.choice([REGISTERED, REGISTERED, BLOB_CREATED, anything(dice)])
    data = {
        "ModelName": dice.choice(["m", "m", anything(dice)]),
        "ModelVersion": dice.choice(["1", 2, anything(dice)]),
        "ModelTags": dice.choice([None, {}, anything(dice)]),
    }
    body = {"id": anything(dice), "subject": anything(dice), "data": dice.choice([data, data, anything(dice)])}
    if dice.random() < 0.5:
        return {
            **body,
            "eventType": kind,
            "topic": anything(dice),
            "eventTime": "2026-11-23T06:00:00Z",
            "dataVersion": "1",
        }
    return {
        **body,
        "type": kind,
        "specversion": "1.0",
        "source": "/s",
        "time": "2026-11-23T06:00:00Z",
        "x-" + dice.choice(NASTY): anything(dice),
    }


class NothingGoesOut:
    """A runtime whose target and queue must not be used."""

    schedule = "0 0 6 * * *"

    def __init__(self, path: Any) -> None:
        self.config = Config((Model(name="m", records="incoming/m/records/**"),))
        self.ledger = SqliteLedger(path / "ledger.db", durable=False)

    def dispatcher(self, _: Model) -> Any:
        raise AssertionError("a fuzzed event was dispatched")

    def check(self, _: Model) -> Any:
        # Version 10**80 is in service, so that no version in the fuzz is newer; words are.
        return SimpleNamespace(blobs=SimpleNamespace(in_service=lambda: InService("m", "9" * 80, "b" * 64)))


@pytest.fixture
def runtime(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> NothingGoesOut:
    def ask(*_: object) -> None:
        raise AssertionError("a fuzzed event asked for a check")

    monkeypatch.setattr(new_data, "ask_once", ask)
    monkeypatch.setattr(http_api, "ask_once", lambda *_: True)
    return NothingGoesOut(tmp_path)


def test_event_grid_bodies(runtime: Any) -> None:
    dice = random.Random(1)
    handlers: list[Callable[[Any, Any], Any]] = [version_registered, data_landed]
    for _ in range(EVENTS):
        body = an_event(dice)
        if isinstance(body["data"], dict) and not str(body["data"].get("ModelVersion", "")).isdecimal():
            body["data"]["ModelName"] = "stranger"  # a version that is a word would rightly be deployed
        event = EventGridEventInConverter.decode(meta.Datum(json.dumps(body), "json"), trigger_metadata=None)
        assert not dice.choice(handlers)(runtime, event)


def test_http_requests(runtime: Any) -> None:
    dice = random.Random(2)
    for _ in range(REQUESTS):
        name = dice.choice(["start_check", "list_checks", "get_check", "health"])
        body = dice.choice(
            [
                json.dumps(anything(dice)).encode(),
                dice.randbytes(dice.randrange(60)),
                json.dumps({"model": anything(dice)}).encode(),
            ]
        )
        params = {
            str(dice.choice([*NASTY, "limit", "model"])): str(dice.choice(NASTY)) for _ in range(dice.randrange(3))
        }
        request = func.HttpRequest(
            "POST", "https://a/api", params=params, route_params={"check_id": dice.choice(NASTY)}, body=body
        )
        answer = http_api.answer(getattr(http_api, name), lambda: runtime, request)
        decoded = json.loads(answer.get_body())
        assert answer.status_code in (200, 202, 400, 404, 413, 503), (name, params, body)
        if answer.status_code >= 400 and name != "health":
            assert answer.mimetype == "application/problem+json"
            assert decoded["status"] == answer.status_code


def originals() -> list[tuple[str, bytes]]:
    table = pa.table({"id": [f"r{n}" for n in range(40)], "bmi": [20.5 + n for n in range(40)], "sex": ["1", "2"] * 20})
    parquet, csv = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    pyarrow.csv.write_csv(table, csv)
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in table.to_pylist())
    return [
        ("a.parquet", parquet.getvalue()),
        ("a.csv", csv.getvalue()),
        ("a.jsonl", lines),
        ("a.csv.gz", b"\x1f\x8b\x08" + csv.getvalue()),
    ]


def damaged(dice: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(dice.randrange(1, 6)):
        place = dice.randrange(len(found) + 1)
        match dice.randrange(5):
            case 0 if found:
                found[place % len(found)] = dice.randrange(256)
            case 1:
                found[place:place] = dice.randbytes(dice.randrange(1, 20))
            case 2:
                del found[place : place + dice.randrange(1, 50)]
            case 3:
                del found[place:]
            case _:
                found[place:place] = dice.choice(NASTY).encode("utf-8", "surrogatepass")[:100]
    return bytes(found)


def rows_of(content: bytes, name: str) -> Iterator[pa.RecordBatch]:
    return by_schema(SCHEMA, Reading())(
        io.BytesIO(content), File("incoming", name, "1", datetime.now(UTC), len(content))
    )


def test_data_files() -> None:
    dice = random.Random(3)
    read = refused = 0
    for number in range(FILES):
        name, content = dice.choice(originals())
        try:
            rows = Window.build(rows_of(damaged(dice, content), name), SCHEMA).rows
        except InputError as error:
            refused += 1 if "\n" not in str(error) else -FILES
        else:
            assert rows >= 0, number
            read += 1

    assert read > 20, "the fuzz must get past the first byte"
    assert refused > 20
