"""The Functions host on loopback, with the real function app in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.functions_host import FunctionFailedError, FunctionsHost

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
[[model]]
name = "quiet"
records = "hostincoming/{model}/records/**"
[model.dispatch]
target = "dry-run"
"""


@pytest.fixture(scope="module")
def account(azurite: Azurite) -> Azurite:
    from azure.core.exceptions import ResourceExistsError
    from azure.data.tables import TableServiceClient
    from azure.storage.blob import BlobServiceClient

    options = {"connection_verify": str(azurite.certificate.authority)}
    blobs = BlobServiceClient.from_connection_string(azurite.connection_string, **options)
    queues = QueueServiceClient.from_connection_string(azurite.connection_string, **options)
    tables = TableServiceClient.from_connection_string(azurite.connection_string, **options)
    makers = [
        *(
            (blobs.create_container, name)
            for name in ("hostincoming", "baselines", "quarantine", "reports", "outcomes")
        ),
        *((tables.create_table, name) for name in ("states", "drifts", "checks")),
        *((queues.create_queue, name) for name in ("checks", "checks-poison")),
    ]
    for make, name in makers:
        try:
            make(name)
        except ResourceExistsError:
            continue
    return azurite


@pytest.fixture(scope="module")
def host(azure: AzureStandIn, account: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionsHost]:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "driftloop.toml").write_text(CONFIG)
    environment = {
        "PATH": os.environ["PATH"],
        **azure.environment(),
        **account.environment(),
        "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
        "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"),
        "AzureWebJobs.incoming_data.Disabled": "true",
    }
    with FunctionsHost(ROOT, environment, folder, retry_seconds=0) as running:
        yield running


def _queue(account: Azurite, name: str) -> QueueClient:
    return QueueClient.from_connection_string(
        account.connection_string,
        name,
        message_encode_policy=TextBase64EncodePolicy(),
        connection_verify=str(account.certificate.authority),
    )


def test_functions_are_found_and_a_disabled_one_is_not_there(host: FunctionsHost) -> None:
    assert "check_model" in host.functions
    assert "incoming_data" not in host.functions


def test_the_timer_leads_to_a_check_through_the_queue(host: FunctionsHost) -> None:
    ran = host.fire("check_drift")

    assert [invocation.function for invocation in ran] == ["check_drift", "check_model"]
    assert host.http("GET", "/api/health").json()["models"][0]["last_verdict"] == "insufficient"


def test_the_admin_api_answers_without_waiting(host: FunctionsHost) -> None:
    assert host.admin_fire("check_drift") == 202
    assert host.admin_fire("check_model") == 404
    host.wait_idle()


def test_functions_are_closed_without_a_key(host: FunctionsHost) -> None:
    assert host.http("GET", "/api/health", key="wrong").status_code == 401
    assert host.http("POST", "/api/checks", key="").status_code == 401


def test_event_grid_proves_that_the_endpoint_is_its_subscribers(host: FunctionsHost) -> None:
    answer = host.event_grid("model_registered", [{"data": {"validationCode": "abc"}}], kind="SubscriptionValidation")

    assert answer.json() == {"validationResponse": "abc"}


def test_a_message_that_keeps_failing_ends_in_the_poison_queue_with_an_alert(
    host: FunctionsHost, account: Azurite
) -> None:
    _queue(account, "checks").send_message('{"model": 5}')

    with pytest.raises(FunctionFailedError, match="a message is not ours"):
        host.wait_idle()

    log = host.log.read_text()
    assert log.count("function check_model failed") == 5, "host.json says that a message is tried five times"
    assert '"event": "check_poisoned"' in log
    assert _queue(account, "checks-poison").peek_messages() == [], "the alert takes it from the poison queue"


def test_an_app_that_would_have_no_functions_in_azure_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    (tmp_path / "function_app.py").write_text("import azure.functions as f\napp = f.FunctionApp()\nalso = app\n")

    with pytest.raises(FunctionFailedError, match="2 names for a FunctionApp"):
        FunctionsHost(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path / "host").start()


def test_an_app_without_its_script_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(FunctionFailedError, match=r"function_app\.py does not exist"):
        FunctionsHost(tmp_path, {"PATH": os.environ["PATH"]}, tmp_path / "host").start()
