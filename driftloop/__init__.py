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
    from driftloop.config.policy import Policy
    from driftloop.data.readers import read_batches
    from driftloop.data.schema import Column, Schema
    from driftloop.profile.profile import Profile
    from driftloop.profile.window import Baseline, Window
    from driftloop.sequential.evidence import Evidence
    from driftloop.verdict import Check, FeatureRow, Verdict, check

_HOME = {
    "Baseline": "profile.window",
    "Check": "verdict",
    "Column": "data.schema",
    "Evidence": "sequential.evidence",
    "FeatureRow": "verdict",
    "Policy": "config.policy",
    "Profile": "profile.profile",
    "Schema": "data.schema",
    "Verdict": "verdict",
    "Window": "profile.window",
    "check": "verdict",
    "read_batches": "data.readers",
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
