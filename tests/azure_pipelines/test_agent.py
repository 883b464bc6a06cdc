from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from tests.azure_pipelines import Agent, PipelineRun

CONNECTION = {"CLIENT_ID": "client", "TENANT_ID": "tenant"}


def run(folder: Path, text: str, **build: str) -> PipelineRun:
    agent = Agent(
        folder,
        environment={"HOST": "loopback"},
        variables={"SECRET_FREE": "from the group", "OVERRIDDEN": "group"},
        connections={"azure": CONNECTION},
    )
    pipeline: dict[str, Any] = yaml.safe_load(dedent(text))
    return agent.run(pipeline, {"Build.BuildId": "7", "System.AccessToken": "hidden", **build})


def test_variables_reach_steps_in_capitals_and_the_agents_token_only_where_it_is_asked_for(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        variables: [{name: OVERRIDDEN, value: file}, {name: plain, value: text}, {group: driftloop}]
        stages:
          - stage: one
            jobs:
              - job: a
                steps:
                  - bash: |
                      echo "$HOST|$PLAIN|$SECRET_FREE|$OVERRIDDEN"
                      echo "$BUILD_BUILDID|$(Build.BuildId)|${SYSTEM_ACCESSTOKEN:-none}"
                  - bash: echo "$SYSTEM_ACCESSTOKEN|$LEFT"
                    env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken), LEFT: $(unknown.variable)}
        """,
    )
    first, second = result.stages[0].steps
    assert first.log == "loopback|text|from the group|group\n7|7|none\n"
    assert second.log == "hidden|$(unknown.variable)\n"


def test_outputs_travel_between_stages_and_conditions_read_them(tmp_path: Path) -> None:
    text = """
        stages:
          - stage: first
            jobs:
              - job: a
                steps:
                  - bash: |
                      echo "##vso[task.setvariable variable=go;isOutput=true]{go}"
                      echo "##vso[task.setvariable variable=inner]not an output"
                    name: say
          - stage: second
            dependsOn: [first]
            condition: and(succeeded(), eq(dependencies.first.outputs['a.say.go'], 'yes'))
            jobs:
              - job: b
                variables: [{{name: GO, value: "$[ stageDependencies.first.a.outputs['say.go'] ]"}}]
                steps: [{{bash: echo "heard $GO"}}]
    """
    went = run(tmp_path, text.format(go="yes"))
    assert [stage.result for stage in went.stages] == ["Succeeded", "Succeeded"]
    assert went.stages[0].outputs == {"a.say.go": "yes"}
    assert went.stages[1].steps[0].log == "heard yes\n"
    stayed = run(tmp_path, text.format(go="no"))
    assert [stage.result for stage in stayed.stages] == ["Succeeded", "Skipped"]


def test_a_failed_step_ends_its_job_and_the_stages_after_it(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        stages:
          - stage: one
            jobs:
              - job: a
                steps:
                  - bash: echo "##vso[task.logissue type=error]no data"; exit 3
                  - bash: echo never
                  - bash: echo tidy
                    condition: always()
          - stage: two
            jobs: [{job: b, steps: [{bash: echo never}]}]
          - stage: three
            condition: failed()
            dependsOn: [one]
            jobs: [{job: c, steps: [{bash: echo alarm}]}]
        """,
    )
    assert result.result == "failed"
    assert [(stage.name, stage.result) for stage in result.stages] == [
        ("one", "Failed"),
        ("two", "Skipped"),
        ("three", "Succeeded"),
    ]
    assert [step.result for step in result.stages[0].steps] == ["failed", "succeeded"]
    assert result.issues == ["error: no data"]


def test_a_task_has_its_connections_identity_or_fails(tmp_path: Path) -> None:
    text = """
        stages:
          - stage: one
            jobs:
              - job: a
                steps:
                  - task: {task}
                    inputs:
                      azureSubscription: {name}
                      addSpnToEnvironment: true
                      inlineScript: echo "$servicePrincipalId $AZURESUBSCRIPTION_TENANT_ID"
    """
    (step,) = run(tmp_path, text.format(task="AzureCLI@2", name="azure")).stages[0].steps
    assert (step.result, step.log) == ("succeeded", "client tenant\n")
    (step,) = run(tmp_path, text.format(task="AzureCLI@2", name="unknown")).stages[0].steps
    assert (step.result, "not authorized" in step.log) == ("failed", True)
    (step,) = run(tmp_path, text.format(task="Other@1", name="azure")).stages[0].steps
    assert (step.result, "not played" in step.log) == ("failed", True)
