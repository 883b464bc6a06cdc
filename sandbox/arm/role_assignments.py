"""Role assignments of the resource group, as Resource Manager lists them: those that `sandbox.access` decides by."""

import uuid

from sandbox.access.control import AccessControl, DeniedError, principal_of
from sandbox.access.roles import BUILT_IN
from sandbox.arm.wire import Answer, ArmError, Call, Scope

PATH = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/roleAssignments"
ACTION = "Microsoft.Authorization/roleAssignments/read"
ACCOUNTS = {"data": "devstoreaccount1"}
"""The storage account that plays each of them; the others have names of their own."""
_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-0000000000ac")


class RoleAssignments:
    """One subscription's. Whoever lists them needs a role that allows it."""

    def __init__(self, scope: Scope, access: AccessControl) -> None:
        self._scope, self._access = scope, access

    def list(self, call: Call) -> Answer:
        """All of them, in one page."""
        try:
            self._access.require(principal_of(call.claims), (ACTION,), "", data=False)
        except DeniedError as error:
            raise ArmError(403, "AuthorizationFailed", str(error)) from error
        ids = {role.name: guid for guid, role in BUILT_IN.items()}
        subscription = f"/subscriptions/{self._scope.subscription}"
        value = []
        for grant in self._access.grants():
            role = ids.get(grant.role.name) or str(uuid.uuid5(_NAMESPACE, grant.role.name))
            scope = self._resource(grant.scope)
            name = str(uuid.uuid5(_NAMESPACE, f"{grant.principal.name} {grant.role.name} {grant.scope}"))
            properties = {
                "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId": grant.principal.object_id,
                "principalType": "ServicePrincipal",
                "scope": scope,
            }
            kind = "Microsoft.Authorization/roleAssignments"
            value.append(
                {"id": f"{scope}/providers/{kind}/{name}", "name": name, "type": kind, "properties": properties}
            )
        return Answer({"value": value})

    def _resource(self, scope: str) -> str:
        """A resource id of one of the words that `sandbox.access` calls resources by."""
        subscription = f"/subscriptions/{self._scope.subscription}"
        if not scope:
            return subscription
        word, _, inside = scope.partition("/")
        if word == "workspace":
            return self._scope.workspace_id
        account = ACCOUNTS.get(word, f"{word}account")
        resource = (
            f"{subscription}/resourceGroups/{self._scope.group}/providers/Microsoft.Storage/storageAccounts/{account}"
        )
        return f"{resource}/blobServices/default/containers/{inside}" if inside else resource
