"""Decides every call by the role assignments, and keeps what was asked for."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.access.grants import Grant, provisioned
from sandbox.principals import ALL, Principal


@dataclass(frozen=True, order=True)
class Use:
    """What an identity asked for: an action on a resource or container, and the roles that allow it; none: refused."""

    who: str
    action: str
    scope: str
    roles: tuple[str, ...]


class DeniedError(Exception):
    """No role assignment allows it; the message is Resource Manager's."""

    def __init__(self, principal: Principal, action: str, scope: str) -> None:
        super().__init__(
            f"The client '{principal.client_id}' ({principal.name}) with object id '{principal.object_id}' does not "
            f"have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access "
            "was recently granted, please refresh your credentials."
        )
        self.principal, self.action, self.scope = principal, action, scope


class AccessControl:
    """The grants of one subscription. Safe to use from several threads."""

    def __init__(self, grants: Iterable[Grant] | None = None) -> None:
        self._grants = list(provisioned() if grants is None else grants)
        self._uses: Counter[Use] = Counter()
        self._lock = threading.Lock()

    def require(self, principal: Principal, actions: tuple[str, ...], scope: str, *, data: bool) -> None:
        """Any one of the actions is enough, as Azure documents for some operations. Raises DeniedError."""
        with self._lock:
            mine = [grant for grant in self._grants if grant.principal == principal and grant.covers(scope)]
            for action in actions:
                if roles := tuple(sorted({grant.role.name for grant in mine if grant.role.allows(action, data=data)})):
                    self._uses[Use(principal.name, action, scope, roles)] += 1
                    return
            self._uses[Use(principal.name, actions[0], scope, ())] += 1
        raise DeniedError(principal, actions[0], scope)

    def revoke(self, principal: Principal, role: str, scope: str) -> None:
        """Take a role assignment away, as an operator might: for a test of that day. Raises ValueError for none."""
        with self._lock:
            kept = [
                grant
                for grant in self._grants
                if (grant.principal, grant.role.name, grant.scope) != (principal, role, scope)
            ]
            if len(kept) == len(self._grants):
                raise ValueError(f"{principal.name} has no {role} on {scope}")
            self._grants = kept

    def grants(self) -> list[Grant]:
        """The role assignments as they are now."""
        with self._lock:
            return list(self._grants)

    def uses(self) -> list[Use]:
        """Everything that was asked for so far, each once, in order."""
        with self._lock:
            return sorted(self._uses)


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Whose token it is."""
    return ALL[str(claims["oid"])]
