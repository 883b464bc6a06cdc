"""What shall exist: applications, who may sign in as them, and what they may do. Nothing is looked up or changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ISSUER = "https://token.actions.githubusercontent.com"
PREVIEW_ROLE = "Driftloop Deployment Preview"
_GRANTS = Path(__file__).parents[1] / "modules" / "grants.bicep"


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub, spelt as GitHub spells it: subjects are compared letter by letter, in their case."""

    owner: str
    name: str
    owner_id: int
    id: int

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def subjects(self, suffix: str) -> dict[str, str]:
        """Both formats of an OIDC subject: repositories created since July 2026 use the one with ids."""
        return {
            "names": f"repo:{self.full_name}:{suffix}",
            "ids": f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.id}:{suffix}",
        }


@dataclass(frozen=True)
class Credential:
    """Who may sign in without a secret: a token of this issuer with this subject."""

    name: str
    issuer: str
    subject: str


@dataclass(frozen=True)
class Grant:
    """A role on a scope. `condition` narrows it further."""

    role: str
    scope: str
    why: str
    condition: str = ""


@dataclass(frozen=True)
class Application:
    """An identity for one purpose."""

    name: str
    purpose: str
    credentials: tuple[Credential, ...]
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class Place:
    """Resource ids. The resources inside the group are None until it has been provisioned."""

    group: str
    workspace: str | None = None
    data_storage: str | None = None
    ml_storage: str | None = None

    def container(self, name: str) -> str:
        return f"{self.data_storage}/blobServices/default/containers/{name}"


def workflow_grants(place: Place) -> tuple[Grant, ...]:
    """What train and deploy may do; nothing before provisioning: there is nothing to do it on."""
    if not (place.workspace and place.data_storage and place.ml_storage):
        return ()
    reads = {
        "incoming": "finds the records and labels that a training run uses",
        "training-data": "finds the historic records",
        "quarantine": "leaves out what was set aside",
    }
    writes = {
        "baselines": "deploy publishes the baseline and says which version is in service",
        "outcomes": "train says how a retrain ended",
    }
    return (
        Grant("AzureML Data Scientist", place.workspace, "Workflows: submit jobs, register models, deploy endpoints."),
        Grant(
            "Storage Blob Data Contributor", place.ml_storage, "Workflows: upload the code of jobs and of deployments."
        ),
        *(Grant("Storage Blob Data Reader", place.container(c), f"Workflows: {why}.") for c, why in reads.items()),
        *(
            Grant("Storage Blob Data Contributor", place.container(c), f"Workflows: {why}.")
            for c, why in writes.items()
        ),
    )


def applications(
    prefix: str,
    place: Place,
    repository: Repository | None,
    branch: str,
    *,
    provisioning: bool,
    issuer: str = ISSUER,
) -> list[Application]:
    """The identities that CI systems need; one for each purpose, so that none may do what another is for."""

    def github(*suffixes: str) -> tuple[Credential, ...]:
        if repository is None:
            return ()
        return tuple(
            Credential(_credential_name(suffix, form), issuer, subject)
            for suffix in suffixes
            for form, subject in repository.subjects(suffix).items()
        )

    found = [
        Application(
            f"{prefix}-workflows",
            "train and deploy",
            github(f"ref:refs/heads/{branch}", "environment:production"),
            workflow_grants(place),
        )
    ]
    if provisioning:
        found.append(
            Application(
                f"{prefix}-provision",
                "create and update the resources, in the environment provision only",
                github("environment:provision"),
                (
                    Grant("Contributor", place.group, "Provisioning: creates and updates the resources of the group."),
                    Grant(
                        "Role Based Access Control Administrator",
                        place.group,
                        "Provisioning: gives managed identities the roles of infra/modules/grants.bicep alone.",
                        condition=assignable_only(assignable_roles()),
                    ),
                ),
            )
        )
        found.append(
            Application(
                f"{prefix}-preview",
                "show what a pull request would change, and change nothing",
                github("environment:preview"),
                (
                    Grant("Reader", place.group, "Preview: compares the template with what is there."),
                    Grant(PREVIEW_ROLE, place.group, "Preview: asks what a deployment would change."),
                ),
            )
        )
    return found


def preview_role(group: str) -> dict[str, object]:
    """A role of our own: no built-in one may ask what-if without being allowed to deploy."""
    return {
        "Name": PREVIEW_ROLE,
        "IsCustom": True,
        "Description": "Asks what a deployment would change; cannot deploy.",
        "Actions": [
            "Microsoft.Resources/deployments/read",
            "Microsoft.Resources/deployments/validate/action",
            "Microsoft.Resources/deployments/whatIf/action",
            "Microsoft.Resources/deployments/operationstatuses/read",
        ],
        "AssignableScopes": [group],
    }


def assignable_roles() -> list[str]:
    """The role ids that infra/modules/grants.bicep gives, from that file: there is one list."""
    table = _GRANTS.read_text(encoding="utf-8").split("var roleIds = {", 1)[1].split("\n}", 1)[0]
    return sorted(re.findall(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", table))


def assignable_only(roles: list[str]) -> str:
    """Azure's condition: assign or remove these roles only, and to managed identities or applications only."""
    ids = ", ".join(roles)
    attributes = "Microsoft.Authorization/roleAssignments"

    def rule(action: str, source: str) -> str:
        return (
            f"((!(ActionMatches{{'{attributes}/{action}'}})) OR "
            f"(@{source}[{attributes}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} AND "
            f"@{source}[{attributes}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}))"
        )

    return f"({rule('write', 'Request')} AND {rule('delete', 'Resource')})"


def _credential_name(suffix: str, form: str) -> str:
    """Allowed in a credential's name: letters, digits, dashes; at most 120."""
    return f"github-{form}-" + re.sub(r"[^A-Za-z0-9]+", "-", suffix).strip("-")[:100]
