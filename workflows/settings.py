"""The environment variables that a run is started with, checked before anything is done with them.

Some come from an event's payload, which whoever may send events can choose: each is held to its pattern. An empty
variable counts as not
set, because that is how a workflow passes on what nobody gave it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec

from driftloop.errors import ConfigError, InputError
from driftloop.times import format_time, parse_time
from training import models
from training.settings import CLUSTER

DRIFT_ID = re.compile(r"drift-[0-9a-f]{12}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
AZURE_NAME = re.compile(r"[\w().-]{1,90}")
ENDPOINT = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]")
ENDPOINT_LENGTH = 32
MODEL_FIELD = "{model}"
ENDPOINT_TEMPLATE = re.compile(r"[A-Za-z0-9{}-]{1,60}")
ENDPOINT_SUFFIX = re.compile(r"[A-Za-z0-9]{1,12}")
URL = re.compile(r"https://[A-Za-z0-9.:/_-]{3,200}")
VERSION = re.compile(r"[1-9][0-9]{0,8}")
GIT_SHA = re.compile(r"[0-9a-f]{7,64}")
ATTEMPT = re.compile(r"[1-9][0-9]{0,2}")
RUN = re.compile(r"[A-Za-z0-9-]{1,60}")
WORD = re.compile(r"[A-Za-z0-9_/.-]{1,300}")


class Azure(msgspec.Struct, frozen=True):
    """Where everything is."""

    subscription: str
    group: str
    workspace: str
    blob_url: str


class Compute(msgspec.Struct, frozen=True):
    """The cluster that trains; created when it is missing."""

    name: str
    size: str
    max_nodes: int
    low_priority: bool
    identity: str | None


class Train(msgspec.Struct, frozen=True):
    """What one training run is asked to do. `run` names the workflow run, the same when it is run again. `attempt` is
    which try for its drift the function app asked for, None where a person started it.
    """

    azure: Azure
    model: str
    compute: Compute
    drift_id: str | None
    attempt: str | None
    as_of: str | None
    since: str | None
    reason: str | None
    git_sha: str | None
    run: str | None
    poll_seconds: float


class Deploy(msgspec.Struct, frozen=True):
    """How a version is put into service."""

    azure: Azure
    model: str
    endpoint: str
    token_auth: bool
    instance_type: str
    instance_count: int
    canary_percent: int
    canary_seconds: float
    mirror_percent: int
    ready_seconds: float
    collect_data: bool


class Variables:
    """Checked access to environment variables; every error names the variable and what it must be, never its value."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, pattern: re.Pattern[str], default: str = "") -> str:
        """A required variable. Raises ConfigError."""
        value = self.optional(name, pattern) or default
        if not value:
            raise ConfigError(f"{name} is not set: docs/architecture.md, Settings, says what it means")
        if not pattern.fullmatch(value):
            raise ConfigError(f"{name} is not set, and its default does not have the form {pattern.pattern}: set it")
        return value

    def optional(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """A variable that may be missing or empty."""
        value = self._environment.get(name, "")
        if value and not pattern.fullmatch(value):
            raise ConfigError(f"{name} does not have the form {pattern.pattern}: correct it where the run was started")
        return value or None

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number within limits."""
        text = self._environment.get(name, "")
        try:
            value = float(text or default)
        except ValueError:
            raise ConfigError(f"{name} is not a number: correct it where the run was started") from None
        if not low <= value <= high:
            raise ConfigError(f"{name} must lie between {low:g} and {high:g}")
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within limits."""
        value = self.number(name, default, low, high)
        if not value.is_integer():
            raise ConfigError(f"{name} must be a whole number between {low} and {high}")
        return int(value)

    def choice(self, name: str, *choices: str) -> str:
        """One of some words; the first when it is not set."""
        value = self._environment.get(name, "") or choices[0]
        if value not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}")
        return value

    def time(self, name: str) -> str | None:
        """An ISO 8601 time, in UTC."""
        value = self._environment.get(name, "")
        if not value:
            return None
        try:
            parsed: datetime = parse_time(value)
        except InputError:
            raise ConfigError(f"{name} is not a time in ISO 8601: correct it where the run was started") from None
        return format_time(parsed)


def azure(variables: Variables) -> Azure:
    """Where everything is. Raises ConfigError."""
    return Azure(
        subscription=variables.text("AZURE_SUBSCRIPTION_ID", AZURE_NAME),
        group=variables.text("AZURE_RESOURCE_GROUP", AZURE_NAME),
        workspace=variables.text("AZURE_ML_WORKSPACE", AZURE_NAME),
        blob_url=variables.text("DRIFTLOOP_BLOB_URL", URL).rstrip("/"),
    )


def train(environment: Mapping[str, str]) -> Train:
    """The settings of a training run.

    Parameters
    ----------
    environment : Mapping[str, str]
        Variables: payload text comes in no other way.

    Raises
    ------
    ConfigError
        A variable is missing or is not what it must be; it is named.
    """
    variables = Variables(environment)
    return Train(
        azure=azure(variables),
        model=model(variables.optional("DRIFTLOOP_MODEL", NAME)),
        compute=Compute(
            name=variables.text("DRIFTLOOP_COMPUTE", CLUSTER, "driftloop-cluster"),
            size=variables.text("DRIFTLOOP_COMPUTE_SIZE", NAME, "Standard_DS2_v2"),
            max_nodes=variables.whole("DRIFTLOOP_COMPUTE_MAX_NODES", 2, 1, 100),
            low_priority=variables.choice("DRIFTLOOP_COMPUTE_TIER", "dedicated", "low_priority") == "low_priority",
            identity=variables.optional("DRIFTLOOP_COMPUTE_IDENTITY", WORD),
        ),
        drift_id=variables.optional("DRIFT_ID", DRIFT_ID),
        attempt=variables.optional("DRIFT_ATTEMPT", ATTEMPT),
        as_of=variables.time("AS_OF"),
        since=variables.time("DRIFT_SINCE"),
        reason=variables.choice("DRIFT_REASON", "", "drift", "degraded") or None,
        git_sha=variables.optional("GITHUB_SHA", GIT_SHA) or variables.optional("BUILD_SOURCEVERSION", GIT_SHA),
        run=variables.optional("GITHUB_RUN_ID", RUN) or variables.optional("BUILD_BUILDID", RUN),
        poll_seconds=variables.number("DRIFTLOOP_POLL_SECONDS", 15, 0.05, 300),
    )


def model(name: str | None) -> str:
    """The model that was named, or the only one in `models/`. Raises ConfigError for a name that no folder has, and
    where none is named beside several.
    """
    if name is not None:
        return models.find(name).name
    known = models.names()
    if len(known) != 1:
        said = (
            f"models/ holds {len(known)} models: name one of {', '.join(known)}" if known else "models/ holds no model"
        )
        raise ConfigError(f"DRIFTLOOP_MODEL is not set, and {said}")
    return known[0]


def as_word(name: str, most: int) -> str:
    """A model's name as letters, digits and `-`, for what takes nothing else. A name that it cannot keep gets a hash,
    so that no two become one.

    Examples
    --------
    >>> as_word("house-prices", 32)
    'house-prices'
    >>> as_word("house_prices.2026", 32)
    'house-prices-2026-45fbca'
    """
    word = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    if word == name and len(word) <= most:
        return word
    mark = sha256(name.encode()).hexdigest()[:6]
    return f"{word[: most - len(mark) - 1].strip('-')}-{mark}"


def _endpoint(variables: Variables, model: str) -> str:
    """The endpoint that serves a model: its name, made unique by the environment's suffix, because all endpoints of an
    Azure region share their names. Or it is what DRIFTLOOP_ENDPOINT says, in which `{model}` stands for it.
    """
    named = variables.optional("DRIFTLOOP_ENDPOINT", ENDPOINT_TEMPLATE)
    if named is not None and MODEL_FIELD not in named and len(models.names()) > 1:
        raise ConfigError(
            f"DRIFTLOOP_ENDPOINT names one endpoint, and models/ holds several models: write {MODEL_FIELD} in it, or "
            "take it out"
        )
    suffix = variables.optional("DRIFTLOOP_ENDPOINT_SUFFIX", ENDPOINT_SUFFIX)
    template = named or (f"{MODEL_FIELD}-{suffix}" if suffix else MODEL_FIELD)
    found = template.replace(MODEL_FIELD, as_word(model, ENDPOINT_LENGTH - len(template) + len(MODEL_FIELD)))
    if not ENDPOINT.fullmatch(found):
        raise ConfigError(
            f"the endpoint would be called {found}, which is not 3 to {ENDPOINT_LENGTH} letters, digits and '-', a "
            "letter first: set DRIFTLOOP_ENDPOINT"
        )
    return found


def deploy(environment: Mapping[str, str], name: str | None) -> Deploy:
    """The settings of a deployment of the model `name`, or of the only one.

    Parameters
    ----------
    environment : Mapping[str, str]
        Variables.
    name : str | None
        Of the model; None where there is one only.

    Raises
    ------
    ConfigError
        A variable is missing or is not what it must be; it is named.
    """
    found = model(name)
    variables = Variables(environment)
    return Deploy(
        azure=azure(variables),
        model=found,
        endpoint=_endpoint(variables, found),
        token_auth=variables.choice("DRIFTLOOP_ENDPOINT_AUTH", "key", "aad_token") == "aad_token",
        instance_type=variables.text("DRIFTLOOP_INSTANCE_TYPE", NAME, "Standard_DS2_v2"),
        instance_count=variables.whole("DRIFTLOOP_INSTANCE_COUNT", 1, 1, 100),
        canary_percent=variables.whole("DRIFTLOOP_CANARY_PERCENT", 10, 1, 50),
        canary_seconds=variables.number("DRIFTLOOP_CANARY_SECONDS", 60, 0, 86_400),
        mirror_percent=variables.whole("DRIFTLOOP_MIRROR_PERCENT", 0, 0, 50),
        ready_seconds=variables.number("DRIFTLOOP_READY_SECONDS", 120, 1, 3_600),
        collect_data=variables.choice("DRIFTLOOP_COLLECT_DATA", "false", "true") == "true",
    )
