"""A model version was registered: Event Grid tells, and its deployment is requested once."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import DispatchError
from driftloop.events import VERSION, ModelRegistered
from driftloop.ledger.ledger import until_written
from driftloop.times import format_time, parse_time
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.event_grid.envelope import event_data, event_type
from function_app.retraining.steps import LEASE
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import azure.functions as func

    from driftloop.config.models import Model
    from function_app.runtime import Runtime

REGISTERED = "Microsoft.MachineLearningServices.ModelRegistered"
SENT = "sent"
_CLAIMED = "claimed "
_FIELDS = ("name", "version", "tags")
_MOST_ANNOUNCED = 30  # versions that are remembered: a duplicate comes within a day


class _Registered(msgspec.Struct, frozen=True):
    """`modelName` in the SDKs' own events, `ModelName` on Learn: distinguished by nothing else."""

    name: str
    version: str | int
    tags: dict[str, Any] | None = None


def version_registered(runtime: "Runtime", event: "func.EventGridEvent") -> bool:
    """Requests the deployment of a registered version, once; whether it did.

    Not for a version that is in service or older than the one in service. Nor for one that was requested before, or
    that its own training run deploys (tag `deploy` = `run`). Raises DispatchError when the request did not get through:
    Event Grid delivers the event again.
    """
    data = _registered(event)
    model = None if data is None else next((model for model in runtime.config.models if model.name == data.name), None)
    if data is None:
        return False
    if model is None:
        emit("event_ignored", reason="a registered model that driftloop.toml does not name")
        return False
    version = str(data.version)
    if (data.tags or {}).get("deploy") == "run":
        return _skipped(model, version, "its training run deploys it")
    in_service = runtime.check(model).blobs.in_service()
    if in_service is not None and not _newer(version, in_service.version):
        return _skipped(model, version, f"version {in_service.version} is in service")
    if not _claim(runtime, model, version):
        return _skipped(model, version, "it was requested before")
    return _request(runtime, model, ModelRegistered(model.name, version, str(event.id)[:128]))


def _registered(event: Any) -> _Registered | None:
    """What the event says, where it is about a model version at all. One that cannot be read is an alert: a version may
    wait for it.
    """
    if event_type(event) != REGISTERED:
        emit("event_ignored", reason=f"not a registered model: {event_type(event)[:80]}")
        return None
    try:
        data = event_data(event)
        given = data if isinstance(data, dict) else {}
        found = {field: given.get(f"model{field.title()}", given.get(f"Model{field.title()}")) for field in _FIELDS}
        decoded = msgspec.convert({name: value for name, value in found.items() if value is not None}, _Registered)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        emit("event_unreadable", reason=f"a registered model without a name or version that can be read: {error}")
        return None
    if not VERSION.fullmatch(str(decoded.version)):
        emit("event_unreadable", reason="a registered model whose version is not one of Azure Machine Learning's")
        return None
    return decoded


def _request(runtime: "Runtime", model: "Model", event: ModelRegistered) -> bool:
    try:
        runtime.dispatcher(model).send(event)
    except DispatchUncertainError:
        raise  # the claim stays: the next delivery looks for the run before it sends again
    except DispatchError as error:
        _write(runtime, model, event.version, None)
        emit("dispatch_failed", model=model.name, model_version=event.version, error=str(error))
        raise
    _write(runtime, model, event.version, SENT)
    emit("deployment_requested", model=model.name, model_version=event.version)
    return True


def _claim(runtime: "Runtime", model: "Model", version: str) -> bool:
    """True: nobody has requested this version, and nobody else may now.

    Raises DispatchError where another delivery may be at it this moment, LedgerError where others keep writing.
    """
    return until_written(lambda: _claimed(runtime, model, version), f"{model.name} {version}")


def _claimed(runtime: "Runtime", model: "Model", version: str) -> bool:
    now = datetime.now(UTC)
    state = runtime.ledger.state(model.name, now)
    sent = [other for other, stage in state.announced.items() if stage == SENT]
    if any(other == version or not _newer(version, other) for other in sent):
        return False
    before = state.announced.get(version)
    if before is not None:
        claimed = parse_time(before.removeprefix(_CLAIMED))
        if now < claimed + LEASE:
            raise DispatchRefusedError(
                "another delivery of this event is being handled; it is looked at again", wait=True
            )
        if runtime.dispatcher(model).find(ModelRegistered(model.name, version, "").correlation, claimed) is not None:
            _write(runtime, model, version, SENT)
            return False
    kept = dict(list(state.announced.items())[-_MOST_ANNOUNCED:])
    runtime.ledger.commit(msgspec.structs.replace(state, announced={**kept, version: _CLAIMED + format_time(now)}))
    return True


def _write(runtime: "Runtime", model: "Model", version: str, stage: str | None) -> None:
    """Remembers how far a version is; None forgets it. Raises LedgerError."""

    def attempt() -> None:
        state = runtime.ledger.state(model.name, datetime.now(UTC))
        others = {name: value for name, value in state.announced.items() if name != version}
        announced = others if stage is None else {**others, version: stage}
        runtime.ledger.commit(msgspec.structs.replace(state, announced=announced))

    until_written(attempt, f"{model.name} {version}")


def _skipped(model: "Model", version: str, reason: str) -> bool:
    emit("deployment_skipped", model=model.name, model_version=version, reason=reason)
    return False


def _newer(version: str, than: str) -> bool:
    """Azure ML counts versions; a name that is not a number cannot be older than another."""
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than
