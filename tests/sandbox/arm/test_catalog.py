"""Versions of assets: immutable paths, the newest one, archiving, the filters that the SDK sends."""

from typing import Any

import pytest

from sandbox.arm.catalog import Catalog
from sandbox.arm.wire import ArmError, Call, Scope


def call(**parts: Any) -> Call:
    defaults: dict[str, Any] = {"method": "GET", "path": "", "names": {}, "query": {}, "headers": {}, "body": {}}
    return Call(**{**defaults, "claims": {}, **parts})


@pytest.fixture
def models() -> Catalog:
    catalog = Catalog(Scope(), "models")
    for version, tags in (("1", {"drift_id": "a"}), ("2", {"drift_id": "b"}), ("10", {})):
        catalog.store("m", version, {"modelUri": f"azureml://{version}", "tags": tags})
    return catalog


def listed(catalog: Catalog, **query: str) -> list[str]:
    body = catalog.versions(call(names={"name": "m"}, query=query)).body
    assert isinstance(body, dict)
    return [row["name"] for row in body["value"]]


def test_the_latest_is_the_one_created_last_and_not_archived(models: Catalog) -> None:
    assert listed(models, **{"$orderBy": "createdtime desc", "$top": "1"}) == ["10"]
    models.store("m", "10", {"isArchived": True})
    assert models.latest("m") == "2"
    assert listed(models) == ["2", "1"]
    assert listed(models, listViewType="ArchivedOnly") == ["10"]
    assert listed(models, listViewType="All") == ["10", "2", "1"]


def test_versions_are_found_by_tag(models: Catalog) -> None:
    assert listed(models, tags="drift_id=b") == ["2"]
    assert listed(models, tags="drift_id") == ["2", "1"]
    assert listed(models, tags="drift_id=none") == []


def test_the_next_version_follows_the_greatest_number(models: Catalog) -> None:
    body = models.get_container(call(names={"name": "m"})).body
    assert isinstance(body, dict)
    assert (body["properties"]["latestVersion"], body["properties"]["nextVersion"]) == ("10", "11")


def test_the_path_of_a_version_never_changes_but_its_tags_may(models: Catalog) -> None:
    assert models.store("m", "1", {"modelUri": "azureml://1", "tags": {"x": "y"}}).status == 200
    assert models.properties("m", "1")["tags"] == {"x": "y"}
    with pytest.raises(ArmError, match="Asset paths cannot be updated") as refusal:
        models.store("m", "1", {"modelUri": "azureml://other"})
    assert (refusal.value.status, refusal.value.code) == (400, "UserError")


def test_what_a_caller_does_with_an_answer_does_not_change_what_is_stored(models: Catalog) -> None:
    models.properties("m", "1")["tags"]["drift_id"] = "changed"
    assert models.properties("m", "1")["tags"] == {"drift_id": "a"}


def test_what_is_not_there_is_a_404(models: Catalog) -> None:
    for name, version in (("m", "3"), ("other", "1")):
        with pytest.raises(ArmError) as refusal:
            models.get(call(names={"name": name, "version": version}))
        assert (refusal.value.status, refusal.value.code) == (404, "ResourceNotFound")
    with pytest.raises(ArmError):
        models.latest("other")


def test_code_is_found_again_by_its_hash() -> None:
    codes = Catalog(Scope(), "codes")
    codes.store("c", "1", {"codeUri": "u", "properties": {"hash_sha256": "abc"}})
    for wanted, count in (("abc", 1), ("def", 0)):
        body = codes.versions(call(names={"name": "c"}, query={"hash": wanted})).body
        assert isinstance(body, dict)
        assert len(body["value"]) == count
