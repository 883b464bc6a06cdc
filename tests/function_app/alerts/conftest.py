"""The three services on loopback, and receivers that lead to them."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from driftloop.config.receivers import Receiver
from driftloop.events import Alert
from sandbox.serving import Server
from tests.function_app.alerts.services import Services

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()
NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = "bmi <!channel> & [click](https://evil.example) *x* \u202eabc :fire: <https://evil.example|ok>"


def an_alert(kind: str = "drift", event_id: str = "found-drift-1", **changes: object) -> Alert:
    fields = {"reasons": ("no change beyond chance", HOSTILE), "check_id": "chk-1", "report": "reports/m/chk-1.html"}
    return Alert(event_id, kind, "m", NOW, **{**fields, **changes})  # type: ignore[arg-type]


@dataclass
class Posts:
    """The services, and where they are."""

    services: Services
    url: str

    def receiver(self, to: str, path: str | None = None, **changes: object) -> Receiver:
        more = {"secret": SECRET} if to == "webhook" else {}
        return Receiver(to, f"{self.url}/{path or to}/very-secret", to, **{**more, **changes})  # type: ignore[arg-type]

    def all(self, **changes: object) -> tuple[Receiver, ...]:
        return tuple(self.receiver(to, **changes) for to in ("teams", "slack", "webhook"))


@pytest.fixture
def posts() -> Iterator[Posts]:
    services = Services(SECRET)
    with Server(services.app()) as server:
        yield Posts(services, server.url)
