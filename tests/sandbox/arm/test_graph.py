"""A pipeline's bindings are checked at submission, as Azure ML checks them."""

from typing import Any

import pytest

from sandbox.arm.graph import Data, Literal, Upstream, read_graph
from sandbox.arm.wire import ArmError

MAKE = {
    "type": "command",
    "command": "make",
    "inputs": {
        "data": {"type": "uri_folder"},
        "depth": {"type": "integer", "default": "3"},
        "champion": {"type": "custom_model", "optional": True},
    },
    "outputs": {"model": {"type": "uri_folder"}},
}
USE = {"inputs": {"model": {"type": "uri_folder"}}, "outputs": {}}
COMPONENTS = {"make-id": MAKE, "use-id": USE}


def job(**changes: Any) -> dict[str, Any]:
    """Two steps, bound as the SDK writes it."""
    make = {"type": "command", "componentId": "make-id", "inputs": {"data": {"value": "${{parent.inputs.source}}"}}}
    use = {"componentId": "use-id", "inputs": {"model": {"value": "${{parent.jobs.make.outputs.model}}"}}}
    body: dict[str, Any] = {
        "inputs": {"source": {"uri": "https://somewhere/folder", "jobInputType": "uri_folder"}},
        "outputs": {"kept": {"jobOutputType": "uri_folder"}},
        "settings": {"default_compute": "/subscriptions/s/computes/cluster"},
        "jobs": {"make": make, "use": use},
    }
    return {**body, **changes}


def test_bindings_are_resolved_and_defaults_filled_in() -> None:
    steps = read_graph(job(), COMPONENTS)
    assert steps["make"].inputs == {"data": Data("https://somewhere/folder", "ro_mount"), "depth": Literal("3")}
    assert steps["use"].inputs == {"model": Upstream("make", "model", "ro_mount")}
    assert steps["use"].needs == {"make"}
    assert steps["make"].compute == "cluster"


def test_an_optional_input_may_be_bound_to_an_input_that_was_not_given() -> None:
    body = job()
    body["jobs"]["make"]["inputs"]["champion"] = {"value": "${{parent.inputs.champion}}"}
    assert "champion" not in read_graph(body, COMPONENTS)["make"].inputs


def test_an_output_may_be_bound_to_the_pipelines_own() -> None:
    body = job()
    body["jobs"]["make"]["outputs"] = {"model": {"value": "${{parent.outputs.kept}}"}}
    assert read_graph(body, COMPONENTS)["make"].outputs == {"model": "kept"}


@pytest.mark.parametrize(
    ("node", "change", "message"),
    [
        ("make", {"inputs": {}}, "required input 'data' has no value"),
        ("make", {"inputs": {"data": {"uri": "x"}, "wrong": {"value": "1"}}}, "no input wrong"),
        ("make", {"componentId": "gone"}, "component 'gone' was not found"),
        ("make", {"type": "automl"}, "command components and sweeps of them only"),
        ("make", {"outputs": {"wrong": {"value": "${{parent.outputs.kept}}"}}}, "no output wrong"),
        ("make", {"outputs": {"model": {"value": "${{parent.outputs.gone}}"}}}, "pipeline has no output 'gone'"),
        ("make", {"inputs": {"data": {"value": "${{parent.jobs.use.outputs.x}}"}}}, "has no output 'x'"),
        ("use", {"inputs": {"model": {"value": "${{parent.jobs.gone.outputs.model}}"}}}, "no step 'gone'"),
        ("use", {"inputs": {"model": {"value": "${{nonsense}}"}}}, "not understood"),
        ("use", {"inputs": {"model": {"value": "${{parent.inputs.gone}}"}}}, "required input 'model' has no value"),
    ],
)
def test_what_azure_refuses_is_refused_and_named(node: str, change: dict[str, Any], message: str) -> None:
    body = job()
    body["jobs"][node].update(change)
    with pytest.raises(ArmError, match=message) as refusal:
        read_graph(body, COMPONENTS)
    assert refusal.value.status == 400


def test_steps_that_wait_for_each_other_are_refused() -> None:
    loop = {"inputs": {"x": {"type": "uri_folder"}}, "outputs": {"y": {"type": "uri_folder"}}}
    nodes = {
        name: {"componentId": "loop", "inputs": {"x": {"value": f"${{{{parent.jobs.{other}.outputs.y}}}}"}}}
        for name, other in (("a", "b"), ("b", "a"))
    }
    with pytest.raises(ArmError, match="a, b wait for each other"):
        read_graph(job(jobs=nodes), {"loop": loop})


def test_a_step_without_compute_is_refused() -> None:
    with pytest.raises(ArmError, match="no default compute"):
        read_graph(job(settings={}), COMPONENTS)
