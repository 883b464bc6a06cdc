"""Rules that neither Bicep's compiler nor its linter holds: names within Azure's limits, defaults, descriptions."""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.infra.deployed import INFRA, Deployment, deployed, everything, full, operator, resolve, small, subscriptions
from training import models
from workflows import settings

LIMITS = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.ContainerRegistry/registries": r"[a-zA-Z0-9]{5,50}",
    "Microsoft.MachineLearningServices/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
    "Microsoft.MachineLearningServices/workspaces/computes": r"[a-zA-Z][a-zA-Z0-9-]{1,23}",
    "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]",
    "Microsoft.EventGrid/systemTopics": r"[a-zA-Z0-9-]{3,50}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/queueServices/queues": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"[A-Za-z][A-Za-z0-9]{2,62}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
}


@pytest.mark.parametrize("run", [operator(), full()], ids=["shortest suffix", "longest suffix"])
@pytest.mark.parametrize("kind", LIMITS)
def test_names_keep_azures_limits(run: Deployment, kind: str) -> None:
    assert run.of(kind)
    for one in run.of(kind):
        assert re.fullmatch(LIMITS[kind], one.name), one.name


def test_the_suffixes_looked_at_are_the_shortest_and_the_longest_that_the_template_takes() -> None:
    source = (INFRA / "main.bicep").read_text()
    low, high = re.search(r"@minLength\((\d+)\)\n@maxLength\((\d+)\)\nparam nameSuffix", source).groups()  # type: ignore[union-attr]
    suffixes = [run.of("Microsoft.KeyVault/vaults")[0].name.removeprefix("kv-") for run in (operator(), full())]
    assert [len(suffix) for suffix in suffixes] == [int(low), int(high)]


def test_an_endpoints_name_has_room_for_the_models_and_a_suffix_from_the_environment() -> None:
    """Names are unique in a region and have at most 32 characters."""
    suffix = small().outputs["DRIFTLOOP_ENDPOINT_SUFFIX"]
    assert small().outputs["AZURE_KEY_VAULT"].startswith(f"kv-{suffix}")
    assert re.fullmatch(r"[a-z0-9]{5}", suffix)
    environment = {name: str(value) for name, value in small().outputs.items()}
    for model in models.names():
        assert settings.deploy(environment, model).endpoint == f"{model}-{suffix}"


def test_a_name_that_a_convention_asks_for_replaces_the_derived_one() -> None:
    out = operator().outputs
    assert out["AZURE_DATA_STORAGE"] == "hospitalrecords"
    assert out["DRIFTLOOP_BLOB_URL"] == "https://hospitalrecords.blob.core.windows.net"
    assert out["AZURE_ML_WORKSPACE"] == "mlw-diabetes"


@pytest.mark.parametrize("name", ["small", "full"])
def test_nothing_is_deployed_twice(name: str) -> None:
    ids = [one.id.lower() for one in [*deployed(name).resources, *subscriptions(name).resources]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["small", "full"])
def test_the_second_template_is_given_what_the_first_puts_out(name: str) -> None:
    """As apply.sh and azd's hook do; the snapshot of events.bicep stands on its own parameter file."""
    given = (INFRA.parent / "tests" / "infra" / "deployments" / f"events-{name}.bicepparam").read_text()
    out = deployed(name).outputs
    assert dict(re.findall(r"^param (\w+) = '?(.*?)'?$", given, re.MULTILINE)) == {
        "functionAppName": out["AZURE_FUNCTION_APP"],
        "dataStorageName": out["AZURE_DATA_STORAGE"],
        "modelsTopicName": out["DRIFTLOOP_MODELS_TOPIC"],
        "recordsTopicName": out["DRIFTLOOP_RECORDS_TOPIC"],
        "eventsIdentityId": out["DRIFTLOOP_EVENTS_IDENTITY"],
        "checkOnArrival": str(out["DRIFTLOOP_CHECK_ON_ARRIVAL"]).lower(),
    }
    assert subscriptions(name).resources


def test_a_kind_of_resource_has_one_released_version() -> None:
    versions: dict[str, set[str]] = {}
    for one in everything():
        assert date.fromisoformat(one.version), f"{one.kind}: a preview"
        versions.setdefault(one.kind, set()).add(one.version)
    assert {kind: found for kind, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("file", ["main.bicep", "events.bicep"])
def test_every_parameter_that_an_operator_may_set_is_described(file: str) -> None:
    speaking = {"tags", "clusterMaxNodes", "logRetentionDays", "logDailyCapGb", "storageSku", "functionMaxInstances"}
    source = (INFRA / file).read_text()
    blocks = re.findall(r"((?:^@.*\n)*)^param (\w+) ", source, re.MULTILINE)
    assert blocks
    assert {name for decorators, name in blocks if "@description" not in decorators} <= speaking


def test_the_parameter_file_gives_the_defaults_of_the_template() -> None:
    """So that both ways to deploy, with and without the file, make the same."""
    template = (INFRA / "main.bicep").read_text()
    own = dict(re.findall(r"^param (\w+) [\w\[\]]+ = '?([^'\n]*)'?$", template, re.MULTILINE))
    file = (INFRA / "main.bicepparam").read_text()
    plain = r"^param (\w+) = (?:bool|int)?\(?readEnvironmentVariable\('\w+', '([^']*)'\)\)?$"
    found = re.findall(plain, file, re.MULTILINE)
    assert len(found) >= 10
    assert {name: own[name] for name, _ in found} == dict(found)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[format('https://{0}.blob.{1}', 'st', environment().suffixes.storage)]", "https://st.blob.core.windows.net"),
        ("[reference('/x/vaults/kv', '2025-05-01').vaultUri]", "<kv.vaultUri>"),
        ("[format('{0}''s', 'a')]", "a's"),
        ("[resourceId('s', 'g', 'A.B/c/d', 'x', 'y')]", "/subscriptions/s/resourceGroups/g/providers/A.B/c/x/d/y"),
        ("[somethingElse('x')]", "[somethingElse('x')]"),
        ("plain", "plain"),
    ],
)
def test_expressions_of_a_snapshot_are_read(expression: str, value: str) -> None:
    assert resolve(expression) == value


def test_pages_are_closed_by_a_key_unless_an_application_to_sign_in_with_is_named() -> None:
    for name, signs_in in (("small", False), ("full", True)):
        [app] = deployed(name).of("Microsoft.Web/sites")
        given = {one["name"]: one["value"] for one in app.body["properties"]["siteConfig"]["appSettings"]}
        assert ("DRIFTLOOP_PAGE_SIGN_IN" in given) is signs_in
        assert {"AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_ML_WORKSPACE"} <= set(given)
        found = [one for one in deployed(name).of("Microsoft.Web/sites/config") if "authsettings" in one.id.lower()]
        assert len(found) == signs_in
    [sign_in] = found
    properties = sign_in.body["properties"]
    registration = properties["identityProviders"]["azureActiveDirectory"]["registration"]
    assert properties["platform"]["enabled"] is True
    # Not a secret but the app's identity, and the API goes on with function keys.
    assert registration["clientSecretSettingName"] in given
    assert properties["globalValidation"]["unauthenticatedClientAction"] == "AllowAnonymous"
    assert properties["login"]["tokenStore"]["enabled"] is False
