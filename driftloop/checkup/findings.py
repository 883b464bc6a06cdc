"""What a check-up finds: how bad it is, where, what it is, and what fixes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
ORDER: dict[str, int] = {"error": 0, "warning": 1, "note": 2}
"""An error must be fixed: the loop cannot run, or would learn from the wrong data. A warning should be looked at. A
note changes nothing.
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `fix` says what to do; empty for a note that asks for nothing."""

    severity: Severity
    where: str
    what: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `fix` keeps the key `mend` that readers of the output know."""
        return {"mend" if name == "fix" else name: value for name, value in asdict(self).items()}

    @property
    def line(self) -> str:
        """The finding on one line."""
        return f"{self.severity}: {self.where}: {self.what}{f': {self.fix}' if self.fix else ''}"


def error(where: str, what: str, fix: str) -> Finding:
    """Something that must be fixed."""
    return Finding("error", where, what, fix)


def warning(where: str, what: str, fix: str) -> Finding:
    """Something to look at."""
    return Finding("warning", where, what, fix)


def note(where: str, what: str, fix: str = "") -> Finding:
    """Something to know."""
    return Finding("note", where, what, fix)


def ordered(findings: list[Finding]) -> list[Finding]:
    """The worst first, each once, otherwise in the order in which they were found."""
    return sorted(dict.fromkeys(findings), key=lambda finding: ORDER[finding.severity])
