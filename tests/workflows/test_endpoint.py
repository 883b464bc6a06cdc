"""An endpoint belongs to one model."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from driftloop.errors import DriftloopError
from tests.workflows.test_rollout import ASKED
from workflows.endpoint import Endpoint


def endpoint(tags: dict[str, str] | None) -> Endpoint:
    """One that exists, with these tags; whatever would change it raises AttributeError."""
    found = SimpleNamespace(tags=tags, provisioning_state="Succeeded")
    client: Any = SimpleNamespace(online_endpoints=SimpleNamespace(get=lambda name: found))
    return Endpoint(client, msgspec.structs.replace(ASKED, model="wine", endpoint="shared"), pause=0)


def test_an_endpoint_that_serves_another_model_is_left_alone() -> None:
    with pytest.raises(DriftloopError, match="endpoint shared serves beer: give each model an endpoint of its own"):
        endpoint({"model": "beer"}).ensure()


@pytest.mark.parametrize("tags", [{"model": "wine"}, {}, None])
def test_the_models_own_endpoint_is_used_and_one_of_before_there_were_tags(tags: dict[str, str] | None) -> None:
    assert endpoint(tags).ensure() is False
