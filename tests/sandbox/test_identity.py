"""The token endpoint gives what the SDKs expect, to those who know its secret, and tokens are checked."""

import time

import jwt
import pytest
import requests
from starlette.applications import Starlette

from sandbox.identity import PATH, Identity, TokenError
from sandbox.serving import Server
from sandbox.waiting import HANG_SECONDS


def test_a_token_carries_the_claims_that_the_sdks_read() -> None:
    identity = Identity(tenant="t")
    token, expires = identity.token("https://vault.example", 60)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["tid"], claims["iss"]) == ("https://vault.example", "t", "https://sts.windows.net/t/")
    assert claims["nbf"] <= time.time() <= claims["exp"] == expires


def test_the_endpoint_asks_for_its_secret_header_and_a_resource() -> None:
    identity = Identity()
    query = {"api-version": "2019-08-01", "resource": "https://storage.azure.com"}
    headers = {"X-IDENTITY-HEADER": identity.environment("http://127.0.0.1")["IDENTITY_HEADER"]}
    with Server(Starlette(routes=[identity.route()])) as server:
        url = server.url + PATH
        assert requests.get(url, params=query, timeout=HANG_SECONDS).status_code == 401
        assert requests.get(url, headers=headers, timeout=HANG_SECONDS).status_code == 400
        answer = requests.get(url, params=query, headers=headers, timeout=HANG_SECONDS).json()
    assert identity.check(f"Bearer {answer['access_token']}")["aud"] == "https://storage.azure.com"
    assert answer["token_type"] == "Bearer"
    assert int(answer["expires_on"]) > time.time()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic abc",
        "Bearer ",
        "Bearer nonsense",
        f"Bearer {Identity().token('https://a')[0]}",
        f"Bearer {jwt.encode({'aud': 'a'}, '', algorithm='none')}",
    ],
    ids=["missing", "empty", "other-scheme", "no-token", "no-jwt", "foreign-issuer", "unsigned"],
)
def test_anything_but_an_own_token_is_refused(authorization: str | None) -> None:
    with pytest.raises(TokenError):
        Identity().check(authorization)


def test_an_expired_token_is_refused_with_azures_words() -> None:
    identity = Identity()
    with pytest.raises(TokenError, match="expiry UTC time"):
        identity.check(f"Bearer {identity.token('https://a', -1)[0]}")
