"""The stand-in starts clean, tells what is in it, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.waiting import HANG_SECONDS, wait_until

ROOT = Path(__file__).resolve().parents[3]
# Submits a job that sleeps, then says where the sleeper is; what follows is up to the test.
HOLDER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with it ignored
from pathlib import Path
sys.modules["azureml.mlflow"] = None
from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.certificate import issue
from tests.sandbox.arm.pipelines import component, submit
from azure.ai.ml import MLClient, dsl
from azure.identity import DefaultAzureCredential

folder = Path(sys.argv[1])
def _pipeline():
    step()

with Azurite(folder / "a", issue(folder / "c")) as azurite, AzureStandIn(folder / "z", azurite) as azure:
    os.environ.update(azure.environment())
    client = MLClient(DefaultAzureCredential(), azure.scope.subscription, azure.scope.group, azure.scope.workspace)
    (folder / "code").mkdir()
    (folder / "code/x.py").touch()
    command = "echo $$ > ${{outputs.out}}/../pid; exec sleep 3600"
    step = component(folder, folder / "code", command, outputs={"out": "uri_folder"})
    submit(client, dsl.pipeline(name="sleeper")(_pipeline)())
    while not (written := [path for path in (folder / "z").rglob("pid") if path.read_text().endswith("\\n")]):
        time.sleep(0.02)
    print(written[0].read_text(), flush=True)
    time.sleep(3600)
"""


def test_it_may_be_stopped_without_having_been_used_and_twice(tmp_path: Path, azurite: Azurite) -> None:
    other = AzureStandIn(tmp_path, azurite)
    other.start()
    assert (other.jobs(), other.models(), other.deployments()) == ([], [], [])
    other.stop()
    other.stop()


def test_its_environment_overrides_what_the_machine_trusts(azure: AzureStandIn) -> None:
    environment = azure.environment()
    authority = str(azure.azurite.certificate.authority)
    assert environment["REQUESTS_CA_BUNDLE"] == environment["SSL_CERT_FILE"] == authority
    assert environment["ARM_CLOUD_METADATA_URL"].startswith("https://127.0.0.1:")
    assert environment["DRIFTLOOP_BLOB_URL"] == environment["DRIFTLOOP_STORAGE__blobServiceUri"]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills children with their parent")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_running_step_ends_with_the_process_that_holds_the_stand_in(tmp_path: Path, end: signal.Signals) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout is not None
    with holder.stdout:
        sleeper = int(holder.stdout.readline())
        assert _runs(sleeper)
        holder.send_signal(end)
        holder.wait(HANG_SECONDS)
    wait_until(lambda: not _runs(sleeper), "the step's end")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
