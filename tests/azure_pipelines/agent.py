"""An Azure Pipelines agent: the scripts of an expanded pipeline, run as processes, stage after stage."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.github.expressions import evaluate, truthy
from sandbox.github.snapshot import LOCKED_PYTHONS
from tests.azure_pipelines.templates import COMPILE_TIME

_COMMAND = re.compile(r"^##vso\[([\w.]+)\s*([^\]]*)\](.*)$")
_MACRO = re.compile(r"\$\(([\w.]+)\)")
_RUNTIME = re.compile(r"^\$\[(.*)\]$", re.DOTALL)
STEP_SECONDS = 1800


@dataclass
class StepResult:
    """One step: its name, result in Azure's words, and what it printed."""

    name: str
    result: str
    log: str


@dataclass
class StageResult:
    """One stage; `outputs` by "job.step.variable", as `dependencies.<stage>.outputs` names them."""

    name: str
    result: str = "Skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[StepResult] = field(default_factory=list)


@dataclass
class PipelineRun:
    """How a run went: `result` is succeeded or failed."""

    stages: list[StageResult] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    @property
    def result(self) -> str:
        """Azure's word for the whole."""
        return "failed" if any(stage.result == "Failed" for stage in self.stages) else "succeeded"


class Agent:
    """Runs pipelines in one folder.

    `variables` are those of all variable groups; `connections` the identities of service connections by their names.
    Not played: pools, containers, artifacts, demands, approvals (every environment approves at once), parallel jobs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str],
        variables: Mapping[str, str],
        connections: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._folder, self._environment, self._variables, self._connections = (
            folder,
            environment,
            variables,
            connections,
        )

    def run(self, pipeline: Mapping[str, Any], build: Mapping[str, str]) -> PipelineRun:
        """Run all stages whose conditions hold. `build` are the predefined variables (Build.BuildId and others)."""
        run = PipelineRun()
        groups = {entry["group"] for entry in pipeline.get("variables", []) if "group" in entry}
        plain = {e["name"]: str(e["value"]) for e in pipeline.get("variables", []) if "name" in e}
        variables = {**build, **plain, **(self._variables if groups else {})}
        for stage in pipeline["stages"]:
            result = StageResult(stage["stage"])
            run.stages.append(result)
            needed = _names(stage.get("dependsOn", [earlier.name for earlier in run.stages[-2:-1]]))
            if self._holds(stage.get("condition"), run, needed):
                result.result = "Succeeded"
                for job in stage["jobs"]:
                    self._job(job, result, run, variables)
        return run

    def _job(self, job: Mapping[str, Any], stage: StageResult, run: PipelineRun, variables: Mapping[str, str]) -> None:
        own = {entry["name"]: self._runtime(str(entry["value"]), run) for entry in job.get("variables", [])}
        known = {**variables, **own}
        name, steps = str(job.get("job") or job["deployment"]), job.get("steps")
        if steps is None:
            steps = job["strategy"]["runOnce"]["deploy"]["steps"]
        for step in steps:
            if stage.result == "Failed" and not truthy(step.get("condition") == "always()"):
                continue
            done = self._step(step, known, run)
            if done is None:
                continue
            stage.steps.append(done)
            if done.result == "failed":
                stage.result = "Failed"
            stage.outputs |= {
                f"{name}.{done.name}.{key}": value for key, value in self._commands(done.log, run).items()
            }

    def _step(self, step: Mapping[str, Any], variables: Mapping[str, str], run: PipelineRun) -> StepResult | None:
        del run
        environment = self._step_environment(step, variables)
        task, inputs = str(step.get("task", "")), step.get("inputs", {})
        name = str(step.get("name") or step.get("displayName") or task or "bash")
        if "checkout" in step:
            return None
        if task.startswith("UsePythonVersion@"):
            wanted, found = str(inputs["versionSpec"]), ".".join(map(str, sys.version_info[:2]))
            # As for GitHub's runs in the sandbox: one lock serves both, so either may stand in for the other.
            fits = wanted == found or {wanted, found} <= set(LOCKED_PYTHONS)
            return StepResult(name, "succeeded" if fits else "failed", f"Python {found}, asked for {wanted}")
        if task.startswith("AzureCLI@"):
            connection = self._connections.get(inputs["azureSubscription"])
            if connection is None:
                log = f"The service connection {inputs['azureSubscription']} could not be found or is not authorized."
                return StepResult(name, "failed", log)
            environment |= {f"AZURESUBSCRIPTION_{key}": value for key, value in connection.items()}
            if inputs.get("addSpnToEnvironment"):
                environment["servicePrincipalId"] = connection.get("CLIENT_ID", "")
                environment["tenantId"] = connection.get("TENANT_ID", "")
            script = str(inputs["inlineScript"])
        elif "bash" in step:
            script = str(step["bash"])
        else:
            return StepResult(name, "failed", f"the step {step} is not played here")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", self._macros(script, variables)],
            cwd=self._folder,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
        )
        return StepResult(name, "succeeded" if done.returncode == 0 else "failed", done.stdout)

    def _step_environment(self, step: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
        """The agent's own, every variable that is no secret, then the step's."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        public = {name: value for name, value in variables.items() if name != "System.AccessToken"}
        return {
            "PATH": path,
            "HOME": str(self._folder),
            "TF_BUILD": "True",
            "AGENT_TEMPDIRECTORY": str(self._folder),
            **self._environment,
            **{name.upper().replace(".", "_"): value for name, value in public.items()},
            **{name: self._macros(str(value), variables) for name, value in step.get("env", {}).items()},
        }

    def _macros(self, text: str, variables: Mapping[str, str]) -> str:
        return _MACRO.sub(lambda found: variables.get(found.group(1), found.group(0)), text)

    def _commands(self, log: str, run: PipelineRun) -> dict[str, str]:
        outputs: dict[str, str] = {}
        for line in log.splitlines():
            if not (found := _COMMAND.match(line)):
                continue
            command, text, value = found.groups()
            properties = dict(pair.partition("=")[::2] for pair in text.split(";") if pair)
            if command == "task.setvariable" and properties.get("isOutput", "").lower() == "true":
                outputs[properties["variable"]] = value
            elif command == "task.logissue":
                run.issues.append(f"{properties.get('type')}: {value}")
            elif command == "task.uploadsummary":
                run.summaries.append(Path(value).read_text(encoding="utf-8"))
            elif command == "build.addbuildtag":
                run.tags.append(value)
        return outputs

    def _runtime(self, value: str, run: PipelineRun) -> str:
        found = _RUNTIME.match(value.strip())
        if not found:
            return value
        stages: dict[str, dict[str, Any]] = {}
        for stage in run.stages:
            for key, output in stage.outputs.items():
                job, _, rest = key.partition(".")
                stages.setdefault(stage.name, {}).setdefault(job, {"outputs": {}})["outputs"][rest] = output
        return str(evaluate(found.group(1), {"stagedependencies": stages}, COMPILE_TIME) or "")

    def _holds(self, condition: str | None, run: PipelineRun, needed: list[str]) -> bool:
        before = [stage for stage in run.stages if stage.name in needed]
        words = {
            "always": lambda: True,
            "canceled": lambda: False,
            "failed": lambda: any(stage.result == "Failed" for stage in before),
            "succeeded": lambda *_: all(stage.result == "Succeeded" for stage in before),
        }
        dependencies = {stage.name: {"result": stage.result, "outputs": stage.outputs} for stage in before}
        return truthy(evaluate(condition or "succeeded()", {"dependencies": dependencies}, {**COMPILE_TIME, **words}))


def _names(value: Any) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]
