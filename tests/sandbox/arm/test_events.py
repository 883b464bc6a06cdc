"""Who subscribes to the workspace's topic hears of every registered model, also when it fails at first."""

from sandbox.arm.events import RETRY_SECONDS, Topic
from sandbox.arm.wire import Json, Scope


def test_an_event_names_the_model_its_version_and_its_tags() -> None:
    topic, heard = Topic(Scope()), list[Json]()
    topic.subscribe(heard.append)
    topic.model_registered("m", "3", {"tags": {"drift_id": "drift-1"}})
    topic.join()
    assert [event["eventType"] for event in heard] == ["Microsoft.MachineLearningServices.ModelRegistered"]
    assert heard[0]["subject"] == "models/m:3"
    assert (heard[0]["data"]["modelVersion"], heard[0]["data"]["modelTags"]) == ("3", {"drift_id": "drift-1"})


def test_a_refused_event_comes_again_and_one_that_is_always_refused_is_kept() -> None:
    topic, tries = Topic(Scope()), list[str]()

    def hesitant(event: Json) -> None:
        tries.append(event["id"])
        if len(tries) < 3:
            raise ConnectionError

    def deaf(_: Json) -> None:
        raise RuntimeError

    topic.subscribe(hesitant)
    topic.subscribe(deaf)
    topic.model_registered("m", "1", {})
    topic.join()
    assert len(tries) == 3
    assert len(set(tries)) == 1
    assert [event["id"] for event in topic.dead_letters] == tries[:1]
    assert len(RETRY_SECONDS) >= 2
