from typing import Any

import pytest
from azure.identity import (
    AzurePipelinesCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from driftloop.errors import DriftloopError
from sandbox.serving import Server
from workflows import cloud

WHO = {"AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "00000000-0000-4000-8000-00000000d71f"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example/x?y=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hush"}
DEVOPS = {
    "SYSTEM_ACCESSTOKEN": "token",
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/x",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection",
}


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        (WHO | GITHUB, ClientAssertionCredential),
        (WHO | DEVOPS, AzurePipelinesCredential),
        (WHO | GITHUB | {"AZURE_CLIENT_SECRET": "s"}, ClientSecretCredential),
        (WHO | GITHUB | {"AZURE_CLIENT_SECRET": ""}, ClientAssertionCredential),
        (GITHUB, DefaultAzureCredential),
        (WHO, DefaultAzureCredential),
    ],
)
def test_each_system_signs_in_by_its_own_means(
    environment: dict[str, str], kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert type(cloud.credential(environment)) is kind


def test_an_unreachable_issuer_of_assertions_is_one_line_that_holds_no_token() -> None:
    address = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/token"}  # nothing listens on the port "discard"
    with pytest.raises(DriftloopError, match="not signed in to Azure: run `az login`") as caught:
        cloud.sign_in(WHO | GITHUB | address)
    assert "\n" not in str(caught.value)
    assert GITHUB["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] not in str(caught.value)


def test_every_token_asks_github_for_a_new_assertion_and_again_after_a_hiccup() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: Request) -> JSONResponse:
        asked.append((str(request.query_params), request.headers["authorization"]))
        return JSONResponse({"value": "assertion"}, status_code=503 if len(asked) == 1 else 200)

    with Server(Starlette(routes=[Route("/token", answer)])) as server:
        address = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/token?y=1"}
        assert cloud._github_assertion(GITHUB | address) == "assertion"
    assert asked == [("y=1&audience=api%3A%2F%2FAzureADTokenExchange", "Bearer hush")] * 2


def test_a_reason_is_one_line() -> None:
    assert cloud.reason(ValueError("first\n  second")) == "first second"
