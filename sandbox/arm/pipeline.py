"""Runs the steps of a pipeline job in the order of their dependencies, as many at once as the cluster has nodes."""

import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from sandbox.arm.faults import Faults
from sandbox.arm.graph import Literal, Step
from sandbox.arm.reuse import Memory, key, reuse
from sandbox.arm.runs import FINAL, Output, Run
from sandbox.arm.steps import StepFailedError, addresses, run_step
from sandbox.arm.storage import Location
from sandbox.arm.sweep import Sweep, best, play
from sandbox.arm.wire import ArmError, Json, now
from sandbox.arm.workshop import Workshop


class Pipeline:
    """One submitted job: `start()` returns at once, `join()` waits for the end."""

    def __init__(
        self, shop: Workshop, memory: Memory, faults: Faults, root: Run, steps: Mapping[str, Step], nodes: int
    ) -> None:
        self._shop = shop
        self._memory = memory
        self._faults = faults
        self._root = root
        self._steps = steps
        self._nodes = nodes
        self._children = {name: self._child(step) for name, step in steps.items()}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"pipeline-{root.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop what runs and start nothing more."""
        self._root.cancelled.set()
        for child in self._children.values():
            child.cancelled.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the last step has ended."""
        self._thread.join(timeout)

    def _child(self, step: Step) -> Run:
        name = str(uuid.uuid4())
        container = self._shop.storage.datastores["workspaceblobstore"]
        run = Run(
            name=name,
            properties={"displayName": step.name, "properties": {"azureml.moduleName": step.component.get("name", "")}},
            folder=self._shop.folder / "runs" / name,
            parent=self._root,
            node=step.name,
        )
        for output, bound in step.outputs.items():
            spec: Json = step.component["outputs"][output] or {}
            described: Json = (self._root.properties.get("outputs") or {}).get(bound) or {}
            place = Location(container, f"azureml/{name}/{output}")
            if described.get("uri"):
                place = self._shop.references.locate(str(described["uri"]).replace("${{name}}", self._root.name))
            run.outputs[output] = Output(place, str(spec.get("type", "uri_folder")))
        self._bind(step, run)
        self._shop.runs.add(run)
        return run

    def _run(self) -> None:
        self._root.begin()
        self._log(f"Starting pipeline {self._root.name}: {len(self._steps)} steps.")
        try:
            with ThreadPoolExecutor(max_workers=max(1, self._nodes), thread_name_prefix="step") as pool:
                self._schedule(pool.submit)
            self._conclude()
        except Exception as error:  # noqa: BLE001 - a job that never ends keeps its client waiting for ever
            self._log(traceback.format_exc())
            for run in self._children.values():
                run.finish("Canceled")
            self._root.finish("Failed", {"code": "ServiceError", "message": f"{type(error).__name__}: {error}"})

    def _schedule(self, submit: "Callable[..., Future[None]]") -> None:
        waiting = dict(self._steps)
        active: dict[Future[None], str] = {}
        done: set[str] = set()
        while waiting or active:
            if self._root.cancelled.is_set() or self._failed():
                waiting.clear()
            for name in [name for name, step in waiting.items() if step.needs <= done]:
                active[submit(self._step, waiting.pop(name))] = name
            if not active:
                return
            for future in wait(active, return_when=FIRST_COMPLETED).done:
                future.result()
                done.add(active.pop(future))

    def _step(self, step: Step) -> None:
        run = self._children[step.name]
        if run.cancelled.is_set():
            return
        run.begin()
        self._log(f"Submitting step {step.name}: {run.name}")
        planned = self._faults.take("step", step.name)
        try:
            depends = None if planned else key(step, addresses(self._shop, step, run))
            original = None if self._forced() else self._memory.find(depends)
            if original is not None:
                reuse(run, original)
                self._bind(step, run)
            elif step.sweep is not None and planned is None:
                self._sweep(step, step.sweep, run)
            else:
                run_step(self._shop, step, run, planned)
        except StepFailedError as error:
            run.finish("Failed", error.error)
        except ArmError as error:
            run.finish("Failed", {"code": error.code, "message": error.message})
        else:
            run.finish("Canceled" if run.cancelled.is_set() else "Completed")
            if run.status == "Completed":
                self._memory.keep(depends, run.reused or run)
        self._log(f"Step {step.name} ({run.name}): {run.status}{' (reused)' if run.reused else ''}")

    def _sweep(self, step: Step, sweep: Sweep, run: Run) -> None:
        """Play a sweep's trials; the node's outputs are then those of the best. Raises StepFailedError, ArmError."""
        run.log.parent.mkdir(parents=True, exist_ok=True)

        def trial(number: int, value: str) -> Run:
            played = self._trial(step, sweep, run, number, value)
            with self._lock, run.log.open("a", encoding="utf-8") as stream:
                why = "" if played.error is None else f": {str(played.error['message']).splitlines()[-1]}"
                stream.write(f"[{now()}] trial {number} ({sweep.name} {value}): {played.status}{why}\n")
            return played

        trials = play(sweep, self._nodes, trial)
        if run.cancelled.is_set():
            return
        chosen = best(sweep, [_last(each, sweep.metric) for each in trials])
        run.outputs.update(trials[chosen].outputs)
        self._bind(step, run)

    def _trial(self, step: Step, sweep: Sweep, node: Run, number: int, value: str) -> Run:
        """One trial as a run below the node. One that fails has no metric, and the others go on, as in Azure ML."""
        name = f"{node.name}_{number}"
        run = Run(name, dict(node.properties), self._shop.folder / "runs" / name, node, f"{step.name}_{number}")
        for output, place in node.outputs.items():
            at = Location(place.place.container, f"azureml/{name}/{output}")
            run.outputs[output] = Output(at, place.kind)
        run.cancelled = node.cancelled
        self._shop.runs.add(run)
        run.begin()
        try:
            inputs = {**step.inputs, sweep.name: Literal(value)}
            run_step(self._shop, replace(step, inputs=inputs, sweep=None), run, tracked=True)  # or no trial could win
        except StepFailedError as error:
            run.finish("Failed", error.error)
        else:
            run.finish("Canceled" if run.cancelled.is_set() else "Completed")
        return run

    def _forced(self) -> bool:
        return bool((self._root.properties.get("settings") or {}).get("force_rerun"))

    def _bind(self, step: Step, run: Run) -> None:
        """The pipeline's own outputs are those of the steps that they are bound to."""
        for output, bound in step.outputs.items():
            if bound:
                self._root.outputs[bound] = run.outputs[output]

    def _failed(self) -> list[str]:
        return [name for name, run in self._children.items() if run.status == "Failed"]

    def _conclude(self) -> None:
        for run in self._children.values():
            if run.status not in FINAL:
                run.finish("Canceled")
        failed = self._failed()
        if self._root.cancelled.is_set():
            self._root.finish("Canceled")
        elif failed:
            nodes = ", ".join(f"/{name}" for name in failed)
            message = (
                f"Pipeline has failed child jobs. Failed nodes: {nodes}. For more details and logs, please go to the "
                "job detail page and check the child jobs."
            )
            self._root.finish("Failed", {"code": "UserError", "message": message})
        else:
            self._root.finish("Completed")
        self._log(f"Pipeline {self._root.name}: {self._root.status}")

    def _log(self, line: str) -> None:
        self._root.log.parent.mkdir(parents=True, exist_ok=True)
        with self._root.log.open("a", encoding="utf-8") as stream:
            stream.write(f"[{now()}] {line}\n")


def _last(run: Run, metric: str) -> float | None:
    """The last value of a metric that a trial logged; None where it failed, or logged none."""
    values = [each["value"] for each in run.metrics if each.get("key") == metric]
    return float(values[-1]) if values and run.status == "Completed" else None
