from collections.abc import Iterable

import msgspec
import pytest

from tests.training.conftest import Trained
from training.register import Ids, RegisteredVersion, Registration, register

IDS = Ids("m", "job-1", "job-1-train", "job-1-prepare", "drift-0123456789ab", "abc1234", "run")


class Registry:
    """In memory, in the order in which it was written to."""

    def __init__(self, *known: RegisteredVersion, dies_at: str = "") -> None:
        self.known = list(known)
        self.log: list[str] = []
        self.dies_at = dies_at

    def versions(self, model: str) -> Iterable[RegisteredVersion]:
        return list(self.known)

    def register(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        self._did(f"model {version}")
        self.known.append(RegisteredVersion(version, tags))

    def register_data(self, ids: Ids, version: str, tags: dict[str, str]) -> None:
        self._did(f"data {version}")

    def put(self, container: str, path: str, content: bytes) -> None:
        self._did(f"{container}/{path}")

    def _did(self, what: str) -> None:
        if self.dies_at and what.endswith(self.dies_at):
            raise ConnectionError(what)
        self.log.append(what)


def test_a_promoted_model_becomes_the_next_version_with_what_ties_it_to_its_origin(retrained: Trained) -> None:
    registry = Registry(RegisteredVersion("9", {}), RegisteredVersion("10", {}))
    done = register(retrained.model, retrained.gate, IDS, registry)
    assert done == Registration(True, "11", "m", "job-1", "drift-0123456789ab")
    tags = registry.known[-1].tags
    data = retrained.parts.data
    assert tags == {
        "drift_id": "drift-0123456789ab",
        "job": "job-1",
        "git_sha": "abc1234",
        "deploy": "run",
        "data_sha256": data.sha256,
        "data_version": data.sha256[:12],
        "data_end": data.data_end,
        "rows": str(data.rows["train"]),
    }


def test_what_others_need_is_there_before_the_model_is(retrained: Trained) -> None:
    registry = Registry()
    register(retrained.model, retrained.gate, IDS, registry)
    assert registry.log[-1] == "model 1"
    assert {"baselines/m/1.parquet", "baselines/m/1.smoke.json", "baselines/m/1.metrics.json"} <= set(registry.log)


def test_a_rejected_challenger_leaves_no_trace(retrained: Trained) -> None:
    registry = Registry()
    rejected = msgspec.structs.replace(retrained.gate, promoted=False)
    assert register(retrained.model, rejected, IDS, registry).version is None
    assert registry.log == []


@pytest.mark.parametrize("tags", [{"drift_id": "drift-0123456789ab"}, {"job": "job-1"}])
def test_a_drift_or_a_job_never_registers_twice(retrained: Trained, tags: dict[str, str]) -> None:
    registry = Registry(RegisteredVersion("3", tags))
    assert register(retrained.model, retrained.gate, IDS, registry).version == "3"
    assert registry.log == []


def test_runs_without_a_drift_are_not_taken_for_one_another(retrained: Trained) -> None:
    registry = Registry(RegisteredVersion("1", {"drift_id": ""}))
    pushed = msgspec.structs.replace(IDS, drift_id="", job="job-2")
    assert register(retrained.model, retrained.gate, pushed, registry).version == "2"


@pytest.mark.parametrize("point", [".parquet", ".smoke.json", ".metrics.json", "model 1"])
def test_killed_anywhere_and_started_again_there_is_one_version(retrained: Trained, point: str) -> None:
    registry = Registry(dies_at=point)
    with pytest.raises(ConnectionError):
        register(retrained.model, retrained.gate, IDS, registry)
    registry.dies_at = ""
    assert register(retrained.model, retrained.gate, IDS, registry).version == "1"
    assert register(retrained.model, retrained.gate, IDS, registry).version == "1"
    assert [version.version for version in registry.known] == ["1"]
