"""A credential of one identity of the sandbox, without the way over HTTP and the environment of a process."""

from azure.core.credentials import AccessToken

from sandbox.identity import Identity
from sandbox.principals import Principal


class Signed:
    """Signed in as the identity, for the resource that is asked for or always for `resource`."""

    def __init__(self, identity: Identity, principal: Principal, resource: str | None = None) -> None:
        self._identity, self._principal, self._resource = identity, principal, resource

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """A token of the identity."""
        resource = self._resource or scopes[0].removesuffix("/.default")
        return AccessToken(*self._identity.token(resource, principal=self._principal))
