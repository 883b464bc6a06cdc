"""Where a drift is sent: GitHub, Azure DevOps, or nowhere yet."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from driftloop.config.document import unfilled
from driftloop.errors import ConfigError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The only hosts that a token may reach without TLS: it does not leave the machine."""
_URL = re.compile(r"https?://[A-Za-z0-9._\-\[\]:/~%]+")
"""No user, query, fragment, backslash or space: readers of a URL disagree about which host these name."""
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class GitHubTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="github"):
    """`repository_dispatch` on github.com or, by `api_url`, on a GitHub Enterprise Server."""

    repository: str
    """`owner/name`."""
    api_url: str = "https://api.github.com"
    """Of the REST API: https, or http on this machine alone."""


class AzureDevOpsTarget(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="azure-devops"
):
    """A run of an Azure DevOps pipeline."""

    organization: str
    """The first part of the organization's address."""
    project: str
    """Its name or id."""
    pipeline: int
    """The pipeline's number, the `definitionId` in its address."""
    branch: str = "main"
    """The one that it runs on."""
    api_url: str = "https://dev.azure.com"
    """Of the REST API: https, or http on this machine alone."""


class DryRunTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="target", tag="dry-run"):
    """Everything but the request: for the first days, until the verdicts are trusted."""


Target = GitHubTarget | AzureDevOpsTarget | DryRunTarget


def validate_target(target: Target, where: str) -> None:
    """Raises ConfigError for a repository or an address that cannot be right. What is not filled yet is not judged."""
    if isinstance(target, DryRunTarget):
        return
    repository = target.repository if isinstance(target, GitHubTarget) else None
    if repository is not None and not unfilled(repository) and not _REPOSITORY.fullmatch(repository):
        raise ConfigError(f"{where}: dispatch.repository = {repository!r}: write owner/name")
    if not unfilled(target.api_url) and not sends_safely(target.api_url):
        raise ConfigError(
            f"{where}: dispatch.api_url = {target.api_url!r}: must start with https:// and name a host alone, because "
            f"a token is sent there (http:// only on {', '.join(sorted(LOOPBACK))})"
        )


def sends_safely(url: str) -> bool:
    """Whether a token may be sent to this address: by TLS to any host, or in the clear to this machine alone.

    Examples
    --------
    >>> sends_safely("https://api.github.com")
    True
    >>> sends_safely("http://127.0.0.1:8080"), sends_safely("http://127.0.0.1.evil.example")
    (True, False)
    """
    if not _URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or host in LOOPBACK)
