"""What Event Grid tells: data has landed, a model version was registered.

Both event schemas; duplicates, other types and hostile bodies end here.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from driftloop.errors import DispatchError
from driftloop.events import ModelRegistered
from driftloop.ledger import LedgerConflictError
from driftloop.times import format_time, parse_time
from function_app.checks.fan_out import Message, ask
from function_app.checks.retraining import LEASE
from function_app.dispatch.requests import DispatchRefusedError, DispatchUncertainError
from function_app.telemetry.events import emit

if TYPE_CHECKING:
    import azure.functions as func

    from driftloop.config.models import Model
    from function_app.runtime import Runtime

REGISTERED = "Microsoft.MachineLearningServices.ModelRegistered"
BLOB_CREATED = "Microsoft.Storage.BlobCreated"
QUIET = timedelta(seconds=60)  # files land in groups: one check for all that land within it
SENT = "sent"
_CLAIMED = "claimed "
_MOST_ANNOUNCED = 30
_MOST_TRIES = 8
_SUBJECT = re.compile(r"/blobServices/default/containers/(?P<container>[a-z0-9-]+)/blobs/(?P<name>.+)", re.DOTALL)
_last_asked: dict[str, float] = {}


class _Registered(msgspec.Struct, frozen=True, rename="camel"):
    model_name: str
    model_version: str | int
    model_tags: dict[str, Any] | None = None


def data_landed(runtime: "Runtime", event: "func.EventGridEvent") -> list[str]:
    """Asks for a check of the models whose records the blob belongs to; returns their names.

    The timer's check then finds nothing new.
    """
    from function_app.incoming.sources import expression

    subject = event.subject if isinstance(event.subject, str) else ""
    match = _SUBJECT.fullmatch(subject)
    if _type(event) != BLOB_CREATED or match is None:
        emit("event_ignored", reason=f"not a new blob: {_type(event)[:80]}")
        return []
    asked = []
    for model in runtime.config.models:
        container, _, path = model.records.partition("/")
        if container == match["container"] and expression(path).fullmatch(match["name"]) and _is_first(model.name):
            ask(runtime, [Message(model.name)], QUIET + timedelta(seconds=model.settle_seconds))
            asked.append(model.name)
    return asked


def _is_first(model: str) -> bool:
    # By the machine's running time: a check that was asked for less than QUIET ago has not begun yet.
    now = time.monotonic()
    if now - _last_asked.get(model, float("-inf")) < QUIET.total_seconds():
        return False
    _last_asked[model] = now
    return True


def version_registered(runtime: "Runtime", event: "func.EventGridEvent") -> bool:
    """Requests the deployment of a registered version, once; whether it did.

    Not for a version that is in service or older than the one in service, that was requested before, or that its own
    training run deploys (tag `deploy` = `run`). Raises DispatchError when the request did not get through: Event Grid
    delivers the event again.
    """
    data = _registered(event)
    if data is None:
        return False
    model = next((model for model in runtime.config.models if model.name == data.model_name), None)
    if model is None:
        return False
    version = str(data.model_version)
    if (data.model_tags or {}).get("deploy") == "run":
        return _skipped(model, version, "its training run deploys it")
    in_service = runtime.check(model).blobs.in_service()
    if in_service is not None and not _newer(version, in_service.version):
        return _skipped(model, version, f"version {in_service.version} is in service")
    if not _claim(runtime, model, version):
        return _skipped(model, version, "it was requested before")
    return _request(runtime, model, ModelRegistered(model.name, version, str(event.id)[:128]))


def _registered(event: Any) -> _Registered | None:
    """What the event says, where it is about a model version at all."""
    if _type(event) != REGISTERED:
        emit("event_ignored", reason=f"not a registered model: {_type(event)[:80]}")
        return None
    try:
        data = msgspec.convert(_as_the_sdks_spell(_data(event)), _Registered)
    except (msgspec.ValidationError, UnicodeError) as error:
        emit("event_ignored", reason=f"not a registered model: {error}")
        return None
    return data if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", str(data.model_version)) else None


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
            claimed = parse_time(before.removeprefix(_CLAIMED))
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
            runtime.ledger.commit(
                msgspec.structs.replace(state, announced={**kept, version: _CLAIMED + format_time(now)})
            )
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


def _type(event: Any) -> str:
    # The Event Grid schema says event_type, CloudEvents says type; the binding hands over one or the other.
    found = getattr(event, "event_type", None) or getattr(event, "type", None)
    return found if isinstance(found, str) else ""


def _as_the_sdks_spell(data: Any) -> Any:
    """`modelName`, as Microsoft's SDKs read the fields of a registered model; its documentation writes `ModelName`."""
    if not isinstance(data, dict):
        return data
    documented = {f"m{name[1:]}": value for name, value in data.items() if str(name).startswith("Model")}
    return documented | data


def _data(event: Any) -> Any:
    return event.get_json() if hasattr(event, "get_json") else event.data
