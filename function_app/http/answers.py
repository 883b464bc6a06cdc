"""What the HTTP API takes and answers: each body as a type, of which its OpenAPI description is made."""

from typing import Annotated, Any, Literal

import msgspec

from driftloop.ledger.drifts import Drift, Moment
from driftloop.ledger.ledger import CheckRecord

HIDDEN = ("etag", "claimed_by", "lease_until", "outbox")  # of a drift: what only processes need
MOST_CAUSES = 20  # that one answer holds, each with its models
MOST_CHECKS = 200  # that one answer holds: a page of a few hundred kB


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model to check; null, or no body, for all of them."""

    model: str | None = None


class Queued(msgspec.Struct, frozen=True):
    """The models that a check was asked for, or waits for already."""

    queued: list[str]


class Checks(msgspec.Struct, frozen=True):
    """Checks, the newest first."""

    checks: list[CheckRecord]


DriftAnswer: Any = msgspec.defstruct(
    "Drift",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(Drift)
        if field.name not in HIDDEN
    ],
    frozen=True,
    kw_only=True,
    module=__name__,
    namespace={"__doc__": Drift.__doc__},
)


class CheckAnswer(CheckRecord, frozen=True, kw_only=True, tag=False):
    """One check, and the drift that it belongs to with everything that became of it."""

    drift: DriftAnswer | None = None

    @classmethod
    def of(cls, check: CheckRecord, drift: Drift | None) -> "CheckAnswer":
        """From the ledger's rows."""
        found = None if drift is None else DriftAnswer(**{name: getattr(drift, name) for name in _SHOWN})
        return cls(**msgspec.structs.asdict(check), drift=found)


class CommonCauseAnswer(msgspec.Struct, frozen=True):
    """Many drifts at once: `columns` moved in at least half of the `models`. `released_at` is null while their retrains
    wait for a person, or go on without one.
    """

    cause_id: str
    since: Moment
    until: Moment
    watched: int
    expected: float
    bound: int
    released_at: Moment | None
    models: list[str]
    columns: list[str]


class CommonCauses(msgspec.Struct, frozen=True):
    """Common causes, the newest first; `action` is what the configuration does with their retrains."""

    action: Literal["hold", "pace", "send"]
    causes: list[CommonCauseAnswer]


class Released(msgspec.Struct, frozen=True):
    """A common cause that was released, and the models whose drifts go on."""

    cause_id: str
    models: list[str]


class FailingReceiver(msgspec.Struct, frozen=True):
    """A receiver of alerts that has failed for a day or longer, by its name in driftloop.toml."""

    receiver: str
    since: Moment
    error: str


class ModelHealthAnswer(msgspec.Struct, frozen=True):
    """One model: `overdue_since` is the tick that no check has followed, null where all is well."""

    model: str
    last_checked_at: Moment | None
    last_verdict: str | None
    last_error: str | None
    overdue_since: Moment | None
    failing_receivers: list[FailingReceiver] = []


class HealthAnswer(msgspec.Struct, frozen=True):
    """All models."""

    status: Literal["healthy", "overdue"]
    models: list[ModelHealthAnswer]


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457)."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"


Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST_CHECKS)]
_SHOWN = tuple(field.name for field in msgspec.structs.fields(DriftAnswer))
