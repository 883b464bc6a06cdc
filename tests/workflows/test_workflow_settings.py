import pytest

from driftloop.errors import ConfigError
from workflows import settings

GOOD = {
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
    "DRIFTLOOP_BLOB_URL": "https://x.blob.core.windows.net/",
}


def test_empty_variables_count_as_not_set() -> None:
    found = settings.train(GOOD | {"DRIFT_ID": "", "AS_OF": "", "DRIFTLOOP_COMPUTE": "", "DRIFTLOOP_MODEL": ""})
    assert (found.drift_id, found.as_of, found.compute.name, found.model) == (
        None,
        None,
        "driftloop-cluster",
        "diabetes-progression",
    )
    assert found.azure.blob_url == "https://x.blob.core.windows.net"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DRIFT_ID", "drift-0123456789ab\nmodel_version=9"),
        ("DRIFT_ID", "drift-$(id)"),
        ("DRIFT_ID", "../drift-0123456789ab"),
        ("DRIFTLOOP_MODEL", "m; rm -rf /"),
        ("DRIFTLOOP_MODEL", "../m"),
        ("AS_OF", "yesterday"),
        ("AS_OF", "2026-01-01'; curl evil"),
        ("DRIFT_SINCE", "$(date)"),
        ("DRIFT_REASON", "because"),
        ("DRIFT_ATTEMPT", "../1"),
        ("DRIFTLOOP_BLOB_URL", "http://plain.example"),
        ("DRIFTLOOP_COMPUTE_MAX_NODES", "many"),
        ("DRIFTLOOP_COMPUTE_MAX_NODES", "1000"),
        ("DRIFTLOOP_COMPUTE_MAX_NODES", "2.7"),
        ("DRIFTLOOP_COMPUTE_MAX_NODES", "nan"),
        ("GITHUB_SHA", "0123456; id"),
    ],
)
def test_a_hostile_value_is_refused_by_the_variables_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        settings.train(GOOD | {name: value})
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is not set"):
        settings.train({key: value for key, value in GOOD.items() if key != name})


def test_a_time_without_a_zone_is_utc() -> None:
    assert settings.train(GOOD | {"AS_OF": "2026-01-01T12:00:00"}).as_of == "2026-01-01T12:00:00Z"


def test_the_endpoint_is_named_after_the_model_unless_it_is_named() -> None:
    assert settings.deploy(GOOD, "diabetes-progression").endpoint == "diabetes-progression"
    assert settings.deploy(GOOD | {"DRIFTLOOP_ENDPOINT": "proseware-dp"}, "m").endpoint == "proseware-dp"
    unique = GOOD | {"DRIFTLOOP_ENDPOINT_SUFFIX": "k3x9q"}
    assert settings.deploy(unique, "diabetes-progression").endpoint == "diabetes-progression-k3x9q"
    assert settings.deploy(unique | {"DRIFTLOOP_ENDPOINT": "proseware-dp"}, "m").endpoint == "proseware-dp"
    with pytest.raises(ConfigError, match="DRIFTLOOP_ENDPOINT"):  # cut, two models could share one
        settings.deploy(unique, "m" * 27)
    with pytest.raises(ConfigError, match="DRIFTLOOP_ENDPOINT_SUFFIX"):
        settings.deploy(GOOD | {"DRIFTLOOP_ENDPOINT_SUFFIX": "-x"}, "m")
    with pytest.raises(ConfigError, match="DRIFTLOOP_ENDPOINT"):
        settings.deploy(GOOD, "a_name_that_is_no_endpoint")


def test_low_priority_nodes_are_a_choice() -> None:
    assert not settings.train(GOOD).compute.low_priority
    assert settings.train(GOOD | {"DRIFTLOOP_COMPUTE_TIER": "low_priority"}).compute.low_priority
