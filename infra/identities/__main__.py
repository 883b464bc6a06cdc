"""The command line."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from infra.identities.azure import Azure
from infra.identities.devops import CONNECTIONS, DevOps
from infra.identities.github import GitHub
from infra.identities.pages import CLIENT_ID, Pages, told
from infra.identities.parameters import names, variables
from infra.identities.role_definitions import RoleDefinitions, preview_role, training_role
from infra.identities.shell import CommandError, SetUpError, Shell
from infra.identities.wanted import ISSUER, applications

# Outputs of main.bicep that workflows read as variables.
VARIABLES = (
    "AZURE_ENV_NAME",
    "AZURE_ML_WORKSPACE",
    "DRIFTLOOP_BLOB_URL",
    "DRIFTLOOP_COMPUTE",
    "DRIFTLOOP_COMPUTE_IDENTITY",
    "DRIFTLOOP_ENDPOINT_SUFFIX",
    "DRIFTLOOP_HEALTH_URL",
)
OWN_VARIABLES = (
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_RESOURCE_GROUP",
    "AZURE_LOCATION",
)
ENVIRONMENTS = {"deploy": "production", "provision": "provision", "preview": "preview"}  # by application
MANUAL_DEPLOY = ("DRIFTLOOP_DEPLOY", "manual")  # train.yml and deploy.yml then start no deployment by themselves
RETIRED = "workflows"  # an application that could train and deploy, from before the two were apart
HEALTH_KEY = "DRIFTLOOP_HEALTH_KEY"
CLIENT_SECRET = "AZURE_CLIENT_SECRET"  # noqa: S105 - its name, not its value
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,80}")
_GROUP = re.compile(r"[\w().-]{1,90}")
_BRANCH = re.compile(r"[A-Za-z0-9_][\w./-]{0,200}")
_REVIEWER = re.compile(r"[A-Za-z0-9][\w-]*(/[A-Za-z0-9][\w-]*)?")
_ISSUER = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9./:_-]{1,200}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything is as wanted, 1 with one line when a command failed, 2 for a wrong option."""
    options = _parser().parse_args(arguments)
    shell = Shell(dry=options.dry_run)
    try:
        _check(options)
        if options.remove:
            _remove(shell, options)
        else:
            _create(shell, options)
    except (CommandError, SetUpError) as error:
        sys.stderr.write(
            f"{error}\nNothing after this was done. Run the same command again when it is mended: it goes on here.\n"
        )
        return 1
    would = "would be made" if options.dry_run else "made"
    shell.note(f"{len(shell.changes)} changes {would}" if shell.changes else "nothing to change")
    return 0


def _create(shell: Shell, options: argparse.Namespace) -> None:
    azure = Azure(shell, options.subscription)
    github = GitHub(shell, options.repository) if options.repository else None
    group = azure.group(options.resource_group, options.location)
    outputs, parameters = azure.deployed(options.resource_group)
    if not outputs:
        shell.note("nothing is provisioned yet: run this again afterwards, for roles and variables that need it")
    place = azure.place(group, outputs)
    repository = github.repository if github else None
    wanted = applications(
        options.name, place, repository, options.branch, provisioning=options.provision, issuer=options.issuer
    )
    roles = RoleDefinitions(shell, azure.subscription)
    roles.ensure(training_role(group))
    if options.provision:
        roles.ensure(preview_role(group))
    if github:  # environments first: a credential for a missing one could be claimed by whoever makes it
        _environments(github, options)
    clients = {one.name.removeprefix(f"{options.name}-"): azure.ensure(one) for one in wanted}
    pages = Pages(azure, options.name, group).ensure(outputs, place.workspace) if options.pages else None
    values = {
        "AZURE_SUBSCRIPTION_ID": azure.subscription,
        "AZURE_RESOURCE_GROUP": options.resource_group,
        **({"AZURE_LOCATION": options.location} if options.location else {}),
        **{name: outputs[name] for name in VARIABLES if name in outputs},
        **({MANUAL_DEPLOY[0]: MANUAL_DEPLOY[1]} if options.manual_deploy else {}),
        **({CLIENT_ID: pages} if pages else {}),
    }
    if github:
        own = {"AZURE_CLIENT_ID": clients["train"], "AZURE_TENANT_ID": azure.tenant}
        github.set_variables(variables(parameters, github.variables()) | values | own)
        for name, environment in ENVIRONMENTS.items():
            if name in clients:
                github.set_variables({"AZURE_CLIENT_ID": clients[name]}, environment=environment)
        _secrets(azure, github, options, clients, outputs)
    if options.azure_devops:
        devops = DevOps(shell, *options.azure_devops)
        for name, connection in CONNECTIONS.items():
            app = azure.find(f"{options.name}-{name}")
            devops.connect(azure, connection, clients[name], app["id"] if app else f"<object id of {name}>")
        devops.set_variables(values)  # the connections bring client and tenant
    azure.remove(f"{options.name}-{RETIRED}")
    if pages:
        shell.note(told(pages))


def _environments(github: GitHub, options: argparse.Namespace) -> None:
    reviewers = [github.reviewer(login) for login in options.reviewer]
    github.ensure_environment("production", reviewers, options.branch)
    if options.provision:
        github.ensure_environment("provision", reviewers, options.branch)
        github.ensure_environment("preview", [], None)


def _secrets(
    azure: Azure, github: GitHub, options: argparse.Namespace, clients: dict[str, str], outputs: dict[str, str]
) -> None:
    """Secrets cannot be read back, so one that is there is left alone unless it is to be renewed."""
    for name, environment in {"train": None, "deploy": ENVIRONMENTS["deploy"]}.items():
        if options.with_secret and (options.renew or not github.has_secret(CLIENT_SECRET, environment)):
            secret = azure.new_secret(clients[name], f"GitHub {github.repository.full_name}")
            github.set_secret(CLIENT_SECRET, secret, environment)
    app = outputs.get("AZURE_FUNCTION_APP")
    if app and (options.renew or not github.has_secret(HEALTH_KEY)):
        keys = azure.az(
            *("functionapp", "keys", "list", "--name", app, "--resource-group", options.resource_group),
            *("--subscription", azure.subscription),
        )
        key = (keys or {}).get("functionKeys", {}).get("default")
        if key:
            github.set_secret(HEALTH_KEY, key)
        else:
            github.shell.note(f"{app} has no function key yet: deploy it, then run this again for {HEALTH_KEY}")


def _remove(shell: Shell, options: argparse.Namespace) -> None:
    azure = Azure(shell, options.subscription)
    if options.azure_devops:
        DevOps(shell, *options.azure_devops).remove()
    if options.repository:
        github = GitHub(shell, options.repository)
        github.remove_variables({*OWN_VARIABLES, *VARIABLES, MANUAL_DEPLOY[0], *names()})
        for secret in (CLIENT_SECRET, HEALTH_KEY):
            github.remove_secret(secret)
        for environment in ENVIRONMENTS.values():
            github.remove_environment(environment)
    for application in ("train", *ENVIRONMENTS, RETIRED):
        azure.remove(f"{options.name}-{application}")
    group = f"/subscriptions/{azure.subscription}/resourceGroups/{options.resource_group}"
    Pages(azure, options.name, group).remove()
    for role in (training_role(group), preview_role(group)):
        RoleDefinitions(shell, azure.subscription).remove(role)


def _check(options: argparse.Namespace) -> None:
    if not options.repository and not options.azure_devops:
        raise SetUpError("name --repository OWNER/NAME for GitHub, or --azure-devops ORGANIZATION PROJECT, or both")
    if not options.resource_group:
        raise SetUpError("name --resource-group, or set AZURE_RESOURCE_GROUP")
    for value, pattern, what in (
        (options.name, _NAME, "--name"),
        (options.resource_group, _GROUP, "--resource-group"),
        (options.repository, _REPOSITORY, "--repository"),
        (options.branch, _BRANCH, "--branch"),
        (options.issuer, _ISSUER, "--issuer"),
        *((login, _REVIEWER, "--reviewer") for login in options.reviewer),
    ):
        if value and not pattern.fullmatch(value):
            raise SetUpError(f"{what} {value!r} is not a name that Azure and GitHub take")
    if options.repository and not options.remove and not options.reviewer and not options.no_reviewers:
        raise SetUpError(
            "name who approves deployments: --reviewer LOGIN or ORG/TEAM (again for more), or --no-reviewers"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.identities", description=__doc__ and _DESCRIPTION)
    add = parser.add_argument
    add("--repository", metavar="OWNER/NAME", help="GitHub repository whose workflows sign in")
    add(
        "--azure-devops",
        nargs=2,
        metavar=("ORGANIZATION", "PROJECT"),
        help="Azure DevOps project whose pipelines sign in",
    )
    add("--resource-group", default=os.environ.get("AZURE_RESOURCE_GROUP"), help="default: AZURE_RESOURCE_GROUP")
    add("--location", default=os.environ.get("AZURE_LOCATION"), help="region, to create the group when it is missing")
    add("--subscription", default=os.environ.get("AZURE_SUBSCRIPTION_ID"), help="default: the one az is set to")
    add(
        "--name",
        default="driftloop",
        help="the applications are called NAME-train, NAME-deploy, NAME-provision, NAME-preview",
    )
    add("--branch", default="main", help="branch that trains and deploys (default: main)")
    add(
        "--reviewer",
        action="append",
        default=[],
        metavar="LOGIN|ORG/TEAM",
        help="who approves deployments; again for more",
    )
    add(
        "--issuer",
        default=ISSUER,
        help="who vouches for jobs; https://HOST/_services/token for GitHub Enterprise Server",
    )
    add("--no-reviewers", action="store_true", help="deploy without anybody's approval")
    add("--manual-deploy", action="store_true", help="nothing is deployed before a person starts the workflow deploy")
    add("--pages", action="store_true", help="people sign in with Entra to see the pages, which may ask the models")
    add("--no-provision", dest="provision", action="store_false", help="without the identities of provision.yml")
    add(
        "--with-secret",
        action="store_true",
        help="the classic route: client secrets for train and deploy, stored on GitHub",
    )
    add("--renew", action="store_true", help="make and store secrets anew")
    add("--dry-run", action="store_true", help="print every command that would change something, and change nothing")
    add("--remove", action="store_true", help="undo everything, except the resource group and what is in it")
    return parser


_DESCRIPTION = (
    "Create what GitHub Actions or Azure Pipelines needs to sign in to Azure: applications with federated credentials, "
    "least-privilege roles, variables, environments with reviewers. Run again, it changes only what differs."
)

if __name__ == "__main__":
    sys.exit(main())
