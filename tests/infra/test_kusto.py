"""The queries of alerts and the saved one, read by Kusto's own parser and analyser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.deployed import ROOT, deployed

MODULES = ROOT / ".tools" / "node_modules"
NODE = shutil.which("node")
# https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces
STRINGS = [
    "AppRoleInstance",
    "AppRoleName",
    "AppVersion",
    "ClientBrowser",
    "ClientCity",
    "ClientCountryOrRegion",
    "ClientIP",
    "ClientModel",
    "ClientOS",
    "ClientStateOrProvince",
    "ClientType",
    "IKey",
    "_IsBillable",
    "Message",
    "OperationId",
    "OperationName",
    "ParentId",
    "ResourceGUID",
    "_ResourceId",
    "SDKVersion",
    "SessionId",
    "SourceSystem",
    "_SubscriptionId",
    "SyntheticSource",
    "TenantId",
    "Type",
    "UserAccountId",
    "UserAuthenticatedId",
    "UserId",
]
OTHERS = {
    "_BilledSize": "real",
    "ItemCount": "int",
    "Measurements": "dynamic",
    "Properties": "dynamic",
    "SeverityLevel": "int",
    "TimeGenerated": "datetime",
}
APP_TRACES = ", ".join(f"{name}: {kind}" for name, kind in {**dict.fromkeys(STRINGS, "string"), **OTHERS}.items())


def queries() -> list[str]:
    """All that any deployment of ours would have Azure run."""
    found = set()
    for name in ("small", "full", "operator"):
        for rule in deployed(name).of("Microsoft.Insights/scheduledQueryRules"):
            found |= {condition["query"] for condition in rule.body["properties"]["criteria"]["allOf"]}
        for saved in deployed(name).of("Microsoft.OperationalInsights/workspaces/savedSearches"):
            found.add(saved.body["properties"]["query"])
    return sorted(found)


def analyse(asked: list[str]) -> list[list[str]]:
    assert NODE
    done = subprocess.run(
        [NODE, str(Path(__file__).with_name("kusto_check.js"))],
        input=json.dumps({"tables": {"AppTraces": f"({APP_TRACES})"}, "queries": asked}),
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


@pytest.mark.skipif(
    NODE is None or not (MODULES / "@kusto").is_dir(), reason="no Node.js with Kusto's language service: make setup"
)
def test_kusto_finds_nothing_wrong_and_finds_what_is() -> None:
    asked = queries()
    assert len(asked) == 10, "eight events, silence, and the saved one"
    wrong = {
        asked[0].replace("| where", "| wehre", 1): "operator",
        asked[0].replace("Message", "Mesage", 1): "'Mesage'",
        asked[0].replace("tostring(", "tostringg(", 1): "'tostringg'",
    }
    found = analyse([*asked, *wrong])
    assert found[: len(asked)] == [[]] * len(asked)
    for said, expected in zip(found[len(asked) :], wrong.values(), strict=True):
        assert any(expected in message for message in said), said
