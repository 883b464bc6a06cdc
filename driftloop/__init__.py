"""Driftloop's engine: has the data moved, and should the model be trained again?

>>> import driftloop, pyarrow as pa
>>> reference = pa.table({"size": [float(n % 17) for n in range(200)]})
>>> current = pa.table({"size": [float(n % 17) for n in range(100)]})
>>> driftloop.check(reference, current).verdict
<Verdict.STABLE: 'stable'>

`check` takes pandas, polars and pyarrow tables, paths, and saved baselines; `Monitor` keeps evidence over windows;
docs/python.md shows the rest. Names are imported when they are first used, so that a cold start pays for what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftloop.check_sources import check
    from driftloop.config.policy import Policy
    from driftloop.data.readers import read_batches
    from driftloop.data.schema import Column, Schema
    from driftloop.errors import (
        BaselineError,
        ConfigError,
        DispatchError,
        DriftError,
        DriftloopError,
        InputError,
        LedgerError,
        SchemaError,
    )
    from driftloop.monitor.history import History, HistoryRow
    from driftloop.monitor.monitor import Monitor
    from driftloop.profile.profile import Profile
    from driftloop.profile.window import Baseline, Window
    from driftloop.sequential.evidence import Evidence
    from driftloop.verdict import Check, FeatureRow, Verdict

__version__ = "0.1.0"

__all__ = [
    "Baseline",
    "BaselineError",
    "Check",
    "Column",
    "ConfigError",
    "DispatchError",
    "DriftError",
    "DriftloopError",
    "Evidence",
    "FeatureRow",
    "History",
    "HistoryRow",
    "InputError",
    "LedgerError",
    "Monitor",
    "Policy",
    "Profile",
    "Schema",
    "SchemaError",
    "Verdict",
    "Window",
    "__version__",
    "check",
    "read_batches",
]

_HOME = {
    "Baseline": "profile.window",
    "Check": "verdict",
    "Column": "data.schema",
    "Evidence": "sequential.evidence",
    "FeatureRow": "verdict",
    "History": "monitor.history",
    "HistoryRow": "monitor.history",
    "Monitor": "monitor.monitor",
    "Policy": "config.policy",
    "Profile": "profile.profile",
    "Schema": "data.schema",
    "Verdict": "verdict",
    "Window": "profile.window",
    "check": "check_sources",
    "read_batches": "data.readers",
}
"""Where a name comes from; those that are not here are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'driftloop' has no attribute {name!r}")
    value = getattr(import_module(f"driftloop.{_HOME.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names alone: what a shell offers to complete."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
