"""What `driftloop doctor --azure` asks, against the stand-ins of Resource Manager and storage."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from driftloop import Baseline, Schema
from driftloop.checkup.context import OneModel, SetUp
from driftloop.checkup.findings import Finding
from driftloop.config.models import parse
from function_app.alerts.box import Box, Sent, after
from function_app.doctor.in_service import baseline_is_in_service, checks_are_made
from function_app.doctor.receivers import receivers_take_alerts
from function_app.doctor.roles import NAMES, WANTED, roles_are_assigned
from function_app.runtime import Runtime
from sandbox.arm import AzureStandIn
from sandbox.azurite import Azurite
from sandbox.principals import CLUSTER, FUNCTION_APP, OWNER, TRAIN, Principal
from tests.driftloop.populations import SCHEMA, draw
from tests.sandbox.conftest import azurite, certificate

__all__ = ["azurite", "certificate"]
IDENTITIES = Path(__file__).resolve().parents[3] / "docs" / "identities.md"


@pytest.fixture
def azure(tmp_path: Path, azurite: Azurite) -> Iterator[AzureStandIn]:
    with AzureStandIn(tmp_path / "azure", azurite) as standin:
        yield standin


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    return f"m{abs(hash(request.node.name))}"


def set_up(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str = "m", who: Principal = OWNER) -> SetUp:
    """A set-up with the environment of one identity."""
    environment = azure.environment(who)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return SetUp(Path("driftloop.toml"), parse({"model": [{"name": model}]}), environment)


def severities(findings: list[Finding]) -> list[str]:
    return [finding.severity for finding in findings]


def test_the_roles_that_infra_assigns_are_enough(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    assert severities(list(roles_are_assigned(set_up(azure, monkeypatch)))) == ["note"]


@pytest.mark.parametrize(
    ("who", "role", "scope", "fix"),
    [
        (FUNCTION_APP, "Storage Blob Data Reader", "data/incoming", "azd provision"),
        (TRAIN, "Storage Blob Data Contributor", "data/outcomes", "infra.identities"),
        (CLUSTER, "Storage Blob Data Contributor", "data/baselines", "azd provision"),
        (FUNCTION_APP, "Storage Table Data Contributor", "data", "azd provision"),
    ],
)
def test_a_role_that_is_missing_is_found(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, who: Principal, role: str, scope: str, fix: str
) -> None:
    azure.access.revoke(who, role, scope)
    (finding,) = roles_are_assigned(set_up(azure, monkeypatch))
    assert finding.severity == "error"
    assert role in finding.what
    assert who.name in finding.what
    assert fix in finding.fix


def test_whoever_may_not_list_assignments_is_told_so(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    from driftloop.errors import DriftloopError

    with pytest.raises(DriftloopError, match=r"AuthorizationFailed.*Reader on the resource group"):
        list(roles_are_assigned(set_up(azure, monkeypatch, who=TRAIN)))


def test_what_is_wanted_is_what_the_page_of_identities_says() -> None:
    rows = re.findall(
        r"^\| `?([\w -]+?)`? \| ([\w ]+?) \| (`[\w-]+`|data storage) \|", IDENTITIES.read_text(), re.MULTILINE
    )
    page = {
        (who.removeprefix("driftloop-"), role, where.strip("`"))
        for who, role, where in rows
        if who in ("function app", "training cluster", "driftloop-train", "driftloop-deploy") and role in NAMES.values()
    }
    assert {(who, NAMES[each.role], each.where) for each in WANTED for who in each.who} == page
    assert len(page) > 15


def stored(azure: AzureStandIn, model: str, *, damaged: bool = False) -> None:
    """A version in service, with its baseline."""
    account = azure.azurite
    content = Baseline.build(draw(200, np.random.default_rng(1)), SCHEMA).to_bytes()
    pointer = {
        "model": model, "version": "3", "baseline_sha256": sha256(content).hexdigest(), "job": "j", "drift_id": None,
        "deployment": "blue", "deployed_at": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    verify = str(account.certificate.authority)
    with BlobServiceClient.from_connection_string(account.connection_string, connection_verify=verify) as blobs:
        with suppress(ResourceExistsError):
            blobs.create_container("baselines")
        for name, data in (
            ("in-service.json", json.dumps(pointer).encode()),
            ("3.parquet", content[: -9 if damaged else None]),
        ):
            blobs.get_blob_client("baselines", f"{model}/{name}").upload_blob(io.BytesIO(data), overwrite=True)


def one(set_up: SetUp, model: str, schema: Schema = SCHEMA) -> OneModel:
    return OneModel(set_up, set_up.config.model(model), schema, Path("schema.toml"))


def test_a_baseline_in_service_is_told(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    here = set_up(azure, monkeypatch, model, FUNCTION_APP)
    stored(azure, model)
    (finding,) = baseline_is_in_service(one(here, model))
    assert finding.severity == "note"
    assert "version 3 is in service, with a baseline of 200 records" in finding.what


def test_no_version_in_service_is_found(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    stored(azure, f"other-{model}")
    (finding,) = baseline_is_in_service(one(set_up(azure, monkeypatch, model, FUNCTION_APP), model))
    assert (finding.severity, "no version is in service" in finding.what) == ("error", True)


def test_a_baseline_that_is_damaged_is_found(azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    from driftloop.errors import BaselineError

    stored(azure, model, damaged=True)
    with pytest.raises(BaselineError, match="deploy the model again"):
        list(baseline_is_in_service(one(set_up(azure, monkeypatch, model, FUNCTION_APP), model)))


def test_an_identity_without_a_role_is_told_which(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    stored(azure, model)
    azure.access.revoke(FUNCTION_APP, "Storage Blob Data Reader", "data/baselines")
    (finding,) = baseline_is_in_service(one(set_up(azure, monkeypatch, model, FUNCTION_APP), model))
    assert finding.severity == "error"
    assert "Storage Blob Data Reader on the container baselines" in finding.fix


@pytest.mark.parametrize(
    ("hours", "error", "severity", "what"),
    [
        (None, None, ["warning"], "never checked"),
        (0, None, ["note"], "stable"),
        (100, None, ["error"], "one was due at"),
        (0, "in-service.json is damaged", ["note", "error"], "the last check was at"),
    ],
)
def test_the_last_check_is_held_against_the_schedule(
    azure: AzureStandIn,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    hours: float | None,
    error: str | None,
    severity: list[str],
    what: str,
) -> None:
    account, now = azure.azurite, datetime.now(UTC)
    verify = str(account.certificate.authority)
    with TableServiceClient.from_connection_string(account.connection_string, connection_verify=verify) as tables:
        for name in ("states", "drifts", "checks"):
            tables.create_table_if_not_exists(name)
    here = set_up(azure, monkeypatch, model, FUNCTION_APP)
    if hours is not None:
        import msgspec

        ledger = Runtime(here.environ).ledger
        state = ledger.state(model, now)
        checked = {"last_checked_at": now - timedelta(hours=hours), "last_verdict": "stable", "last_error": error}
        ledger.commit(msgspec.structs.replace(state, **checked))
    told = list(checks_are_made(here))
    assert severities(told) == severity
    assert what in told[0].what


def test_a_receiver_that_fails_is_named_and_is_an_error_after_a_day(
    azure: AzureStandIn, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    here = set_up(azure, monkeypatch, model)
    alerts = [{"to": "slack", "url": "${URL}"}]
    parsed = parse(
        {"model": [{"name": model, "alerts": alerts}]}, environ={"URL": "https://hooks.slack.com/very-secret"}
    )
    watched = SetUp(here.file, parsed, here.environ)
    runtime = Runtime(here.environ)
    with suppress(ResourceExistsError):
        runtime.storage.tables.create_table("states")

    assert list(receivers_take_alerts(here)) == [], "nobody is told"
    assert severities(list(receivers_take_alerts(watched))) == ["note"]
    box, now = Box(model), datetime.now(UTC)
    for hours, severity in ((1, "warning"), (25, "error")):
        failing = after(
            Box(model, etag=box.etag), {"slack": Sent((), "it did not answer in time")}, now - timedelta(hours=hours)
        )
        box = runtime.boxes.write(failing)
        (found,) = receivers_take_alerts(watched)
        assert found.severity == severity
        assert "slack has failed since" in found.what
        assert "it did not answer in time" in found.what
        assert "very-secret" not in str(found)
