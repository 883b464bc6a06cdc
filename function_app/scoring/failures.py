"""What can go wrong when an endpoint is asked, as words that a page has a sentence for."""

from typing import Literal

from driftloop.errors import DriftloopError

Kind = Literal["not-set-up", "not-deployed", "not-allowed", "down", "slow", "busy", "nonsense"]


class ScoringError(DriftloopError):
    """No prediction: `kind` says why, the message what an operator should look at. Neither holds a measurement."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind


class FieldRefusedError(DriftloopError):
    """The model does not take a field's value: `field` is its name, and the message never its value."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
