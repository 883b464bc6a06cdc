"""A check of the check-up: of the set-up as a whole, or of one model. `driftloop.checkup.parts` finds more of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from driftloop.checkup.context import OneModel, SetUp
from driftloop.checkup.findings import Finding

Needs = Literal["", "github", "azure"]
"""What a check talks to; it is only made where the command line names that."""


@dataclass(frozen=True)
class SetUpCheck:
    """Looks at the set-up as a whole."""

    run: Callable[[SetUp], Iterable[Finding]]
    needs: Needs = ""


@dataclass(frozen=True)
class ModelCheck:
    """Looks at one model. Raises DriftloopError for what keeps it from looking: that is a finding, too."""

    run: Callable[[OneModel], Iterable[Finding]]
    needs: Needs = ""


Check = SetUpCheck | ModelCheck
