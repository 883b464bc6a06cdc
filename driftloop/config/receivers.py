"""Where alerts go: a Teams workflow, a Slack webhook, or any webhook, as `[[model.alerts]]` names them.

An address of Teams or Slack is a password: whoever has it can post. So it stands in the environment, never in the file,
and no message of this module repeats it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from driftloop.config.document import unfilled
from driftloop.config.targets import LOOPBACK
from driftloop.errors import ConfigError
from driftloop.events import AlertKind

KINDS: tuple[AlertKind, ...] = get_args(AlertKind)
HOSTS = {
    # Power Automate's addresses since 2025, and those of before; both in Azure's other clouds, too.
    "teams": ("*.environment.api.powerplatform.com", "*.logic.azure.com", "*.logic.azure.us", "*.logic.azure.cn"),
    "slack": ("hooks.slack.com", "hooks.slack-gov.com"),
}
"""Where an address of these two may lead: a variable that somebody else sets cannot send alerts to another company."""
PREFIX = "whsec_"
"""Begins a secret, as Standard Webhooks 1.0 writes it; the rest is base64."""
SECRET_BYTES = (24, 64)
"""What Standard Webhooks 1.0 asks of a secret's length."""
MOST_RECEIVERS = 8
"""Of one model: each takes a request for each alert."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_URL = re.compile(
    r"https?://[A-Za-z0-9._\-\[\]:]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
"""No user, fragment, backslash or space: readers of an address disagree about which host these name."""
_TOP = re.compile(r"[a-z][a-z0-9-]+")
_LINK = re.compile(r"https://[^\s<>|\"\\]+")
_LITERAL = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One receiver of a model's alerts."""

    to: Literal["teams", "slack", "webhook"]
    """A Teams workflow (adaptive card), a Slack incoming webhook (blocks), or any address (CloudEvents 1.0, signed)."""
    url: str
    """https, or this machine exactly. Of Teams and Slack `${NAME}` alone, because the address is a password."""
    name: str = ""
    """In logs and in `doctor`; when left out what `to` says."""
    on: tuple[AlertKind, ...] = KINDS
    """What to send."""
    language: Literal["en", "ja"] = "en"
    """Of the message."""
    secret: str | None = None
    """Of a webhook: what its messages are signed with, `${NAME}` alone; `whsec_` and 24 to 64 bytes in base64."""
    hosts: tuple[str, ...] = ()
    """Of a webhook: the hosts that its address may name, `*.example.com` for all below one. Empty: any."""
    link: str | None = None
    """Where the message leads, with `{report}`, `{model}` and `{check_id}`; without it the report's path is named."""

    def __repr__(self) -> str:
        """Without address and secret: a repr ends in logs."""
        return f"Receiver(to={self.to!r}, name={self.name!r})"


def with_names(receivers: Sequence[Receiver]) -> tuple[Receiver, ...]:
    """The receivers, those without a name named after what they are."""
    return tuple(each if each.name else msgspec.structs.replace(each, name=each.to) for each in receivers)


def check_written(tables: Any, where: str) -> None:
    """Raises ConfigError where a password stands in the file itself, before variables are filled in."""
    for number, table in enumerate(tables if isinstance(tables, list) else (), 1):
        if not isinstance(table, Mapping):
            continue
        url, secret, here = table.get("url"), table.get("secret"), f"{where}: alerts {number}"
        if isinstance(secret, str) and not _LITERAL.fullmatch(secret):
            raise ConfigError(
                f"{here}: secret: write ${{NAME}} and set that environment variable: a file is read by many"
            )
        if table.get("to") in HOSTS and isinstance(url, str) and not (_LITERAL.fullmatch(url) or _is_loopback(url)):
            raise ConfigError(
                f"{here}: url: write ${{NAME}} and set that environment variable: whoever reads this address can post"
            )


def validate_receivers(receivers: Sequence[Receiver], where: str) -> None:
    """Raises ConfigError for a receiver that cannot be right. What is not filled yet is not judged."""
    if len(receivers) > MOST_RECEIVERS:
        raise ConfigError(f"{where}: {len(receivers)} alerts: at most {MOST_RECEIVERS} receivers for a model")
    seen: set[str] = set()
    for number, receiver in enumerate(receivers, 1):
        here = f"{where}: alerts {number} ({receiver.to})"
        if not _NAME.fullmatch(receiver.name):
            raise ConfigError(f"{here}: name {receiver.name!r}: use lower-case letters, digits and '-', 40 at most")
        if receiver.name in seen:
            raise ConfigError(f"{here}: two receivers are named {receiver.name!r}: give each a name of its own")
        seen.add(receiver.name)
        if not receiver.on:
            raise ConfigError(f"{here}: on is empty: name what to send ({', '.join(KINDS)}), or remove the receiver")
        _check_url(receiver, here)
        _check_secret(receiver, here)
        if receiver.link is not None and not unfilled(receiver.link):
            _check_link(receiver.link, here)


def may_receive(receiver: Receiver) -> bool:
    """Whether the address is one that this receiver may have.

    Examples
    --------
    >>> may_receive(Receiver("slack", "https://hooks.slack.com/services/T0/B0/x"))
    True
    >>> may_receive(Receiver("slack", "https://hooks.slack.com.evil.example/services/T0/B0/x"))
    False
    """
    host, loopback = _host(receiver.url), _is_loopback(receiver.url)
    if host is None:
        return False
    allowed = HOSTS.get(receiver.to, receiver.hosts)
    return loopback or not allowed or any(_fits(host, each) for each in allowed)


def _check_url(receiver: Receiver, here: str) -> None:
    if receiver.hosts and receiver.to != "webhook":
        raise ConfigError(f"{here}: hosts: only a webhook has them; those of {receiver.to} are known")
    for host in receiver.hosts:
        if not _HOST.fullmatch(host):
            raise ConfigError(f"{here}: hosts: {host!r}: write a host in lower case, or *.example.com")
    if unfilled(receiver.url):
        return
    if _host(receiver.url) is None:
        raise ConfigError(
            f"{here}: url: must be https:// and a host's name, without user and fragment (http:// only on "
            f"{', '.join(sorted(LOOPBACK))}); is the variable that it names filled?"
        )
    if not may_receive(receiver):
        known = ", ".join(HOSTS.get(receiver.to, receiver.hosts))
        raise ConfigError(f"{here}: url: its host is none of {known}")


def _check_secret(receiver: Receiver, here: str) -> None:
    secret = receiver.secret
    if receiver.to != "webhook":
        if secret is not None:
            raise ConfigError(f"{here}: secret: only a webhook is signed; leave it out")
        return
    if secret is None:
        raise ConfigError(f'{here}: secret is missing: a webhook is signed; write secret = "${{NAME}}"')
    if not unfilled(secret) and key_of(secret) is None:
        least, most = SECRET_BYTES
        raise ConfigError(
            f"{here}: secret: must be {PREFIX} and {least} to {most} bytes in base64: "
            "python -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
        )


def key_of(secret: str) -> bytes | None:
    """The key that a secret holds; None where it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if secret.startswith(PREFIX) and SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1] else None


def _check_link(link: str, here: str) -> None:
    made = filled_link(link, report="r", model="m", check_id="c")
    if "{" in made or "}" in made:
        raise ConfigError(f"{here}: link: may hold {{report}}, {{model}} and {{check_id}}, and no other braces")
    if not _LINK.fullmatch(made):
        raise ConfigError(f"{here}: link: must be an https:// address")


def filled_link(link: str, **fields: str) -> str:
    """A link with its fields filled in.

    Examples
    --------
    >>> filled_link("https://a.example/{report}", report="reports/m/chk-1.html")
    'https://a.example/reports/m/chk-1.html'
    """
    for name, value in fields.items():
        link = link.replace(f"{{{name}}}", value)
    return link


def _host(url: str) -> str | None:
    """The host, where an alert may be sent there; None where it may not."""
    if not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if host in LOOPBACK:
        return host
    # A number in place of a name could be a machine inside: the metadata service of a cloud is one.
    # Readers take it in many forms (0x7f.1), all of which end in a digit's label; a name ends in letters.
    named = _HOST.fullmatch(host or "") and _TOP.fullmatch((host or "").rpartition(".")[2])
    return host if parts.scheme == "https" and host and named and "." in host else None


def _is_loopback(url: str) -> bool:
    return _host(url) in LOOPBACK


def _fits(host: str, allowed: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
