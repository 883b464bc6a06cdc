"""Repository variables, secrets and environments on GitHub: looked up, and set or removed where they differ."""

from __future__ import annotations

import json
from typing import Any

from infra.identities.shell import CommandError, SetUpError, Shell
from infra.identities.wanted import Repository


class GitHub:
    """One repository, seen through `gh`."""

    def __init__(self, shell: Shell, repository: str) -> None:
        self.shell = shell
        found = shell.read("gh", "api", f"repos/{repository}")
        if not found:
            raise SetUpError(f"repository {repository} is not visible: check its spelling, and gh auth status")
        owner, name = found["full_name"].split("/")
        self._path = f"repos/{found['full_name']}"
        self.repository = Repository(owner, name, found["owner"]["id"], found["id"], self._has_immutable_subjects())
        self._flag = ("--repo", found["full_name"])

    def _has_immutable_subjects(self) -> bool:
        """Whether tokens name the repository by ids. False where GitHub does not say (an older Enterprise Server)."""
        said = self.shell.read("gh", "api", f"{self._path}/actions/oidc/customization/sub", missing={})
        return said.get("use_immutable_subject") is True or "@" in (said.get("sub_claim_prefix") or "")

    def set_variables(self, values: dict[str, str], environment: str | None = None) -> None:
        """Variables of the repository, or of one environment, where they win over the repository's."""
        present = self.variables(environment)
        for name, value in values.items():
            if present.get(name) != value:
                self.shell.change("gh", "variable", "set", name, "--body", value, *self._flag, *_on(environment))

    def remove_variables(self, names: set[str]) -> None:
        for name in sorted(names & set(self.variables())):
            self.shell.change("gh", "variable", "delete", name, *self._flag)

    def has_secret(self, name: str, environment: str | None = None) -> bool:
        if environment and not self.environment_exists(environment):
            return False  # in a dry run it was not made
        found = self.shell.read("gh", "secret", "list", *self._flag, *_on(environment), "--json", "name")
        return any(one["name"] == name for one in found)

    def set_secret(self, name: str, value: str | None, environment: str | None = None) -> None:
        """A secret, on standard input: a command line can be read by other programs. None: a dry run."""
        self.shell.change("gh", "secret", "set", name, *self._flag, *_on(environment), stdin=value or "", secret=True)

    def remove_secret(self, name: str) -> None:
        if self.has_secret(name):
            self.shell.change("gh", "secret", "delete", name, *self._flag)

    def reviewer(self, login: str) -> dict[str, Any]:
        """A person (login) or a team (organization/team) as a reviewer."""
        organization, _, team = login.partition("/")
        found = self.shell.read("gh", "api", f"orgs/{organization}/teams/{team}" if team else f"users/{login}")
        if not found:
            raise SetUpError(f"reviewer {login} is not known to GitHub: name a login, or organization/team")
        return {"type": "Team" if team else "User", "id": found["id"]}

    def ensure_environment(self, name: str, reviewers: list[dict[str, Any]], branch: str | None) -> None:
        """An environment with these reviewers, deployable from `branch` only (None: from any)."""
        policy = {"protected_branches": False, "custom_branch_policies": True} if branch else None
        present = self._environment(name)
        if present is None or _reviewers(present) != reviewers or present.get("deployment_branch_policy") != policy:
            body: dict[str, Any] = {"deployment_branch_policy": policy}
            if reviewers or (present and _reviewers(present)):
                body["reviewers"] = reviewers  # where the plan has none, GitHub refuses even an empty list
            try:
                self.shell.change(
                    *("gh", "api", "--method", "PUT", f"{self._path}/environments/{name}", "--input", "-"),
                    stdin=json.dumps(body),
                )
            except CommandError as error:
                if "HTTP 422" not in error.said or not reviewers:
                    raise
                raise SetUpError(
                    f"GitHub takes no reviewers for the environment {name}: private repositories have them with GitHub "
                    "Enterprise only. Run this with --no-reviewers --manual-deploy instead: then nothing is deployed "
                    "before a person starts the workflow deploy"
                ) from None
        if branch:
            path = f"{self._path}/environments/{name}/deployment-branch-policies"
            policies = (
                self.shell.read("gh", "api", path, missing={"branch_policies": []})
                if present
                else {"branch_policies": []}
            )
            if branch not in (one["name"] for one in policies["branch_policies"]):
                self.shell.change("gh", "api", "--method", "POST", path, "--raw-field", f"name={branch}")

    def remove_environment(self, name: str) -> None:
        if self._environment(name) is not None:
            self.shell.change("gh", "api", "--method", "DELETE", f"{self._path}/environments/{name}")

    def environment_exists(self, name: str) -> bool:
        return self._environment(name) is not None

    def _environment(self, name: str) -> dict[str, Any] | None:
        found = self.shell.read("gh", "api", f"{self._path}/environments/{name}")
        return dict(found) if found else None

    def variables(self, environment: str | None = None) -> dict[str, str]:
        if environment and not self.environment_exists(environment):
            return {}  # in a dry run it was not made
        found = self.shell.read(
            "gh", "variable", "list", *self._flag, *_on(environment), "--json", "name,value", missing=[]
        )
        return {one["name"]: one["value"] for one in found}


def _on(environment: str | None) -> tuple[str, ...]:
    return ("--env", environment) if environment else ()


def _reviewers(environment: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": one["type"], "id": one["reviewer"]["id"]}
        for rule in environment.get("protection_rules", [])
        if rule["type"] == "required_reviewers"
        for one in rule["reviewers"]
    ]
