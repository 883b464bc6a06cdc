"""`az` and `gh` for tests: they keep a small cloud in a JSON file, record every call, and fail when told to.

Not a test. `install(folder)` puts both on a PATH; the file is also what the two executables run.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-driftloop"
OUTPUTS = {
    "azurE_ENV_NAME": "prod",  # Azure Resource Manager alters the case of output names
    "azurE_ML_WORKSPACE": "mlw",
    "azurE_DATA_STORAGE": "stdata",
    "azurE_ML_STORAGE": "stml",
    "azurE_FUNCTION_APP": "func",
    "driftlooP_FUNCTION_PRINCIPAL": "principal-of-the-function-app",
    "driftlooP_BLOB_URL": "https://stdata.blob.core.windows.net",
    "driftlooP_COMPUTE": "driftloop-cluster",
    "driftlooP_ENDPOINT_SUFFIX": "abcde",
    "driftlooP_HEALTH_URL": "https://func.azurewebsites.net/api/health",
    "driftlooP_MODEL": "diabetes-progression",
}
PARAMETERS = {
    "environmentName": "prod",
    "location": "westeurope",
    "repository": "Contoso/driftloop",
    "githubAppId": "123456",
    "checkOnArrival": True,
    "clusterPriority": "LowPriority",
    "clusterMaxNodes": 2,
    "alertEmails": ["on-call@example.org", "owner@example.org"],
}
EMPTY: dict[str, Any] = {
    "groups": ["rg-driftloop"],
    "outputs": OUTPUTS,
    "parameters": PARAMETERS,
    "apps": [],
    "sps": [],
    "credentials": {},
    "roles": [],
    "definitions": [],
    "connections": [],
    "variable_groups": [],
    "variables": {},
    "secrets": {},
    "visibility": "public",
    "plan": "team",
    "immutable_subjects": False,
    "may_look_below_subscription": True,
    # what lies in the group, by type and name; deleted vaults as list-deleted gives them, deleted workspaces by name
    "resources": {"vaults": {}, "workspaces": []},
    "deleted": {"vaults": [], "workspaces": []},
    "may_see_deleted_vaults": True,
    "hidden_definitions": [],  # of other subscriptions in the tenant
    "environments": {},
    "next": 1,
    "fail_at": 0,
    "changes": 0,
}
# What most tests ask infra.identities for.
GITHUB = (
    "--repository",
    "contoso/driftloop",
    "--resource-group",
    "rg-driftloop",
    "--location",
    "westeurope",
    "--reviewer",
    "ada",
)
CHANGING = {"create", "update", "delete", "set", "reset", "recover"}


class RefusedError(Exception):
    """Ends the call with exit code 1 and this on standard error."""


def install(folder: Path, **state: Any) -> Path:
    """Executables `az` and `gh` in `folder`; returns the folder to put first on PATH."""
    (folder / "state.json").write_text(json.dumps({**EMPTY, **state}))
    for name in ("az", "gh"):
        program = folder / name
        program.write_text(f"#!{sys.executable} -SE\n{Path(__file__).read_text()}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def state(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "state.json").read_text()))


def update(folder: Path, **changes: Any) -> None:
    (folder / "state.json").write_text(json.dumps({**state(folder), **changes}))


def calls(folder: Path) -> list[dict[str, Any]]:
    log = folder / "calls.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def changes(folder: Path) -> list[dict[str, Any]]:
    return [call for call in calls(folder) if call["change"]]


def trusted(folder: Path, application: str) -> set[str]:
    found = state(folder)
    (app,) = [app for app in found["apps"] if app["displayName"] == application]
    return {one["subject"] for one in found["credentials"][app["id"]]}


def is_change(arguments: list[str]) -> bool:
    words = [word for word in arguments[:7] if not word.startswith("-")]
    return bool(CHANGING & set(words)) or any(verb in arguments for verb in ("PUT", "POST", "DELETE"))


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1] if name in arguments else ""


def quoted(arguments: list[str]) -> str:
    found = re.search(r"eq '(.*)'$", option(arguments, "--filter"))
    return found[1].replace("''", "'") if found else ""


def az(a: list[str], stdin: str, s: dict[str, Any]) -> Any:
    match [word for word in a if not word.startswith("-")][:4]:
        case ["account", "show", *_]:
            return {"id": SUBSCRIPTION, "name": "Production", "tenantId": "tenant-1"}
        case ["group", "exists", *_]:
            return option(a, "--name") in s["groups"]
        case ["group", "create", *_]:
            s["groups"].append(option(a, "--name"))
            return {"id": GROUP}
        case ["deployment", "group", "list", *_]:
            if option(a, "--resource-group") not in s["groups"]:
                raise RefusedError("ERROR: (ResourceGroupNotFound) Resource group could not be found.")
            return deployments(s)
        case ["functionapp", "keys", "list", *_]:
            return {"functionKeys": {"default": "the-function-key"}}
        case ["role", "definition", verb, *_]:
            return definition(verb, a, stdin, s)
        case ["rest", *_]:
            return rest(a, s)
        case ["deployment", "group", "create", *_]:
            return deploy(a, s)
        case ["keyvault" | "resource", *_]:
            return deleted(a, s)
        case ["role", "assignment", verb, *_]:
            return assignment(verb, a, s)
        case ["ad", "sp", "list", *_]:
            return [sp for sp in s["sps"] if sp["appId"] == quoted(a)]
        case ["ad", "sp", "create", *_]:
            s["sps"].append({"id": f"principal-of-{option(a, '--id')}", "appId": option(a, "--id")})
            return s["sps"][-1]
        case ["ad", "sp", "update", *_]:
            name, _, value = option(a, "--set").partition("=")
            found = [sp for sp in s["sps"] if option(a, "--id") in (sp["id"], sp["appId"])]
            if not found:
                raise RefusedError("ERROR: Resource does not exist or one of its queried reference-property objects")
            found[0][name] = json.loads(value)
            return None
        case ["ad", "app", *_]:
            return application(a, stdin, s)
        case ["devops" | "pipelines", *_]:
            return devops(a, s)
    raise RefusedError(f"ERROR: az {' '.join(a)} is not known here")


def deployments(s: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = {name: {"type": "String", "value": value} for name, value in s["outputs"].items()}
    good = {"provisioningState": "Succeeded", "timestamp": "2026-11-02T08:00:00+00:00", "outputs": outputs}
    good["parameters"] = {name: {"value": value} for name, value in s["parameters"].items()}
    failed = {"provisioningState": "Failed", "timestamp": "2026-11-03T08:00:00+00:00", "outputs": None}
    other = {"provisioningState": "Succeeded", "timestamp": "2026-11-04T08:00:00+00:00", "outputs": {}}
    return [{"properties": one} for one in (good, failed, other)]


def deploy(a: list[str], s: dict[str, Any]) -> Any:
    """Refuses a vault and a workspace whose name a deleted one keeps, as Azure does."""
    if option(a, "--resource-group") not in s["groups"]:
        raise RefusedError("ERROR: (ResourceGroupNotFound) Resource group could not be found.")
    given = {word.partition("=")[0]: word.partition("=")[2] for word in a if "=" in word}
    if any(one["name"] == given["vault"] for one in s["deleted"]["vaults"]):
        raise RefusedError(
            "ERROR: (ConflictError) A vault with the same name already exists in deleted state. "
            "You need to either recover or purge existing key vault."
        )
    if given["workspace"] in s["deleted"]["workspaces"]:
        raise RefusedError("ERROR: (BadRequest) Soft-deleted workspace exists. Please purge or recover it.")
    s["resources"]["vaults"].setdefault(given["vault"], [])
    s["resources"]["workspaces"] = sorted({*s["resources"]["workspaces"], given["workspace"]})
    return None


def delete_group(s: dict[str, Any]) -> None:
    """What azd down does at last: the resources go, and what is deleted softly keeps its name."""
    s["groups"].remove("rg-driftloop")
    for name, secrets in s["resources"]["vaults"].items():
        properties = {
            "vaultId": f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}",
            "location": "westeurope",
            "purgeProtectionEnabled": True,
            "tags": {"application": "driftloop", "azd-env-name": "prod"},
        }
        s["deleted"]["vaults"].append({"name": name, "properties": properties, "secrets": secrets})
    s["deleted"]["workspaces"] += s["resources"]["workspaces"]
    s["resources"] = {"vaults": {}, "workspaces": []}


def deleted(a: list[str], s: dict[str, Any]) -> Any:
    match a[:2]:
        case ["keyvault", "list-deleted"]:
            if not s["may_see_deleted_vaults"]:
                raise RefusedError(
                    "ERROR: (AuthorizationFailed) The client does not have authorization to perform action"
                )
            return s["deleted"]["vaults"]
        case ["keyvault", "recover"]:
            (one,) = [one for one in s["deleted"]["vaults"] if one["name"] == option(a, "--name")]
            if option(a, "--resource-group") not in s["groups"]:
                raise RefusedError("ERROR: (ResourceGroupNotFound) Resource group could not be found.")
            s["deleted"]["vaults"].remove(one)
            s["resources"]["vaults"][one["name"]] = one["secrets"]
            return None
        case ["keyvault", "purge"]:
            raise RefusedError("ERROR: (DeletedVaultPurge) Operation is not allowed: purge protection is enabled.")
        case ["resource", "show"]:
            name = option(a, "--ids").rsplit("/", 1)[-1]
            if "rg-driftloop" not in s["groups"] or name not in s["resources"]["workspaces"]:
                raise RefusedError("ERROR: (ResourceNotFound) The Resource was not found.")
            return {"name": name}
    return None  # resource wait


def definition(verb: str, a: list[str], stdin: str, s: dict[str, Any]) -> Any:
    """Seen from a scope are the roles that can be assigned there; without one, those of the whole subscription."""
    scope = option(a, "--scope") or f"/subscriptions/{SUBSCRIPTION}"
    if verb in {"list", "delete"}:
        name = option(a, "--name")
        named = [one for one in s["definitions"] if one["roleName"] == name and assignable(one, scope)]
        if verb == "delete":
            if not named:
                raise RefusedError("ERROR: No definition was found")
            if any(one["roleDefinitionName"] == name for one in s["roles"]):
                raise RefusedError("ERROR: (RoleDefinitionHasAssignments) There are existing role assignments")
            s["definitions"].remove(named[0])
        return named
    body = json.loads(stdin)
    tenant = [one for one in s["definitions"] + s["hidden_definitions"] if one["roleName"] == body["Name"]]
    if verb == "create" and tenant:
        raise RefusedError(
            "ERROR: (RoleDefinitionWithSameNameExists) A custom role with the same name already exists in this tenant."
        )
    if verb == "update":
        found = [one for one in tenant if any(assignable(one, scope) for scope in body["AssignableScopes"])]
        if not found:
            raise RefusedError(f"ERROR: No definition was found with the name of '{body['Name']}'.")
        s["definitions"].remove(found[0])
    s["definitions"].append({"roleName": body["Name"], "assignableScopes": body["AssignableScopes"]})
    return s["definitions"][-1]


def assignable(role: dict[str, Any], scope: str) -> bool:
    return any(scope.lower().startswith(own.lower()) for own in role["assignableScopes"])


def rest(a: list[str], s: dict[str, Any]) -> Any:
    """Role definitions of the subscription; with the filter, those below it as well."""
    url = option(a, "--url")
    if option(a, "--method") == "delete":
        name = url.partition("?")[0].rsplit("/", 1)[-1]
        s["resources"]["workspaces"].remove(name)
        if "forceToPurge=true" not in url:
            s["deleted"]["workspaces"].append(name)
        return None
    if not url.startswith(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions?"):
        raise RefusedError(f"ERROR: az rest {url} is not known here")
    if not s["may_look_below_subscription"]:
        raise RefusedError("ERROR: (AuthorizationFailed) The client does not have authorization to perform action")
    below = "$filter=atScopeAndBelow()" in url
    found = [one for one in s["definitions"] if below or assignable(one, f"/subscriptions/{SUBSCRIPTION}")]
    return {"value": [{"properties": one} for one in found]}


def assignment(verb: str, a: list[str], s: dict[str, Any]) -> Any:
    if verb == "list":
        return [one for one in s["roles"] if "--all" in a or one["scope"] == option(a, "--scope")]
    if verb == "delete":
        s["roles"] = [one for one in s["roles"] if one["id"] != option(a, "--ids")]
        return None
    role, scope = option(a, "--role"), option(a, "--scope")
    own = [one for one in s["definitions"] if one["roleName"] == role and assignable(one, scope)]
    if role.startswith("Driftloop ") and not own:
        raise RefusedError(f"ERROR: Role '{role}' doesn't exist.")
    s["roles"].append(
        {
            "id": f"{option(a, '--scope')}/roleAssignments/{number(s)}",
            "principalId": option(a, "--assignee-object-id"),
            "roleDefinitionName": option(a, "--role"),
            "scope": option(a, "--scope"),
            "condition": option(a, "--condition") or None,
        }
    )
    return s["roles"][-1]


def application(a: list[str], stdin: str, s: dict[str, Any]) -> Any:
    if a[2] == "list":
        return [app for app in s["apps"] if app["displayName"] == quoted(a)]
    if a[2] == "create":
        n, web = number(s), web_of(a)
        name = option(a, "--display-name")
        s["apps"].append({"appId": f"client-{n}", "id": f"object-{n}", "displayName": name, "web": web})
        return s["apps"][-1]
    if a[2] == "update":
        next(app for app in s["apps"] if app["id"] == option(a, "--id"))["web"] = web_of(a)
        return None
    if a[2] == "delete":
        s["apps"] = [app for app in s["apps"] if app["id"] != option(a, "--id")]
        s["credentials"].pop(option(a, "--id"), None)
        return None
    if a[2:4] == ["credential", "reset"]:
        return "a-client-secret-nobody-may-see"
    present = s["credentials"].setdefault(option(a, "--id"), [])
    if a[3] == "list":
        return present
    if a[3] == "delete":
        present[:] = [one for one in present if one["name"] != option(a, "--federated-credential-id")]
        return None
    body = json.loads(stdin)
    if a[3] == "update":
        next(one for one in present if one["name"] == option(a, "--federated-credential-id")).update(body)
    else:
        present.append(body)
    return body


def web_of(a: list[str]) -> dict[str, Any]:
    """Addresses that answers may go to, as Entra takes them: encrypted, or of the same machine."""
    after = a[a.index("--web-redirect-uris") + 1 :] if "--web-redirect-uris" in a else []
    stop = next((index for index, word in enumerate(after) if word.startswith("--")), len(after))
    if any(not uri.startswith(("https://", "http://localhost")) for uri in after[:stop]):
        raise RefusedError("ERROR: One or more properties contains invalid values: redirectUris must start with HTTPS")
    issued = option(a, "--enable-id-token-issuance") == "true"
    return {"redirectUris": after[:stop], "implicitGrantSettings": {"enableIdTokenIssuance": issued}}


def devops(a: list[str], s: dict[str, Any]) -> Any:
    match a[:3]:
        case ["devops", "project", "show"]:
            return {"id": "project-1", "name": option(a, "--project")}
        case ["devops", "service-endpoint", "list"]:
            return s["connections"]
        case ["devops", "service-endpoint", "create"]:
            body = json.loads(Path(option(a, "--service-endpoint-configuration")).read_text())
            parameters = body["authorization"]["parameters"]
            parameters["workloadIdentityFederationIssuer"] = "https://login.microsoftonline.com/tenant-1/v2.0"
            parameters["workloadIdentityFederationSubject"] = "/eid1/c/pub/t/T/a/A/sc/organization/connection"
            parameters["workloadIdentityFederationSubject"] += f"/{body['name']}"
            s["connections"].append({"id": f"connection-{number(s)}", "authorized": False, **body})
            return s["connections"][-1]
        case ["devops", "service-endpoint", "update"]:
            one = next(one for one in s["connections"] if one["id"] == option(a, "--id"))
            one["authorized"] = option(a, "--enable-for-all") == "true"
        case ["devops", "service-endpoint", "delete"]:
            s["connections"] = [one for one in s["connections"] if one["id"] != option(a, "--id")]
        case ["devops", "invoke", _]:
            asked = {word.partition("=")[0]: word.partition("=")[2] for word in a if "=" in word}
            one = next(one for one in s["connections"] if one["id"] == asked["resourceId"])
            # as the service: a connection that is closed has no allPipelines
            return {"pipelines": []} | ({"allPipelines": {"authorized": True}} if one["authorized"] else {})
        case ["pipelines", "variable-group", "list"]:
            return s["variable_groups"]
        case ["pipelines", "variable-group", "create"]:
            pairs = a[a.index("--variables") + 1 : a.index("--project")]
            variables = {pair.split("=", 1)[0]: {"value": pair.split("=", 1)[1]} for pair in pairs}
            s["variable_groups"].append({"id": 7, "name": option(a, "--name"), "variables": variables})
        case ["pipelines", "variable-group", "delete"]:
            s["variable_groups"] = []
        case ["pipelines", "variable-group", "variable"]:
            s["variable_groups"][0]["variables"][option(a, "--name")] = {"value": option(a, "--value")}
    return None


def gh(a: list[str], stdin: str, s: dict[str, Any]) -> Any:
    environment = option(a, "--env")
    key = f"{environment}/" if environment else ""
    match a:
        case ["variable", "list", *_]:
            names = [name for name in s["variables"] if name.startswith(key) and ("/" in name) == bool(key)]
            return [{"name": name.removeprefix(key), "value": s["variables"][name]} for name in names]
        case ["variable", "set", name, *_]:
            s["variables"][key + name] = option(a, "--body")
            return None
        case ["variable", "delete", name, *_]:
            del s["variables"][name]
            return None
        case ["secret", "list", *_]:
            names = [name for name in s["secrets"] if name.startswith(key) and ("/" in name) == bool(key)]
            return [{"name": name.removeprefix(key)} for name in names]
        case ["secret", "set", name, *_]:
            s["secrets"][key + name] = stdin
            return None
        case ["secret", "delete", name, *_]:
            del s["secrets"][name]
            return None
        case ["api", *_]:
            return github_api(a, stdin, s)
    raise RefusedError(f"gh: {' '.join(a)} is not known here")


def github_api(a: list[str], stdin: str, s: dict[str, Any]) -> Any:
    path = next(word for word in a[1:] if "/" in word)
    method = option(a, "--method") or "GET"
    if found := re.fullmatch(r"users/(\w+)", path):
        return {"id": 1000 + len(found[1])}
    if re.fullmatch(r"orgs/\w+/teams/\w+", path):
        return {"id": 77}
    if path.lower() == "repos/contoso/driftloop":
        return {"id": 42, "full_name": "Contoso/driftloop", "owner": {"id": 4711}}
    if path == "repos/Contoso/driftloop/actions/oidc/customization/sub":
        name = "Contoso@4711/driftloop@42" if s["immutable_subjects"] else "Contoso/driftloop"
        return {
            "use_default": True,
            "use_immutable_subject": s["immutable_subjects"],
            "sub_claim_prefix": f"repo:{name}",
        }
    found = re.fullmatch(r"repos/Contoso/driftloop/environments/(\w+)(/deployment-branch-policies)?", path)
    if not found:
        raise RefusedError("gh: Not Found (HTTP 404)")
    name = found[1]
    if method == "PUT":
        body = json.loads(stdin)
        if "reviewers" in body and s["visibility"] == "private" and s["plan"] != "enterprise":
            raise RefusedError("gh: Validation Failed (HTTP 422)")  # also of an empty list, and of null
        reviewers = [{"type": r["type"], "reviewer": {"id": r["id"]}} for r in body.get("reviewers") or []]
        rules = [{"type": "required_reviewers", "reviewers": reviewers}] if reviewers else []
        before = s["environments"].get(name, {"branches": []})
        policy = body["deployment_branch_policy"]
        s["environments"][name] = {**before, "protection_rules": rules, "deployment_branch_policy": policy}
    elif name not in s["environments"]:
        raise RefusedError("gh: Not Found (HTTP 404)")
    elif method == "DELETE":
        del s["environments"][name]
        for kept in ("variables", "secrets"):
            s[kept] = {k: v for k, v in s[kept].items() if not k.startswith(f"{name}/")}
    elif method == "POST":
        s["environments"][name]["branches"].append(option(a, "--raw-field").removeprefix("name="))
    elif found[2]:
        return {"branch_policies": [{"name": branch} for branch in s["environments"][name]["branches"]]}
    return s["environments"].get(name)


def number(s: dict[str, Any]) -> int:
    s["next"] += 1
    return int(s["next"])


def answer(folder: Path, program: str, arguments: list[str], stdin: str) -> tuple[int, str, str]:
    """One call: exit code, standard output, standard error. Recorded, whatever it answers."""
    s = json.loads((folder / "state.json").read_text())
    change = is_change(arguments)
    with (folder / "calls.jsonl").open("a") as log:
        log.write(json.dumps({"program": program, "arguments": arguments, "stdin": stdin, "change": change}) + "\n")
    s["changes"] += change
    try:
        if change and s["changes"] == s["fail_at"]:
            return 1, "", "WARNING: a new version is available\nERROR: (TooManyRequests) Try again later.\nmore\n"
        result = (az if program == "az" else gh)(arguments, stdin, s)
    except RefusedError as error:
        return 1, "", f"{error}\n"
    finally:
        (folder / "state.json").write_text(json.dumps(s))
    return 0, "" if result is None else result if isinstance(result, str) else json.dumps(result), ""


def main() -> int:
    arguments = sys.argv[1:]
    takes_stdin = "@-" in arguments or arguments[-1] == "-" or arguments[:2] == ["secret", "set"]
    stdin = sys.stdin.read() if takes_stdin else ""
    code, out, err = answer(Path(__file__).parent, Path(__file__).name, arguments, stdin)
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


if __name__ == "__main__" and os.path.basename(__file__) in {"az", "gh"}:  # noqa: PTH119
    sys.exit(main())
