"""Events and files between the parts: ids, the two events that start workflows, and the two files that come back.

Payloads carry identifiers, not data. `docs/architecture.md` names every field; nothing here is Azure's or GitHub's.
"""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from driftloop.errors import InputError

Reason = Literal["drift", "degraded"]
AlertKind = Literal["incident", "drift", "promotion", "rejection", "failure", "rollback", "overdue", "common_cause"]
VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""A model's version as Azure Machine Learning writes it; it becomes part of a blob's path."""
_Kind = TypeVar("_Kind")


def check_id(model: str, baseline_sha256: str, window_sha256: str) -> str:
    """Name a check: the same window against the same baseline is the same check, however often it is made.

    Examples
    --------
    >>> check_id("diabetes", "a" * 64, "b" * 64)
    'chk-08697f28f5df'
    """
    return "chk-" + _digest(model, baseline_sha256, window_sha256)


def drift_id(model: str, baseline_sha256: str, epoch: int) -> str:
    """Name a drift: one for each epoch of a baseline's evidence; the epoch grows when a drift is closed."""
    return "drift-" + _digest(model, baseline_sha256, str(epoch))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


class DriftDetected(msgspec.Struct, frozen=True):
    """Starts a retrain.

    `as_of`: the newest record time of the evidence, so that a repeated run trains on the same. `since`: its oldest,
    where the new regime began. `attempt`: which try this is; of two runs of one try, one trains (`workflows.fence`).
    """

    event_type: ClassVar[str] = "drift-detected"

    drift_id: str
    check_id: str
    model: str
    baseline_version: str
    reason: Reason
    as_of: str
    since: str
    attempt: int = 1

    @property
    def correlation(self) -> str:
        """What the run that it starts carries in its name."""
        return self.drift_id

    def payload(self) -> dict[str, Any]:
        """The client payload: at most GitHub's 10 keys."""
        return msgspec.structs.asdict(self)


class ModelRegistered(msgspec.Struct, frozen=True):
    """Starts a deployment of a version that was registered outside of the training workflow."""

    event_type: ClassVar[str] = "model-registered"

    model: str
    version: str
    event_id: str

    @property
    def correlation(self) -> str:
        """What the run that it starts carries in its name."""
        return f"{self.model} {self.version}"

    def payload(self) -> dict[str, Any]:
        """The client payload: at most GitHub's 10 keys."""
        return msgspec.structs.asdict(self)


class InService(msgspec.Struct, frozen=True):
    """`baselines/<model>/in-service.json`: the version that takes all traffic, and the hash of its baseline.

    `previous`: the version before; `rolled_back`: one that was taken back manually for this one; `endpoint`: the name
    of the one that serves it.
    """

    model: str
    version: str
    baseline_sha256: str
    job: str | None = None
    drift_id: str | None = None
    deployment: str | None = None
    deployed_at: str | None = None
    previous: str | None = None
    rolled_back: str | None = None
    endpoint: str | None = None


class PutBack(msgspec.Struct, frozen=True):
    """`baselines/<model>/put-back.json`: a version whose deployment failed, and the one that serves again (None: none).

    `at` tells one failure from the next.
    """

    model: str
    version: str
    serves: str | None
    at: str
    run_url: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """`outcomes/<drift_id>.json`: how the run ended that this drift started.

    `at` tells a second attempt's outcome from the first's.
    """

    drift_id: str
    outcome: Literal["promoted", "rejected", "failed"]
    model: str
    at: str
    model_version: str | None = None
    job: str | None = None
    run_url: str | None = None
    gate: dict[str, Any] | None = None


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """What people are told of: the `data` of a webhook's CloudEvent, and what Teams and Slack show of it.

    Identifiers, counts and the engine's own sentences; never a record. `p`: the chance of evidence this strong at one
    check without drift. `files`: at most twenty of the `files_set_aside`. `report`: a path in the storage account.
    `model`: of a common cause the one whose receivers are told, which stands for all.
    """

    event_id: str
    kind: AlertKind
    model: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    reasons: tuple[str, ...] = ()
    check_id: str | None = None
    drift_id: str | None = None
    p: float | None = None
    files: tuple[str, ...] = ()
    files_set_aside: int = 0
    version: str | None = None
    previous: str | None = None
    run_url: str | None = None
    report: str | None = None
    since: str | None = None


def read_in_service(content: bytes, where: str) -> InService:
    """Decode the pointer.

    Parameters
    ----------
    content : the file.
    where : its path, for the message.

    Raises
    ------
    InputError
        When it is damaged: an unreadable pointer does not mean that no model is in service.
    """
    pointer = _decode(content, InService, where)
    if not re.fullmatch(r"[0-9a-f]{64}", pointer.baseline_sha256):
        raise InputError(f"{where}: baseline_sha256 is not a SHA-256 in hexadecimal: deploy the model again")
    if not VERSION.fullmatch(pointer.version):
        raise InputError(f"{where}: version is not a model's version: deploy the model again")
    return pointer


def read_outcome(content: bytes, where: str) -> Outcome:
    """Decode what the training workflow wrote, from the file at `where`. Raises InputError when it is damaged."""
    return _decode(content, Outcome, where)


def read_put_back(content: bytes, where: str) -> PutBack:
    """Decode what a deployment wrote that failed, from the file at `where`. Raises InputError when it is damaged."""
    return _decode(content, PutBack, where)


def _decode(content: bytes, kind: type[_Kind], where: str) -> _Kind:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        # What the decoder quotes in single quotes is the file's own text.
        reason = re.sub(r"'.*'", "…", str(error), flags=re.DOTALL) or type(error).__name__
        raise InputError(
            f"{where}: {reason}: it was not written by Driftloop's workflows, or is damaged; write it again"
        ) from None
