"""Models, data, compute and datastores, through the real SDK."""

import os
from pathlib import Path

import pytest
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AmlCompute, Data, Model
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

from sandbox.arm import AzureStandIn


def registered(client: MLClient, folder: Path, name: str, **tags: str) -> Model:
    """A model version from a folder with one file."""
    folder.mkdir(exist_ok=True)
    (folder / "model.txt").write_text(name)
    return client.models.create_or_update(Model(name=name, path=folder, type="custom_model", tags=tags))


def test_versions_count_up_and_labels_find_the_latest(client: MLClient, tmp_path: Path) -> None:
    versions = [registered(client, tmp_path / f"v{n}", "counted", n=str(n)).version for n in (1, 2, 3)]
    assert versions == ["1", "2", "3"]
    latest = client.models.get("counted", label="latest")
    assert (latest.version, latest.tags) == ("3", {"n": "3"})
    assert [model.version for model in client.models.list("counted")] == ["3", "2", "1"]


def test_what_was_uploaded_comes_back(client: MLClient, tmp_path: Path) -> None:
    registered(client, tmp_path / "files", "carried")
    client.models.download("carried", "1", download_path=tmp_path / "back")
    assert (tmp_path / "back/carried/files/model.txt").read_text() == "carried"


def test_tags_may_change_and_paths_may_not(client: MLClient, tmp_path: Path) -> None:
    model = registered(client, tmp_path / "a", "tagged", drift_id="drift-1")
    model.tags["champion"] = "yes"
    client.models.create_or_update(model)
    assert client.models.get("tagged", "1").tags == {"drift_id": "drift-1", "champion": "yes"}
    (tmp_path / "b").mkdir()
    (tmp_path / "b/other.txt").write_text("other")
    with pytest.raises(HttpResponseError, match="Asset paths cannot be updated"):
        client.models.create_or_update(Model(name="tagged", version="1", path=tmp_path / "b", type="custom_model"))


def test_an_archived_version_is_no_longer_the_latest(client: MLClient, tmp_path: Path) -> None:
    for n in (1, 2):
        registered(client, tmp_path / f"v{n}", "archived")
    client.models.archive("archived", "2")
    assert client.models.get("archived", label="latest").version == "1"


def test_a_model_from_a_job_or_a_path_that_is_not_there_is_refused(client: MLClient) -> None:
    for path, message in (
        ("azureml://jobs/no-such-job/outputs/model", "no-such-job"),
        ("azureml://datastores/workspaceblobstore/paths/nothing/here/", "has no files"),
        ("azureml://datastores/elsewhere/paths/x/", "elsewhere"),
    ):
        with pytest.raises(HttpResponseError, match=message):
            client.models.create_or_update(Model(name="lost", path=path, type="custom_model"))
    with pytest.raises(ResourceNotFoundError):
        client.models.get("lost", "1")


def test_data_assets_are_versioned_and_point_to_storage(client: MLClient) -> None:
    service = BlobServiceClient(os.environ["DRIFTLOOP_BLOB_URL"], DefaultAzureCredential())
    container = service.create_container("assets")
    container.upload_blob("train/1.csv", b"1")
    asset = Data(name="training", version="7", path=f"{container.url}/train/", type="uri_folder", tags={"rows": "1"})
    client.data.create_or_update(asset)
    found = client.data.get("training", "7")
    assert (found.path, found.tags, found.type) == (f"{container.url}/train/", {"rows": "1"}, "uri_folder")
    assert client.data.get("training", label="latest").version == "7"


def test_a_cluster_is_made_resized_listed_and_removed(client: MLClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        client.compute.get("grown")
    for nodes in (1, 4):
        cluster = AmlCompute(name="grown", size="Standard_DS3_v2", max_instances=nodes, tier="low_priority")
        client.compute.begin_create_or_update(cluster).result()
    found = client.compute.get("grown")
    assert (found.max_instances, found.min_instances, found.tier) == (4, 0, "low_priority")
    assert "grown" in [compute.name for compute in client.compute.list()]
    client.compute.begin_delete("grown").result()
    with pytest.raises(ResourceNotFoundError):
        client.compute.get("grown")


def test_no_key_of_the_storage_account_is_ever_given_out(client: MLClient, azure: AzureStandIn) -> None:
    datastore = client.datastores.get_default(include_secrets=False)
    assert datastore.name == "workspaceblobstore"
    assert str(datastore.credentials.type.value) == "None"
    with pytest.raises(HttpResponseError, match="Shared keys are disabled"):
        client.datastores._list_secrets("workspaceblobstore")
