"""Where a token may be sent: by TLS to any host, in the clear to this machine alone."""

from __future__ import annotations

import pytest

from driftloop.config.models import parse
from driftloop.config.targets import sends_safely
from driftloop.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "https://api.github.com",
        "https://ghes.example:8443/api/v3",
        "http://127.0.0.1:8080",
        "http://localhost/x",
        "http://[::1]:80",
    ],
)
def test_tls_or_loopback_is_taken(url: str) -> None:
    assert sends_safely(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example",  # a prefix says nothing about the host
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:secret@api.github.com",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1#@evil.example",
        "https://api.github.com?x=1",
        "https://",
        "https:///path",
        "https://host:99999",
        "http://0.0.0.0",
        "http://127.0.0.2",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        " https://api.github.com",
        "https://api.github.com\n",
    ],
)
def test_any_other_address_is_refused_when_the_configuration_is_read(url: str) -> None:
    assert not sends_safely(url)
    for target in ({"target": "github", "repository": "o/r"},
                   {"target": "azure-devops", "organization": "o", "project": "p", "pipeline": 1}):  # fmt: skip
        with pytest.raises(ConfigError, match="must start with https"):
            parse({"model": [{"name": "m", "dispatch": {**target, "api_url": url}}]}, environ={})
