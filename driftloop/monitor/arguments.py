"""What a monitor's callers pass, as the types that it works with; a mistake is one line that says what to pass."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from driftloop.config.policy import Policy
from driftloop.errors import ConfigError, InputError
from driftloop.times import parse_time, utc_now
from driftloop.validation import with_article


def with_budget(policy: Policy | None, budget: int | None) -> Policy:
    """The policy with the budget, where one is said. Raises ConfigError for no whole number, or for two budgets."""
    if budget is None:
        return policy or Policy()
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
        raise ConfigError(f"budget: {budget!r} was given: pass a whole number of checks, at least 1")
    if policy is not None and policy.budget not in (budget, Policy().budget):
        raise ConfigError(f"budget {budget}, but the policy says {policy.budget}: say it in one place")
    return msgspec.structs.replace(policy or Policy(), budget=budget)


def moment_of(at: Any) -> datetime:
    """The moment that is meant, in UTC; now where none is. Raises InputError for what is no time."""
    if at is None:
        return utc_now()
    if isinstance(at, str):
        at = parse_time(at)
    if isinstance(at, datetime) and at == at:  # noqa: PLR0124 (pandas' NaT is a datetime, and differs from itself)
        with suppress(OverflowError):  # the first hours of year 1 elsewhere are none in UTC
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    elif isinstance(at, date) and not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day, tzinfo=UTC)
    raise InputError(f"at: {with_article(at)} was given: pass a time in ISO 8601, or a datetime")
