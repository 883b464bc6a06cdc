"""Step reuse: a deterministic step whose component, inputs and variables have been seen before gives what it gave then.

As in Azure ML, data is compared by where it lies and not by what is in it. New files under the same URL do not make a
step
run again. A pipeline that reads a growing folder must say so, by an input that changes with it or by `force_rerun`.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from sandbox.arm.graph import Step
from sandbox.arm.runs import Run


@dataclass
class Memory:
    """The runs that may be reused."""

    _runs: dict[str, Run] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str | None) -> Run | None:
        """The run that had this key, if any."""
        with self._lock:
            return self._runs.get(key) if key else None

    def keep(self, key: str | None, run: Run) -> None:
        """Remember a run that succeeded."""
        if key:
            with self._lock:
                self._runs[key] = run


def key(step: Step, values: Mapping[str, str]) -> str | None:
    """What the step depends on, as a hash; `values` are its inputs, data by its address. None for one that is not
    deterministic.
    """
    if not step.component.get("is_deterministic", True):
        return None
    spec = {
        name: value for name, value in step.component.items() if name not in ("display_name", "description", "tags")
    }
    depends: dict[str, object] = {"component": spec, "inputs": dict(values), "environment": dict(step.environment)}
    if step.sweep is not None:
        depends["sweep"] = asdict(step.sweep)
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


def reuse(run: Run, original: Run) -> None:
    """Let `run` stand for `original`: the same outputs, the same log, and the properties by which the SDK sees it."""
    run.outputs.update(original.outputs)
    run.reused = original
    extra = {
        "azureml.isreused": "true",
        "azureml.reusedrunid": original.name,
        "azureml.reusedpipelinerunid": original.root.name,
    }
    run.properties = {**run.properties, "properties": {**(run.properties.get("properties") or {}), **extra}}
