"""What shall exist: applications, who may sign in as them, and what they may do. Nothing is looked up or changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from infra.identities.role_definitions import preview_role, training_role

ISSUER = "https://token.actions.githubusercontent.com"
PREFIX = "github-"  # of the names of credentials that are ours
PREVIEW_ROLE = str(preview_role("")["Name"])
TRAINING_ROLE = str(training_role("")["Name"])
_WRITER = "Storage Blob Data Contributor"
_GRANTS = Path(__file__).parents[1] / "modules" / "grants.bicep"


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub, spelt as GitHub spells it: subjects are compared letter by letter, in their case."""

    owner: str
    name: str
    owner_id: int
    id: int
    immutable: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def subjects(self, suffix: str) -> dict[str, str]:
        """The OIDC subjects to trust, by format: the one with ids alone where GitHub uses it, else both.

        A name can be given up and taken by somebody else; ids cannot. A repository that has not changed yet may do so
        on any day (GitHub does it for those created or renamed since 15 July 2026).
        """
        ids = {"ids": f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.id}:{suffix}"}
        return ids if self.immutable else {"names": f"repo:{self.full_name}:{suffix}", **ids}


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


def train_grants(place: Place) -> tuple[Grant, ...]:
    """What train may do; nothing before provisioning: there is nothing to do it on."""
    if not (place.workspace and place.data_storage and place.ml_storage):
        return ()
    reads = {
        "incoming": "finds the records and labels that a training run uses",
        "training-data": "finds the historic records",
        "quarantine": "leaves out what was set aside",
        "baselines": "finds the champion in service",
    }
    return (
        Grant(TRAINING_ROLE, place.workspace, "Train: submits jobs; it cannot deploy."),
        Grant(_WRITER, place.ml_storage, "Train: uploads the code of jobs."),
        *(Grant("Storage Blob Data Reader", place.container(c), f"Train: {why}.") for c, why in reads.items()),
        Grant(_WRITER, place.container("outcomes"), "Train: says how a retrain ended."),
    )


def deploy_grants(place: Place) -> tuple[Grant, ...]:
    """What deploy may do, in the environment `production` alone."""
    if not (place.workspace and place.data_storage and place.ml_storage):
        return ()
    return (
        Grant("AzureML Data Scientist", place.workspace, "Deploy: creates endpoints and moves their traffic."),
        Grant(_WRITER, place.ml_storage, "Deploy: uploads the code of deployments."),
        Grant(_WRITER, place.container("baselines"), "Deploy: says which version is in service."),
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
        Application(f"{prefix}-train", "train", github(f"ref:refs/heads/{branch}"), train_grants(place)),
        # apart from train: whatever runs on the branch could sign in as one that trusts both, past the reviewer
        Application(f"{prefix}-deploy", "deploy", github("environment:production"), deploy_grants(place)),
    ]
    if provisioning:
        found += _provisioning(prefix, place, github("environment:provision"), github("environment:preview"))
    return found


def _provisioning(
    prefix: str, place: Place, provision: tuple[Credential, ...], preview: tuple[Credential, ...]
) -> list[Application]:
    """The two that change resources, and that show what would change."""
    return [
        Application(
            f"{prefix}-provision",
            "create and update the resources, in the environment provision only",
            provision,
            (
                Grant("Contributor", place.group, "Provisioning: creates and updates the resources of the group."),
                Grant(
                    "Role Based Access Control Administrator",
                    place.group,
                    "Provisioning: gives managed identities the roles of infra/modules/grants.bicep alone.",
                    condition=assignable_only(assignable_roles()),
                ),
            ),
        ),
        Application(
            f"{prefix}-preview",
            "show what a pull request would change, and change nothing",
            preview,
            (
                Grant("Reader", place.group, "Preview: compares the template with what is there."),
                Grant(PREVIEW_ROLE, place.group, "Preview: asks what a deployment would change."),
            ),
        ),
    ]


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
    return f"{PREFIX}{form}-" + re.sub(r"[^A-Za-z0-9]+", "-", suffix).strip("-")[:100]
