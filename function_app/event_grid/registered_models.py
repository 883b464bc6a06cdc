"""A model version was registered: Event Grid tells, and its deployment is requested once."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import DispatchError
from driftloop.events import ModelRegistered, iso, moment
from driftloop.ledger import LedgerConflictError
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
_MOST_ANNOUNCED = 30
_MOST_TRIES = 8


class _Registered(msgspec.Struct, frozen=True):
    ModelName: str
    ModelVersion: str | int
    ModelTags: dict[str, Any] | None = None


def version_registered(runtime: "Runtime", event: "func.EventGridEvent") -> bool:
    """Requests the deployment of a registered version, once; whether it did.

    Not for a version that is in service or older than the one in service, that was requested before, or that its own
    training run deploys (tag `deploy` = `run`). Raises DispatchError when the request did not get through: Event Grid
    delivers the event again.
    """
    data = _registered(event)
    model = (
        None if data is None else next((model for model in runtime.config.models if model.name == data.ModelName), None)
    )
    if data is None or model is None:
        return False
    version = str(data.ModelVersion)
    if (data.ModelTags or {}).get("deploy") == "run":
        return _skipped(model, version, "its training run deploys it")
    in_service = runtime.check(model).blobs.in_service()
    if in_service is not None and not _newer(version, in_service.version):
        return _skipped(model, version, f"version {in_service.version} is in service")
    if not _claim(runtime, model, version):
        return _skipped(model, version, "it was requested before")
    return _request(runtime, model, ModelRegistered(model.name, version, str(event.id)[:128]))


def _registered(event: Any) -> _Registered | None:
    """What the event says, where it is about a model version at all."""
    if event_type(event) != REGISTERED:
        emit("event_ignored", reason=f"not a registered model: {event_type(event)[:80]}")
        return None
    try:
        data = msgspec.convert(event_data(event), _Registered)
    except (msgspec.ValidationError, UnicodeError) as error:
        emit("event_ignored", reason=f"not a registered model: {error}")
        return None
    return data if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", str(data.ModelVersion)) else None


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

    Raises DispatchError where another delivery may be at it this moment.
    """
    for _ in range(_MOST_TRIES):
        now = datetime.now(UTC)
        state = runtime.ledger.state(model.name, now)
        before = state.announced.get(version)
        if before == SENT or any(
            not _newer(version, other) and other != version and stage == SENT
            for other, stage in state.announced.items()
        ):
            return False
        if before is not None:
            claimed = moment(before.removeprefix(_CLAIMED))
            if now < claimed + LEASE:
                raise DispatchRefusedError(
                    "another delivery of this event is being handled; it is looked at again", wait=True
                )
            if (
                runtime.dispatcher(model).find(ModelRegistered(model.name, version, "").correlation, claimed)
                is not None
            ):
                _write(runtime, model, version, SENT)
                return False
        kept = dict(list(state.announced.items())[-_MOST_ANNOUNCED:])
        try:
            runtime.ledger.commit(msgspec.structs.replace(state, announced={**kept, version: _CLAIMED + iso(now)}))
        except LedgerConflictError:
            continue
        return True
    raise DispatchRefusedError("the ledger is busy; the event is looked at again", wait=True)


def _write(runtime: "Runtime", model: "Model", version: str, stage: str | None) -> None:
    for _ in range(_MOST_TRIES):
        state = runtime.ledger.state(model.name, datetime.now(UTC))
        others = {name: value for name, value in state.announced.items() if name != version}
        try:
            runtime.ledger.commit(
                msgspec.structs.replace(state, announced=others if stage is None else {**others, version: stage})
            )
        except LedgerConflictError:
            continue
        return


def _skipped(model: "Model", version: str, reason: str) -> bool:
    emit("deployment_skipped", model=model.name, model_version=version, reason=reason)
    return False


def _newer(version: str, than: str) -> bool:
    """Azure ML counts versions; a name that is not a number cannot be older than another."""
    if version.isdecimal() and than.isdecimal():
        return int(version) > int(than)
    return version != than
