"""Failures on order: what Azure does on a bad day, planned by a test and then played once, or as often as the test
says.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.arm.wire import ArmError

ALWAYS = 1_000_000


@dataclass
class _Plan:
    kind: str
    pattern: re.Pattern[str]
    error: ArmError
    times: int


@dataclass
class Faults:
    """Planned failures. Patterns are regular expressions, searched for; `times` says how often a plan is played."""

    _plans: list[_Plan] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: dict[str, tuple[re.Pattern[str], threading.Event]] = field(default_factory=dict)

    def refuse(
        self,
        method: str,
        path: str,
        status: int,
        code: str = "TooManyRequests",
        message: str = "Planned by the test.",
        *,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Answer matching requests with `status` before they reach their handler: throttling (429), an outage (503), a
        denial (403).
        """
        self._add(f"request {method}", path, ArmError(status, code, message, headers), times)

    def deployment(self, name: str, code: str, message: str, *, times: int = 1) -> None:
        """Let the creation of deployments whose `endpoint/name` matches fail after it was accepted: OutOfQuota,
        ImageBuildFailure, ...
        """
        self._add("deployment", name, ArmError(400, code, message), times)

    def traffic(self, endpoint: str, code: str, message: str, *, times: int = 1) -> None:
        """Let updates of matching endpoints fail after they were accepted: the endpoint then stands in state Failed."""
        self._add("traffic", endpoint, ArmError(400, code, message), times)

    def step(self, name: str, message: str = "Planned by the test.", *, times: int = 1) -> None:
        """Let matching pipeline steps fail instead of running."""
        self._add("step", name, ArmError(400, "UserError", message), times)

    def hold(self, kind: str, name: str) -> threading.Event:
        """Keep operations on a matching `endpoint` or `deployment` ("endpoint/name") under way until the returned event
        is set.
        """
        released = threading.Event()
        with self._lock:
            self._held[kind] = (re.compile(name), released)
        return released

    def wait_while_held(self, kind: str, name: str) -> None:
        """Block while `name` is held."""
        held = self._held.get(kind)
        if held is not None and held[0].search(name):
            held[1].wait()

    def clear(self) -> None:
        """Forget what has not been played yet, and let go of what is held."""
        with self._lock:
            self._plans.clear()
            for _, released in self._held.values():
                released.set()
            self._held.clear()

    def pending(self) -> int:
        """How many plans are left to play: a test that expects a failure asserts that this is 0."""
        with self._lock:
            return len(self._plans)

    def raise_planned(self, method: str, path: str) -> None:
        """Raise what is planned for this request, if anything."""
        self.raise_planned_for(f"request {method}", path)

    def raise_planned_for(self, kind: str, name: str) -> None:
        """Raise what is planned for `name`, if anything, and use it up."""
        error = self.take(kind, name)
        if error is not None:
            raise error

    def take(self, kind: str, name: str) -> ArmError | None:
        """The error planned for `name`, used up; None when nothing is planned."""
        with self._lock:
            for plan in self._plans:
                if plan.kind == kind and plan.pattern.search(name):
                    plan.times -= 1
                    if plan.times == 0:
                        self._plans.remove(plan)
                    return plan.error
        return None

    def _add(self, kind: str, pattern: str, error: ArmError, times: int) -> None:
        with self._lock:
            self._plans.append(_Plan(kind, re.compile(pattern), error, times))
