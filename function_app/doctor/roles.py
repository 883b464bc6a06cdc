"""Do the role assignments of docs/identities.md exist? Azure Resource Manager is asked; nothing is changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding, error, note
from driftloop.errors import ConfigError, DriftloopError
from function_app.scoring import resource_manager

API = "2022-04-01"
READER, WRITER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
QUEUES, TABLES = "974c5e8b-45b9-4653-ba55-5f855dd0fb88", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
NAMES = {
    READER: "Storage Blob Data Reader",
    WRITER: "Storage Blob Data Contributor",
    QUEUES: "Storage Queue Data Contributor",
    TABLES: "Storage Table Data Contributor",
}
"""Azure's built-in roles by the last part of their ids, which are the same everywhere."""
FUNCTION, CLUSTER, TRAIN, DEPLOY = "function app", "training cluster", "train", "deploy"


@dataclass(frozen=True)
class Wanted:
    """A role on a container of the data storage (empty: on the account), and which identities need it."""

    role: str
    container: str
    who: tuple[str, ...]

    @property
    def where(self) -> str:
        return self.container or "data storage"


WANTED = (
    Wanted(READER, "incoming", (FUNCTION, CLUSTER, TRAIN)),
    Wanted(READER, "training-data", (CLUSTER, TRAIN)),
    Wanted(READER, "quarantine", (CLUSTER, TRAIN)),
    Wanted(WRITER, "quarantine", (FUNCTION,)),
    Wanted(READER, "baselines", (FUNCTION, TRAIN)),
    Wanted(WRITER, "baselines", (CLUSTER, DEPLOY)),
    Wanted(READER, "outcomes", (FUNCTION,)),
    Wanted(WRITER, "outcomes", (CLUSTER, TRAIN)),
    Wanted(WRITER, "reports", (FUNCTION,)),
    Wanted(QUEUES, "", (FUNCTION,)),
    Wanted(TABLES, "", (FUNCTION,)),
)
"""The rows of docs/identities.md that are on the data storage; a test compares them."""


@dataclass(frozen=True)
class Assignment:
    """A role of one identity, by ids."""

    role: str
    principal: str
    scope: str


def roles_are_assigned(set_up: SetUp) -> Iterator[Finding]:
    """Each role on each container is held by as many identities as need it.

    Resource Manager knows identities by their object ids alone, so that what is compared is how many there are.
    """
    environ = set_up.environ
    subscription, name = _named(environ, "AZURE_SUBSCRIPTION_ID"), _named(environ, "AZURE_RESOURCE_GROUP")
    group = f"/subscriptions/{subscription}/resourceGroups/{name}"
    account = account_of(environ.get("DRIFTLOOP_STORAGE__blobServiceUri") or _named(environ, "DRIFTLOOP_BLOB_URL"))
    found = assignments(environ, group)
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
    missing = 0
    for wanted in WANTED:
        scope = f"{storage}/blobServices/default/containers/{wanted.container}" if wanted.container else storage
        holders = {a.principal for a in found if a.role == wanted.role and _covers(a.scope, scope)}
        if len(holders) < len(wanted.who):
            missing += 1
            what = f"{NAMES[wanted.role]} is held by {len(holders)} identities, and needed by {', '.join(wanted.who)}"
            yield error(f"Azure, role on {wanted.where}", what, _fix(wanted.who))
    if not missing:
        yield note("Azure, roles", "all that the data storage needs are assigned")


def assignments(environ: Mapping[str, str], group: str) -> list[Assignment]:
    """All role assignments of a resource group and of what is in it. Raises DriftloopError."""
    import requests
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential

    try:
        with requests.Session() as session:
            manager = resource_manager.address(session, environ)
            token = DefaultAzureCredential().get_token(f"{manager}/.default").token
            session.headers["Authorization"] = f"Bearer {token}"
            url = f"{manager}{group}/providers/Microsoft.Authorization/roleAssignments?api-version={API}"
            found: list[Assignment] = []
            while url:
                answer = session.get(url, timeout=resource_manager.TIMEOUT)
                if answer.status_code != 200:
                    raise DriftloopError(_said(answer))
                page = answer.json()
                found += [_assignment(each["properties"]) for each in page["value"]]
                url = str(page.get("nextLink") or "")
                if url and urlsplit(url).netloc != urlsplit(manager).netloc:
                    raise DriftloopError("the next page lies on another host, which gets no token")
            return found
    except (AzureError, requests.RequestException, ValueError, KeyError) as failed:
        line = next(iter(str(failed).splitlines()), type(failed).__name__)
        raise DriftloopError(f"role assignments cannot be read ({line}): sign in with `az login`") from failed


def account_of(blob_url: str) -> str:
    """The storage account of a blob service's address.

    Examples
    --------
    >>> account_of("https://stdatax7.blob.core.windows.net"), account_of("https://127.0.0.1:10000/devstoreaccount1")
    ('stdatax7', 'devstoreaccount1')
    """
    parts = urlsplit(blob_url)
    return parts.path.strip("/").partition("/")[0] or (parts.hostname or "").partition(".")[0]


def _covers(scope: str, asked: str) -> bool:
    """Whether an assignment reaches a resource: its own scope, or one around it. Azure ids differ by case freely."""
    mine, wanted = scope.rstrip("/").lower(), asked.lower()
    return wanted == mine or wanted.startswith(f"{mine}/")


def _assignment(properties: Mapping[str, Any]) -> Assignment:
    role = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
    return Assignment(role, str(properties["principalId"]), str(properties["scope"]))


def _said(answer: Any) -> str:
    """What Resource Manager refused, in one line."""
    try:
        told = msgspec.json.decode(answer.content)["error"]
        text = f"{told.get('code')}: {' '.join(str(told.get('message')).split())[:200]}"
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        text = f"status {answer.status_code}"
    return f"role assignments cannot be read ({text}): the role Reader on the resource group lets you"


def _fix(who: tuple[str, ...]) -> str:
    ways = []
    if {FUNCTION, CLUSTER} & set(who):
        ways.append("`azd provision` assigns those of the managed identities")
    if {TRAIN, DEPLOY} & set(who):
        ways.append("`python3 -m infra.identities` those of the workflows")
    return ", ".join(ways)


def _named(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set: `azd env get-values` prints it (docs/architecture.md, Settings)")
    return value
