"""Do the receivers of alerts take them? By what the function app has noted of each."""

from collections.abc import Iterator
from datetime import UTC, datetime

from driftloop.checkup.context import SetUp
from driftloop.checkup.findings import Finding, error, note, warning
from driftloop.errors import DriftloopError
from function_app.doctor.in_service import refused
from function_app.runtime import Runtime


def receivers_take_alerts(set_up: SetUp) -> Iterator[Finding]:
    """Every receiver that fails, and how many alerts wait. Sends nothing, and writes nothing."""
    from azure.core.exceptions import AzureError

    models = [model for model in set_up.config.models if model.alerts]
    if not models:
        return
    now = datetime.now(UTC)
    try:
        boxes = Runtime(set_up.environ).boxes.all()
    except (AzureError, DriftloopError) as failed:
        yield refused("Azure, alerts", failed, "Storage Table Data Contributor on the storage account")
        return
    for model in models:
        where, box = f"Azure, model {model.name}, alerts", boxes.get(model.name)
        names = {receiver.name for receiver in model.alerts}
        trouble = {} if box is None else {name: each for name, each in box.trouble.items() if name in names}
        for name, each in trouble.items():
            says = error if each.lasts(now) else warning
            what = f"{name} has failed since {each.since:%Y-%m-%d %H:%M} UTC: {each.error}"
            yield says(where, what, "docs/runbook.md, alert_failed")
        if not trouble:
            yield note(where, f"{len(names)} receivers, none of which fails")
