"""Does the storage account hold what a check needs, and have checks been made?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from driftloop.checkup.context import OneModel, SetUp
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.errors import DriftloopError
from driftloop.wording.counts import count_of
from function_app.runtime import Runtime

REASONS = 300
"""Characters of a reason that Azure gave."""


def baseline_is_in_service(model: OneModel) -> Iterator[Finding]:
    """The pointer to the version in service is there, and the baseline that it names is whole."""
    from azure.core.exceptions import AzureError

    from function_app.storage.model_blobs import ModelBlobs

    where = f"Azure, model {model.name}"
    blobs = ModelBlobs(Runtime(model.set_up.environ).storage, model.name)
    try:
        pointer = blobs.in_service()
        if pointer is None:
            what = "no version is in service, so that there is no baseline to compare with"
            yield error(where, what, "train and deploy a first version: push a change of its folder, or run train.yml")
            return
        baseline = blobs.baseline(pointer)
    except AzureError as failed:
        yield refused(f"{where}, baselines", failed, "Storage Blob Data Reader on the container baselines")
        return
    names = {column.name for column in baseline.schema.columns}
    lacks = [column.name for column in model.schema.features if column.name not in names]
    if lacks:
        what = f"the baseline of version {pointer.version} lacks a feature of schema.toml: {lacks[0]!r}"
        yield warning(where, what, "the schema has changed since: train and deploy again")
    yield note(
        where, f"version {pointer.version} is in service, with a baseline of {count_of(baseline.rows, 'record')}"
    )


def checks_are_made(set_up: SetUp) -> Iterator[Finding]:
    """When each model was checked last, against the schedule. Writes nothing."""
    from azure.core.exceptions import AzureError

    runtime, now = Runtime(set_up.environ), datetime.now(UTC)
    try:
        states = {state.model: state for state in runtime.ledger.overviews()}
    except (AzureError, DriftloopError) as failed:
        yield refused("Azure, ledger", failed, "Storage Table Data Contributor on the storage account")
        return
    from function_app.alerts.overdue import due_since

    for model in set_up.config.models:
        where, state = f"Azure, model {model.name}", states.get(model.name)
        if state is None or state.checked_at is None:
            yield warning(where, "was never checked", "see that the function app runs and has this driftloop.toml")
            continue
        tick = due_since(model, state, runtime.schedule, now)
        last = f"the last check was at {state.checked_at:%Y-%m-%d %H:%M} UTC"
        if tick is not None:
            yield error(where, f"{last}, and one was due at {tick:%Y-%m-%d %H:%M} UTC", "docs/runbook.md, overdue")
        else:
            yield note(where, f"{last}: {state.verdict or 'no verdict'}")
        if state.error:
            yield error(where, f"the last check failed: {state.error}", "docs/runbook.md says what mends it")


def refused(where: str, failed: Exception, role: str) -> Finding:
    """A call that Azure did not answer, and what is likely to be missing."""
    code = getattr(failed, "error_code", None) or getattr(failed, "status_code", None)
    text = " ".join(str(getattr(failed, "message", None) or failed).split())[:REASONS]
    if str(getattr(code, "value", code)) in ("AuthorizationPermissionMismatch", "AuthorizationFailure", "403"):
        return error(where, "the identity that asks may not", f"give it {role} (docs/identities.md)")
    return error(where, f"cannot be read ({text})", "sign in (`az login`) and check DRIFTLOOP_STORAGE__*")
