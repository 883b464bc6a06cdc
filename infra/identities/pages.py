"""Sign-in to the pages: the application that people use, and the role by which the function app asks models."""

from __future__ import annotations

from infra.identities.azure import Azure
from infra.identities.role_definitions import RoleDefinitions, scoring_role
from infra.identities.shell import SetUpError
from infra.identities.wanted import Credential, Grant

CLIENT_ID = "DRIFTLOOP_PAGES_CLIENT_ID"
SCORING_ROLE = str(scoring_role("")["Name"])
_CALLBACK = "/.auth/login/aad/callback"  # where App Service authentication takes the answer of Entra
_FROM_DEPLOYMENT = ("AZURE_FUNCTION_APP", "DRIFTLOOP_FUNCTION_PRINCIPAL", "DRIFTLOOP_HEALTH_URL")


class Pages:
    """The application NAME-pages of one resource group, and the function app's role on the workspace."""

    def __init__(self, azure: Azure, name: str, group: str) -> None:
        self._azure, self._name, self._group = azure, name, group

    def ensure(self, outputs: dict[str, str], workspace: str | None) -> str:
        """Both exist as wanted; returns the client id.

        Parameters
        ----------
        outputs : dict[str, str]
            Those of the deployment of main.bicep.
        workspace : str or None
            The resource id of the Azure ML workspace.

        Raises
        ------
        SetUpError
            There is no function app yet that could ask or show anything.
        """
        if workspace is None or any(name not in outputs for name in _FROM_DEPLOYMENT):
            raise SetUpError("--pages needs the function app: provision first (azd provision), then run this again")
        principal = outputs["DRIFTLOOP_FUNCTION_PRINCIPAL"]
        client = self._application(outputs["DRIFTLOOP_HEALTH_URL"].removesuffix("/api/health") + _CALLBACK, principal)
        RoleDefinitions(self._azure.shell, self._azure.subscription).ensure(scoring_role(self._group))
        why = "Asks endpoints for predictions, for the page for practitioners."
        self._azure.assign(principal, Grant(SCORING_ROLE, workspace, why))
        return client

    def remove(self) -> None:
        """The application and the role, with the assignments that would keep its definition."""
        self._azure.remove(f"{self._name}-pages")
        for one in self._azure.assigned(SCORING_ROLE, self._group):
            self._azure.shell.change("az", "role", "assignment", "delete", "--ids", one["id"])
        RoleDefinitions(self._azure.shell, self._azure.subscription).remove(scoring_role(self._group))

    def _application(self, callback: str, principal: str) -> str:
        """People of the tenant sign in and are distinguished by id tokens; the function app proves itself by its
        identity, so there is no client secret.
        """
        tokens = ("--enable-id-token-issuance", "true", "--web-redirect-uris")
        app, service, present = self._azure.application(f"{self._name}-pages", *tokens, callback)
        change = self._azure.shell.change
        web = app.get("web", {})
        callbacks = web.get("redirectUris", [])
        if callback not in callbacks or not web.get("implicitGrantSettings", {}).get("enableIdTokenIssuance"):
            every = dict.fromkeys([*callbacks, callback])  # of another environment of the same tenant, too
            change("az", "ad", "app", "update", "--id", app["id"], *tokens, *every)
        if not service.get("appRoleAssignmentRequired"):  # else everybody of the tenant would get in
            change("az", "ad", "sp", "update", "--id", app["appId"], "--set", "appRoleAssignmentRequired=true")
        issuer = f"https://login.microsoftonline.com/{self._azure.tenant}/v2.0"
        self._azure.trust(app["id"], Credential("function-app", issuer, principal), present)
        return str(app["appId"])


def told(client: str) -> str:
    """What is left to do."""
    return (
        f"pages: azd env set {CLIENT_ID} {client} && azd provision (or the workflow provision), then assign people to "
        "the application under Enterprise applications"
    )
