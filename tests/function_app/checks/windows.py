"""A window that was compared, as plain values: what the tests of rows and of results begin with."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from driftloop import Column, Evidence, Schema
from driftloop.config.models import Model
from driftloop.events import InService
from driftloop.ledger.model_state import ModelState
from function_app.checks.comparing import Compared
from function_app.incoming.sources import File
from function_app.incoming.window_reading import Reading

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
POINTER = InService("m", "3", "b" * 64)
MODEL = Model(name="m", records="incoming/m/records/**")
SCHEMA = Schema(columns=(Column(name="bmi"),))
STATE = ModelState(model="m", watched_since=NOW, etag="1")
A, B, C, D = (File("incoming", name, "e", NOW - timedelta(minutes=minutes), 1) for minutes, name in enumerate("abcd"))


def compared(verdict: Any = "stable", **changes: Any) -> Compared:
    window: Any = SimpleNamespace(
        rows=60, sha256="w" * 64, first_time="2026-11-22T00:00:00Z", last_time="2026-11-22T12:00:00Z"
    )
    reading = Reading(read=[A, B], contents={"digest-a": A, "digest-b": B, "older": None})
    evidence = Evidence(
        checks=4, alarm=verdict == "drift", since="2026-11-20T00:00:00Z" if verdict == "drift" else None
    )
    result: Any = SimpleNamespace(
        estimated=None,
        segments=None,
        evidence=evidence,
        reasons=("why",),
        to_dict=lambda: {"p_value": 0.5, "alpha": 0.05, "features": []},
    )
    given = {"reasons": ("why",), "window": window, "reading": reading, "guilty": {}, "result": result}
    return Compared(verdict, **{**given, **changes})
