"""Pipeline jobs, submitted with the real SDK, really run."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import Input, MLClient, dsl
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

from sandbox.arm import AzureStandIn
from sandbox.waiting import wait_until
from tests.sandbox.arm.pipelines import component, make_cluster, submit

WRITE = (
    "python -c \"import sys; open(sys.argv[1] + '/x.txt', 'w').write(sys.argv[2])\" ${{outputs.out}} '${{inputs.text}}'"
)
SHOUT = "tr a-z A-Z < ${{inputs.data}}/x.txt | tee ${{outputs.out}}/x.txt"


def state(client: MLClient, name: str) -> str:
    """The SDK gives an enumeration for a job and text for a child."""
    status = client.jobs.get(name).status
    return str(getattr(status, "value", status))


def wait(client: MLClient, name: str) -> str:
    """The status at the end; asked for every 50 ms, because `jobs.stream` waits two seconds."""
    wait_until(lambda: state(client, name) in ("Completed", "Failed", "Canceled"), f"the end of {name}", pause=0.05)
    return state(client, name)


def two_steps(tmp_path: Path, code: Path, first: str = WRITE, second: str = SHOUT) -> object:
    write = component(tmp_path, code, first, inputs={"text": "string"}, outputs={"out": "uri_folder"})
    shout = component(tmp_path, code, second, inputs={"data": "uri_folder"}, outputs={"out": "uri_folder"})

    @dsl.pipeline(name="two-steps")
    def pipeline(text: str) -> dict[str, object]:
        written = write(text=text)
        shouted = shout(data=written.outputs.out)
        return {"loud": shouted.outputs.out}

    return pipeline(text="good day")


def test_steps_run_in_order_and_hand_over_their_outputs(client: MLClient, tmp_path: Path, code: Path) -> None:
    (code / "unused.py").touch()
    name = submit(client, two_steps(tmp_path, code), tags={"drift_id": "drift-1"})
    client.jobs.stream(name)
    job = client.jobs.get(name)
    assert (state(client, name), job.tags, job.type) == ("Completed", {"drift_id": "drift-1"}, "pipeline")
    client.jobs.download(name, output_name="loud", download_path=tmp_path / "got")
    assert (tmp_path / "got/named-outputs/loud/x.txt").read_text() == "GOOD DAY"


def test_children_have_names_states_and_logs_of_their_own(client: MLClient, tmp_path: Path, code: Path) -> None:
    (code / "unused.py").touch()
    name = submit(client, two_steps(tmp_path, code))
    assert wait(client, name) == "Completed"
    children = {child.display_name: child for child in client.jobs.list(parent_job_name=name)}
    assert {step: child.status for step, child in children.items()} == {"written": "Completed", "shouted": "Completed"}
    client.jobs.download(children["shouted"].name, download_path=tmp_path / "logs")
    assert (tmp_path / "logs/artifacts/user_logs/std_log.txt").read_text() == "GOOD DAY"


def test_a_failing_step_fails_the_job_and_says_what_it_printed_last(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    (code / "unused.py").touch()
    broken = "echo the reason >&2; exit 3; : ${{inputs.text}} ${{outputs.out}}"
    name = submit(client, two_steps(tmp_path, code, first=broken))
    assert wait(client, name) == "Failed"
    row = next(job for job in azure.jobs() if job["name"] == name)
    assert [(step["name"], step["status"]) for step in row["steps"]] == [("written", "Failed"), ("shouted", "Canceled")]
    assert "/written" in row["error"]["message"]
    run = next(child for child in client.jobs.list(parent_job_name=name) if child.display_name == "written")
    details = client.jobs._runs_operations.get_run_details(run.name)
    assert "status code 3" in details.error.error.message
    assert "the reason" in details.error.error.message
    assert list(details.log_files) == ["user_logs/std_log.txt"]


def test_a_step_sees_azures_variables_and_none_of_ours(
    client: MLClient, tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFT_ID", "drift-1")
    (code / "show.py").write_text("import json, os; print(json.dumps(dict(os.environ)))")
    show = component(tmp_path, code, "python show.py > ${{outputs.out}}/env.json", outputs={"out": "uri_folder"})

    @dsl.pipeline(name="environment")
    def pipeline() -> dict[str, object]:
        shown = show()
        shown.environment_variables = {"MINE": "1"}
        return {"out": shown.outputs.out}

    name = submit(client, pipeline())
    assert wait(client, name) == "Completed"
    client.jobs.download(name, output_name="out", download_path=tmp_path)
    seen = json.loads((tmp_path / "named-outputs/out/env.json").read_text())
    assert seen["MINE"] == "1"
    assert seen["AZUREML_ROOT_RUN_ID"] == name
    assert seen["AZUREML_RUN_ID"] == next(iter(client.jobs.list(parent_job_name=name))).name
    scope = (seen["AZUREML_ARM_SUBSCRIPTION"], seen["AZUREML_ARM_RESOURCEGROUP"], seen["AZUREML_ARM_WORKSPACE_NAME"])
    assert scope == (client.subscription_id, client.resource_group_name, client.workspace_name)
    assert not {"DRIFT_ID", "AZURE_ML_WORKSPACE", "AZURE_SUBSCRIPTION_ID", "DRIFTLOOP_BLOB_URL"} & set(seen)


def test_a_step_on_a_cluster_without_identity_cannot_sign_in(client: MLClient, tmp_path: Path, code: Path) -> None:
    make_cluster(client, "nobody", None)
    (code / "unused.py").touch()
    look = component(tmp_path, code, 'test -z "$IDENTITY_ENDPOINT"')

    @dsl.pipeline(name="nobody")
    def pipeline() -> None:
        look()

    assert wait(client, submit(client, pipeline(), compute="nobody")) == "Completed"


def test_a_step_may_register_a_model_with_the_clusters_identity(client: MLClient, tmp_path: Path, code: Path) -> None:
    (code / "register.py").write_text(
        "import os\n"
        "from azure.ai.ml import MLClient\n"
        "from azure.ai.ml.entities import Model\n"
        "from azure.identity import DefaultAzureCredential\n"
        "names = ('SUBSCRIPTION', 'RESOURCEGROUP', 'WORKSPACE_NAME')\n"
        "client = MLClient(DefaultAzureCredential(), *(os.environ['AZUREML_ARM_' + name] for name in names))\n"
        "root = os.environ['AZUREML_ROOT_RUN_ID']\n"
        "client.models.create_or_update(Model(name='from-a-step', path=f'azureml://jobs/{root}/outputs/kept'))\n"
    )
    write = component(tmp_path, code, WRITE, inputs={"text": "string"}, outputs={"out": "uri_folder"})
    register = component(tmp_path, code, "python register.py ${{inputs.data}}", inputs={"data": "uri_folder"})

    @dsl.pipeline(name="registering")
    def pipeline() -> dict[str, object]:
        written = write(text="x")
        register(data=written.outputs.out)
        return {"kept": written.outputs.out}

    name = submit(client, pipeline())
    assert wait(client, name) == "Completed"
    model = client.models.get("from-a-step", label="latest")
    assert model.job_name == name
    client.models.download("from-a-step", str(model.version), download_path=tmp_path / "model")
    assert (tmp_path / "model/from-a-step/out/x.txt").read_text() == "x"


def test_inputs_come_from_storage_and_from_the_registry(client: MLClient, tmp_path: Path, code: Path) -> None:
    service = BlobServiceClient(os.environ["DRIFTLOOP_BLOB_URL"], DefaultAzureCredential())
    container = service.create_container("incoming")  # which infra/ lets the cluster read
    container.upload_blob("records/a/1.csv", b"1")
    container.upload_blob("records/2.csv", b"2")
    container.upload_blob("records-not/3.csv", b"3")
    (code / "unused.py").touch()
    look = component(
        tmp_path,
        code,
        "cd ${{inputs.folder}} && find . -type f | sort > ${{outputs.out}}/list; ls ${{inputs.missing}} | wc -l >> "
        "${{outputs.out}}/list; cat ${{inputs.file}} >> ${{outputs.out}}/list $[[; cat ${{inputs.absent}}/x]]",
        inputs={
            "folder": "uri_folder",
            "missing": "uri_folder",
            "file": "uri_file",
            "absent": {"type": "uri_folder", "optional": True},
        },
        outputs={"out": "uri_folder"},
    )

    @dsl.pipeline(name="inputs")
    def pipeline(folder: Input, missing: Input, file: Input) -> dict[str, object]:  # type: ignore[valid-type]
        return {"out": look(folder=folder, missing=missing, file=file).outputs.out}

    url = container.url
    name = submit(
        client,
        pipeline(
            folder=Input(type="uri_folder", path=f"{url}/records/"),
            missing=Input(type="uri_folder", path=f"{url}/no-such-folder/"),
            file=Input(type="uri_file", path=f"{url}/records/2.csv"),
        ),
    )
    assert wait(client, name) == "Completed"
    client.jobs.download(name, output_name="out", download_path=tmp_path)
    assert (tmp_path / "named-outputs/out/list").read_text().split() == ["./2.csv", "./a/1.csv", "0", "2"]


@pytest.mark.parametrize(
    ("container", "reason"), [("incoming", "StreamAccess.NotFound"), ("reports", "StreamAccess.Authentication")]
)
def test_an_input_file_that_is_missing_or_not_the_clusters_to_read_fails_the_step_and_is_named(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path, container: str, reason: str
) -> None:
    (code / "unused.py").touch()
    read = component(tmp_path, code, "cat ${{inputs.file}}", inputs={"file": "uri_file"})

    @dsl.pipeline(name="missing")
    def pipeline() -> None:
        read(file=Input(type="uri_file", path=f"{azure.account.blob_url}/{container}/nowhere/x.csv"))

    name = submit(client, pipeline())
    assert wait(client, name) == "Failed"
    child = next(iter(client.jobs.list(parent_job_name=name)))
    error = client.jobs._runs_operations.get_run_details(child.name).error.error
    assert reason in error.message
    assert "nowhere/x.csv" in error.message


def test_cancelling_stops_the_process_and_the_steps_behind_it(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    (code / "unused.py").touch()
    slow = "sleep 3600; : ${{inputs.text}} ${{outputs.out}}"
    name = submit(client, two_steps(tmp_path, code, first=slow))

    def job() -> dict[str, Any]:
        return next(job for job in azure.jobs() if job["name"] == name)

    wait_until(lambda: job()["steps"][0]["status"] == "Running", "the first step's start")
    client.jobs.begin_cancel(name).result()
    assert wait(client, name) == "Canceled"
    assert [step["status"] for step in job()["steps"]] == ["Canceled", "Canceled"]
    with pytest.raises(HttpResponseError, match="cannot be canceled"):
        client.jobs.begin_cancel(name).result()


def test_a_planned_fault_fails_the_step_that_it_names(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    (code / "unused.py").touch()
    azure.faults.step("^shouted$", "The node was preempted.")
    name = submit(client, two_steps(tmp_path, code))
    assert wait(client, name) == "Failed"
    row = next(job for job in azure.jobs() if job["name"] == name)
    assert [step["status"] for step in row["steps"]] == ["Completed", "Failed"]
    assert azure.faults.pending() == 0


def steps_reused(azure: AzureStandIn, name: str) -> list[bool]:
    row = next(job for job in azure.jobs() if job["name"] == name)
    return [step["reused"] for step in row["steps"]]


def test_a_step_that_was_seen_before_is_reused_with_its_outputs_unless_that_is_forbidden(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    (code / "unused.py").write_text("reuse = 1")
    names = []
    for settings in ({}, {}, {"force_rerun": True}):
        pipeline = two_steps(tmp_path, code)
        for key, value in settings.items():
            setattr(pipeline.settings, key, value)
        names.append(submit(client, pipeline))
        assert wait(client, names[-1]) == "Completed"
    assert [steps_reused(azure, name) for name in names] == [[False, False], [True, True], [False, False]]
    client.jobs.download(names[1], output_name="loud", download_path=tmp_path / "again")
    assert (tmp_path / "again/named-outputs/loud/x.txt").read_text() == "GOOD DAY"
    child = next(iter(client.jobs.list(parent_job_name=names[1])))
    assert child.properties["azureml.isreused"] == "true"
    client.jobs.download(child.name, download_path=tmp_path / "log", all=True)


def test_other_code_or_another_value_runs_anew(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    names = []
    for content in ("a = 1", "a = 2", "a = 1"):
        (code / "unused.py").write_text(content)
        names.append(submit(client, two_steps(tmp_path, code)))
        assert wait(client, names[-1]) == "Completed"
    assert [steps_reused(azure, name) for name in names] == [[False, False], [False, False], [True, True]]


def test_code_that_was_uploaded_before_is_not_uploaded_again(
    client: MLClient, azure: AzureStandIn, tmp_path: Path, code: Path
) -> None:
    (code / "unused.py").write_text("uploaded = 1")
    for _ in range(2):
        before = len(azure.recorder.find("POST", "startPendingUpload"))
        wait(client, submit(client, two_steps(tmp_path, code)))
    assert len(azure.recorder.find("POST", "startPendingUpload")) == before


def test_a_name_is_submitted_once(client: MLClient, tmp_path: Path, code: Path) -> None:
    (code / "unused.py").touch()
    submit(client, two_steps(tmp_path, code), name="once")
    again = two_steps(tmp_path, code, second="cat ${{inputs.data}}/x.txt; : ${{outputs.out}}")
    with pytest.raises(HttpResponseError, match="already exists"):
        submit(client, again, name="once")
    assert wait(client, "once") == "Completed"


def test_what_is_not_there_is_not_found(client: MLClient, tmp_path: Path, code: Path) -> None:
    with pytest.raises(ResourceNotFoundError):
        client.jobs.get("never-submitted")
    (code / "unused.py").touch()
    pipeline = two_steps(tmp_path, code)
    pipeline.settings.default_compute = "no-such-cluster"
    with pytest.raises(ResourceNotFoundError, match="no-such-cluster"):
        client.jobs.create_or_update(pipeline)
