"""Driftloop's engine: has the data moved, and should the model be trained anew?

    from driftloop import Baseline, Policy, Schema, Window, check, read_batches

    schema = Schema.load("schema.toml")
    baseline = Baseline.build(read_batches("reference.parquet", schema), schema)
    window = Window.build(read_batches("current.csv", schema), schema)
    print(check(baseline, window, Policy()).verdict)

Names are imported when they are first used, so that a cold start pays for what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftloop.evidence import Evidence
    from driftloop.policy import Policy
    from driftloop.profile import Profile
    from driftloop.reading import read_batches
    from driftloop.schema import Column, Schema
    from driftloop.verdict import Check, FeatureRow, Verdict, check
    from driftloop.window import Baseline, Window

_HOME = {
    "Baseline": "window",
    "Check": "verdict",
    "Column": "schema",
    "Evidence": "evidence",
    "FeatureRow": "verdict",
    "Policy": "policy",
    "Profile": "profile",
    "Schema": "schema",
    "Verdict": "verdict",
    "Window": "window",
    "check": "verdict",
    "read_batches": "reading",
}

__all__ = [
    "Baseline",
    "Check",
    "Column",
    "Evidence",
    "FeatureRow",
    "Policy",
    "Profile",
    "Schema",
    "Verdict",
    "Window",
    "check",
    "read_batches",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'driftloop' has no attribute {name!r}")
    value = getattr(import_module(f"driftloop.{_HOME[name]}"), name)
    globals()[name] = value
    return value
