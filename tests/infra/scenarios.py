"""The deployments that the tests look at: as small as possible, and with every option on."""

from __future__ import annotations

from bicep_evaluate import Deployment, Resource, evaluate
from bicep_syntax import INFRA

SMALL = {"environmentName": "prod", "repository": "contoso/driftloop"}
FULL = {
    **SMALL,
    "networkIsolation": True,
    "watchEndpointData": True,
    "checkOnArrival": True,
    "githubSignIn": "token",
    "alertEmails": ["on-call@example.org", "owner@example.org"],
    "recordsDeleteAfterDays": 3650,
    "clusterPriority": "LowPriority",
}


def small() -> Deployment:
    return evaluate(INFRA / "main.bicep", SMALL)


def full() -> Deployment:
    return evaluate(INFRA / "main.bicep", FULL)


def subscriptions(of: Deployment) -> Deployment:
    """infra/events.bicep, given what main.bicep put out, as the workflow and the azd hook give it."""
    out = of.outputs
    return evaluate(
        INFRA / "events.bicep",
        {
            "functionAppName": out["AZURE_FUNCTION_APP"],
            "dataStorageName": out["AZURE_DATA_STORAGE"],
            "modelsTopicName": out["DRIFTLOOP_MODELS_TOPIC"],
            "recordsTopicName": out["DRIFTLOOP_RECORDS_TOPIC"],
            "eventsIdentityId": out["DRIFTLOOP_EVENTS_IDENTITY"],
            "checkOnArrival": out["DRIFTLOOP_CHECK_ON_ARRIVAL"],
        },
    )


def everything() -> list[Resource]:
    """Every resource that any option deploys."""
    runs = [small(), full()]
    return [
        one
        for run in [*runs, *(subscriptions(run) for run in runs)]
        for one in run.resources
        if one.deployed and not one.existing
    ]
