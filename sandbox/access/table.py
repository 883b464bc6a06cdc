"""Who asked for what in a run, as the table of docs/identities.md."""

from collections import defaultdict
from collections.abc import Iterable

from sandbox.access.control import Use
from sandbox.principals import OWNER

HEAD = ("who", "on", "asks for", "by the role")
_KINDS = {"data": "data storage", "ml": "Azure ML storage", "workspace": "workspace", "vault": "Key Vault"}


def rows(uses: Iterable[Use]) -> list[tuple[str, str, str, str]]:
    """A row for each identity, resource and role, without the owner of the subscription, who sets things up."""
    asked: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for use in uses:
        if use.who != OWNER.name:
            asked[use.who, _resource(use.scope), ", ".join(use.roles) or "none: refused"].add(_short(use.action))
    return [
        (who, where, ", ".join(f"`{action}`" for action in sorted(actions)), role)
        for (who, where, role), actions in sorted(asked.items())
    ]


def markdown(uses: Iterable[Use]) -> str:
    """The table."""
    lines = [HEAD, ("---",) * len(HEAD), *rows(uses)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _resource(scope: str) -> str:
    resource, _, inside = scope.partition("/")
    if resource == "data" and inside:
        kind, _, name = inside.rpartition("/")
        return f"`{name}`" + (f" ({kind.removesuffix('s')})" if kind else "")
    return _KINDS[resource] + (f", `{inside}`" if resource == "vault" else "")


def _short(action: str) -> str:
    """Without the provider and the type of the resource itself, which the row names."""
    parts = action.split("/")
    if parts[0] == "Microsoft.Storage":
        return "/".join(parts[4:] if len(parts) > 4 else parts[2:])
    return "/".join(parts[2:])
