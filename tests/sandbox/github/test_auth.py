import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.github import GitHubStandIn
from tests.sandbox.github.client import Client


@pytest.mark.parametrize(
    ("permissions", "kind", "sees", "status", "message"),
    [
        ({"contents": "write"}, "personal", True, 204, ""),
        ({"contents": "read"}, "personal", True, 403, "Resource not accessible by personal access token"),
        ({"actions": "write"}, "integration", True, 403, "Resource not accessible by integration"),
        ({"contents": "write"}, "personal", False, 404, "Not Found"),
    ],
)
def test_a_token_may_dispatch_only_with_contents_write_on_this_repository(
    quick: GitHubStandIn, permissions: dict[str, str], kind: str, sees: bool, status: int, message: str
) -> None:
    token = quick.tokens.issue(permissions, kind=kind, sees_repository=sees)
    answer = Client(quick, token).dispatch("drift-detected")
    assert answer.status_code == status
    assert status == 204 or answer.json()["message"] == message
    assert len(quick.runs) == (status == 204)


def test_a_token_that_is_unknown_revoked_or_expired_is_a_bad_credential(quick: GitHubStandIn) -> None:
    revoked = quick.tokens.issue({"contents": "write"})
    quick.tokens.revoke(revoked)
    expired = quick.tokens.issue({"contents": "write"}, lifetime=-1)
    for token in ("nonsense", revoked, expired):
        answer = Client(quick, token).dispatch("x")
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_another_repository_and_a_caller_without_a_token_see_nothing(quick: GitHubStandIn) -> None:
    client = Client(quick)
    assert client.send("POST", "/repos/proseware/other/dispatches", {"event_type": "x"}).status_code == 404
    assert client.send("POST", "/repos/PROSEWARE/Driftloop/dispatches", {"event_type": "x"}).status_code == 204
    anonymous = client.send("POST", "/repos/-/dispatches", {"event_type": "x"}, Authorization="")
    assert anonymous.status_code in (401, 404)


def assertion(key: str, **claims: Any) -> str:
    now = int(time.time())
    return jwt.encode({"iat": now - 60, "exp": now + 540} | claims, key, algorithm="RS256")


def test_an_app_trades_its_jwt_for_an_installation_token_that_may_dispatch(quick: GitHubStandIn) -> None:
    app = Client(quick, assertion(quick.tokens.app_key, iss=str(quick.tokens.app_id)))
    installation = app.send("GET", "/repos/-/installation").json()
    assert installation["id"] == quick.tokens.installation_id
    answer = app.send("POST", f"/app/installations/{installation['id']}/access_tokens", {"repositories": ["driftloop"]})
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert Client(quick, token).dispatch("drift-detected").status_code == 204
    quick.tokens.revoke_installation_tokens()
    assert Client(quick, token).dispatch("drift-detected").status_code == 401
    assert Client(quick).dispatch("drift-detected").status_code == 204


def test_an_installation_token_can_be_asked_for_less_and_not_for_more_than_the_app_has(quick: GitHubStandIn) -> None:
    app = Client(quick, assertion(quick.tokens.app_key, iss=quick.tokens.client_id))
    path = f"/app/installations/{quick.tokens.installation_id}/access_tokens"
    less = app.send("POST", path, {"permissions": {"contents": "read"}}).json()
    assert less["permissions"] == {"contents": "read"}
    assert Client(quick, less["token"]).dispatch("x").status_code == 403
    assert app.send("POST", path, {"permissions": {"administration": "write"}}).status_code == 422
    assert app.send("POST", path, {"repositories": ["other"]}).status_code == 422
    assert app.send("POST", "/app/installations/1/access_tokens").status_code == 404


def test_a_jwt_that_github_would_refuse_is_refused(quick: GitHubStandIn) -> None:
    key, app_id, now = quick.tokens.app_key, str(quick.tokens.app_id), int(time.time())
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    tokens = {
        "another key": assertion(foreign.decode(), iss=app_id),
        "another app": assertion(key, iss="1"),
        "expired": assertion(key, iss=app_id, iat=now - 900, exp=now - 300),
        "valid for more than ten minutes": assertion(key, iss=app_id, exp=now + 3600),
        "from the future": assertion(key, iss=app_id, iat=now + 300),
        "without an issuer": assertion(key),
        "signed with a shared secret": jwt.encode(
            {"iss": app_id, "iat": now, "exp": now + 60}, "x" * 32, algorithm="HS256"
        ),
        "an installation's own token": quick.token,
    }
    for name, token in tokens.items():
        assert Client(quick, token).send("GET", "/repos/-/installation").status_code == 401, name
    old = assertion(key, iss=app_id)
    quick.tokens.rotate_app_key()
    assert Client(quick, old).send("GET", "/repos/-/installation").status_code == 401
