"""What was decided, and on which ground; who decides is the caller's: nobody, or a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A value, empty for none, and why it was taken."""

    value: str
    ground: str


Accept = Callable[[str], str]
"""A person's answer as the value that it stands for. Raises InputError for one that cannot be meant."""
Decide = Callable[[str, Choice, Accept], Choice]
"""A question, what the data suggest, and which answers are taken: the choice that holds."""


def take_suggestion(question: str, suggested: Choice, accept: Accept) -> Choice:
    """Decide without asking anybody."""
    del question, accept
    return suggested


GIVEN = "given on the command line"
