from pathlib import Path

import pytest

from driftloop.errors import ConfigError
from training import models
from workflows import settings

GOOD = {
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
    "DRIFTLOOP_BLOB_URL": "https://x.blob.core.windows.net/",
}


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models with one in it."""
    made = tmp_path / "models"
    monkeypatch.setenv(models.FOLDER, str(made))
    add(made, "house-prices")
    return made


def add(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        for file in (models.SCHEMA, models.SETTINGS):
            (folder / name / file).touch()


def test_empty_variables_count_as_not_set() -> None:
    found = settings.train(GOOD | {"DRIFT_ID": "", "AS_OF": "", "DRIFTLOOP_COMPUTE": "", "DRIFTLOOP_MODEL": ""})
    assert (found.drift_id, found.as_of, found.compute.name, found.model) == (
        None,
        None,
        "driftloop-cluster",
        "house-prices",
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


def test_a_model_is_named_where_there_are_several_and_has_a_folder(folders: Path) -> None:
    assert settings.train(GOOD).model == "house-prices"
    assert settings.deploy(GOOD, None).model == "house-prices"
    add(folders, "wine")
    assert settings.train(GOOD | {"DRIFTLOOP_MODEL": "wine"}).model == "wine"
    with pytest.raises(ConfigError, match="holds 2 models: name one of house-prices, wine"):
        settings.train(GOOD)
    with pytest.raises(ConfigError, match="holds 2 models"):
        settings.deploy(GOOD, None)
    for unknown in ("win", "../wine", "-m"):
        with pytest.raises(ConfigError, match="no model is called"):
            settings.deploy(GOOD, unknown)


def test_the_endpoint_is_named_after_the_model_unless_it_is_named(folders: Path) -> None:
    assert settings.deploy(GOOD, None).endpoint == "house-prices"
    named = GOOD | {"DRIFTLOOP_ENDPOINT": "proseware-hp"}
    assert settings.deploy(named, None).endpoint == "proseware-hp"
    unique = GOOD | {"DRIFTLOOP_ENDPOINT_SUFFIX": "k3x9q"}
    assert settings.deploy(unique, None).endpoint == "house-prices-k3x9q"
    assert settings.deploy(unique | named, None).endpoint == "proseware-hp"
    with pytest.raises(ConfigError, match="DRIFTLOOP_ENDPOINT_SUFFIX"):
        settings.deploy(GOOD | {"DRIFTLOOP_ENDPOINT_SUFFIX": "-x"}, None)
    add(folders, "x")
    with pytest.raises(ConfigError, match="DRIFTLOOP_ENDPOINT"):
        settings.deploy(GOOD, "x")


def test_no_two_models_share_an_endpoint(folders: Path) -> None:
    names = ("a_b.c", "a-b-c", "m" * 40, "m" * 41, "A" * 32)
    add(folders, *names)
    for environment in (GOOD, GOOD | {"DRIFTLOOP_ENDPOINT_SUFFIX": "k3x9q"}, GOOD | {"DRIFTLOOP_ENDPOINT": "x{model}"}):
        found = [settings.deploy(environment, name).endpoint for name in names]
        assert len({endpoint.lower() for endpoint in found}) == len(names)
        assert all(settings.ENDPOINT.fullmatch(endpoint) for endpoint in found)
    with pytest.raises(ConfigError, match=r"names one endpoint.*write \{model\} in it"):
        settings.deploy(GOOD | {"DRIFTLOOP_ENDPOINT": "proseware-hp"}, "a_b.c")


def test_low_priority_nodes_are_a_choice() -> None:
    assert not settings.train(GOOD).compute.low_priority
    assert settings.train(GOOD | {"DRIFTLOOP_COMPUTE_TIER": "low_priority"}).compute.low_priority
