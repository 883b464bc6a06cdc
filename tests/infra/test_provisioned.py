"""What is provisioned is what the code and the documentation speak of: one name on both sides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from tests.infra.deployed import (
    ROOT,
    Deployment,
    everything,
    full,
    operator,
    parameters,
    settings,
    small,
    subscriptions,
)
from training import models

EXAMPLE = models.names()[0]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def source(folder: str, pattern: str = "*.py") -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob(pattern)))


def queries(run: Deployment) -> dict[str, str]:
    return {
        one.name.split("-", 2)[-1]: one.body["properties"]["criteria"]["allOf"][0]["query"]
        for one in run.of("Microsoft.Insights/scheduledQueryRules")
    }


def test_containers_queues_and_tables_are_those_of_the_architecture_page() -> None:
    run = small()
    data = run.outputs["AZURE_DATA_STORAGE"]
    made = {
        one.name
        for one in run.of("Microsoft.Storage/storageAccounts/blobServices/containers")
        if f"/storageAccounts/{data}/" in one.id
    }
    section = ARCHITECTURE.split("## Storage account")[1].split("\n## ")[0]
    assert made == set(re.findall(r"^\| `([a-z-]+)/", section, re.MULTILINE))
    tables = re.search(r"^Tables: (.*?) \(", section, re.MULTILINE)
    queues = re.search(r"Queues: (.*?)\.$", section, re.MULTILINE)
    assert tables
    assert queues
    assert {one.name for one in run.of("Microsoft.Storage/storageAccounts/tableServices/tables")} == set(
        re.findall(r"`([\w-]+)`", tables[1])
    )
    assert {one.name for one in run.of("Microsoft.Storage/storageAccounts/queueServices/queues")} == set(
        re.findall(r"`([\w-]+)`", queues[1])
    )


def test_the_queues_that_functions_listen_on_exist() -> None:
    listened = set(re.findall(r'queue_name="([\w-]+)"', source("function_app")))
    made = {one.name for one in small().of("Microsoft.Storage/storageAccounts/queueServices/queues")}
    assert listened
    assert listened <= made


def test_every_setting_that_the_architecture_page_names_for_the_function_app_is_set() -> None:
    table = ARCHITECTURE.split("Function app (application settings):")[1].split("Workflows (repository variables")[0]
    named = set(re.findall(r"`(DRIFT[A-Z_]+(?:__blobServiceUri)?)`", table)) | {"GITHUB_API_URL"}
    given = set(settings(small())) | set(settings(full()))
    # The file lies beside host.json, where the package puts it; who opens the dashboard an operator may change.
    assert named - given == {"DRIFTLOOP_CONFIG", "DRIFTLOOP_DASHBOARD_SIGN_IN"}


def test_every_variable_of_the_configuration_file_is_a_setting() -> None:
    lines = (ROOT / "driftloop.toml").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    named = {name for name, default in re.findall(r"\$\{(\w+)(:-[^}]*)?\}", text) if not default}
    assert named
    assert named <= set(settings(small()))


def test_the_connection_of_the_triggers_is_complete() -> None:
    found = settings(small())
    for connection in set(re.findall(r'connection="(\w+)"', source("function_app"))):
        assert {f"{connection}__{part}" for part in ("queueServiceUri", "credential", "clientId")} <= set(found)
    assert found["DRIFTLOOP_STORAGE__blobServiceUri"].startswith("https://stdata")
    assert not found["DRIFTLOOP_STORAGE__blobServiceUri"].endswith("/")


def test_no_setting_holds_a_secret_only_references_to_the_vault() -> None:
    for run in (small(), full()):
        for name, value in settings(run).items():
            assert "AccountKey=" not in value
            if name in {"DRIFTLOOP_GITHUB_TOKEN", "DRIFTLOOP_GITHUB_APP_KEY"}:
                assert re.fullmatch(
                    r"@Microsoft\.KeyVault\(SecretUri=<kv-[^>]+\.vaultUri>secrets/github-(token|app-key)\)", value
                )


@pytest.mark.parametrize(
    ("run", "present", "absent"),
    [
        (small(), {"DRIFTLOOP_GITHUB_APP_ID", "DRIFTLOOP_GITHUB_APP_KEY"}, {"DRIFTLOOP_GITHUB_TOKEN"}),
        (full(), {"DRIFTLOOP_GITHUB_TOKEN"}, {"DRIFTLOOP_GITHUB_APP_ID", "DRIFTLOOP_GITHUB_APP_KEY"}),
        (operator(), set(), {"DRIFTLOOP_GITHUB_TOKEN", "DRIFTLOOP_GITHUB_APP_ID", "DRIFTLOOP_GITHUB_APP_KEY"}),
    ],
)
def test_one_way_to_sign_in_to_github_is_set_and_no_dangling_reference(
    run: Deployment, present: set[str], absent: set[str]
) -> None:
    found = set(settings(run))
    assert present <= found
    assert not absent & found


def test_what_the_data_collector_wrote_is_read_where_azure_ml_keeps_it() -> None:
    assert not {name for name in settings(small()) if "COLLECTOR" in name}
    found = settings(full())
    assert (
        found["DRIFTLOOP_COLLECTOR__blobServiceUri"]
        == f"https://{full().outputs['AZURE_ML_STORAGE']}.blob.core.windows.net"
    )
    assert found["DRIFTLOOP_COLLECTOR_CONTAINER"].startswith("azureml-blobstore-<mlw-driftloop-")


def test_settings_of_an_operator_join_those_of_the_template() -> None:
    found = settings(operator())
    assert found["DRIFTLOOP_DEVOPS_ORGANIZATION"] == "contoso"
    assert "DRIFT_CHECK_SCHEDULE" in found


def test_event_grid_delivers_to_functions_that_exist() -> None:
    functions = set(
        re.findall(r'function_name\("(\w+)"\)\n@app\.event_grid_trigger', source("function_app", "__init__.py"))
    )
    delivered = {
        one.body["properties"]["destination"]["properties"]["resourceId"].rsplit("/", 1)[-1]
        for one in subscriptions("full").of("Microsoft.EventGrid/systemTopics/eventSubscriptions")
    }
    assert delivered == functions


def test_checking_on_arrival_switches_the_function_and_the_subscription_together() -> None:
    off, on = small(), full()
    assert settings(off)["AzureWebJobs.incoming_data.Disabled"] == "true"
    assert settings(on)["AzureWebJobs.incoming_data.Disabled"] == "false"
    names = [
        {one.name for one in subscriptions(run).of("Microsoft.EventGrid/systemTopics/eventSubscriptions")}
        for run in ("small", "full")
    ]
    assert names == [{"model-registered"}, {"model-registered", "records-landed"}]


def test_only_records_and_labels_wake_a_check_not_the_reports_that_it_writes() -> None:
    (landed,) = [one for one in subscriptions("full").resources if one.name == "records-landed"]
    assert landed.body["properties"]["filter"]["subjectBeginsWith"] == "/blobServices/default/containers/incoming/"


def test_alerts_ask_for_events_that_the_function_app_emits() -> None:
    from function_app.telemetry import events

    emitted = set(get_args(events.Event))
    asked = {event for query in queries(small()).values() for event in re.findall(r'"(\w+)"', query)}
    assert asked
    assert asked <= emitted
    assert asked >= events._ALERTS, "an event that needs a person wakes nobody"


def test_an_event_is_read_as_the_function_app_writes_it(caplog: pytest.LogCaptureFixture) -> None:
    """The query takes messages that begin with a brace and reads `event` and `model` from them."""
    import json

    from function_app.telemetry import events

    with caplog.at_level("INFO"):
        events.emit("incident", model="diabetes-progression")
    assert caplog.messages[-1].startswith("{")
    body = json.loads(caplog.messages[-1])
    assert (body["event"], body["model"]) == ("incident", "diabetes-progression")
    for query in queries(small()).values():
        assert query.startswith('AppTraces | where Message startswith "{" | extend e = parse_json(Message)')


def test_silence_is_an_alert_that_needs_no_word_from_the_function_app() -> None:
    run = small()
    (silence,) = [one for one in run.of("Microsoft.Insights/scheduledQueryRules") if one.name.endswith("-silence")]
    (condition,) = silence.body["properties"]["criteria"]["allOf"]
    assert (condition["operator"], condition["threshold"]) == ("LessThan", 1)
    assert "check_finished" in condition["query"]
    assert silence.body["properties"]["windowSize"] == "P2D"  # a daily check may be late without waking anybody


def test_a_weekly_schedule_does_not_ring_for_silence_every_other_day() -> None:
    assert settings(operator())["DRIFT_CHECK_SCHEDULE"] == "0 0 6 * * 1"
    assert not [one for one in operator().of("Microsoft.Insights/scheduledQueryRules") if one.name.endswith("-silence")]


def minutes(duration: str) -> int:
    """Of an ISO 8601 duration as Azure's rules have them: PT15M, PT1H, P2D."""
    amount, unit = re.fullmatch(r"PT?(\d+)([MHD])", duration).groups()  # type: ignore[union-attr]
    return int(amount) * {"M": 1, "H": 60, "D": 24 * 60}[unit]


@pytest.mark.parametrize("run", [small(), full(), operator()], ids=["small", "full", "operator"])
def test_a_rule_looks_back_further_than_its_frequency_because_logs_arrive_late(run: Deployment) -> None:
    rules = [
        one.body["properties"]
        for kind in ("scheduledQueryRules", "metricAlerts")
        for one in run.of(f"Microsoft.Insights/{kind}")
    ]
    assert len(rules) >= 8
    for rule in rules:
        assert minutes(rule["windowSize"]) > minutes(rule["evaluationFrequency"])


def test_an_event_that_raises_an_alert_is_counted_once_though_windows_overlap() -> None:
    """By when it arrived: since the last look, and a little more; not by when it happened."""
    for one in small().of("Microsoft.Insights/scheduledQueryRules"):
        rule = one.body["properties"]
        (condition,) = rule["criteria"]["allOf"]
        arrived = re.search(r"ingestion_time\(\) > ago\((\d+)m\)", condition["query"])
        if rule["autoMitigate"]:  # raised once until it resolves, whatever the window
            assert not arrived
        else:
            assert arrived
            assert minutes(rule["evaluationFrequency"]) < int(arrived[1]) < minutes(rule["windowSize"])


def test_rules_are_made_before_the_table_that_they_read_exists() -> None:
    for one in full().of("Microsoft.Insights/scheduledQueryRules"):
        assert one.body["properties"]["skipQueryValidation"] is True


def test_every_alert_reaches_the_people_named() -> None:
    run = full()
    (people,) = run.of("Microsoft.Insights/actionGroups")
    assert [one["emailAddress"] for one in people.body["properties"]["emailReceivers"]] == [
        "on-call@example.org",
        "owner@example.org",
    ]
    assert len(people.body["properties"]["groupShortName"]) <= 12
    for rule in run.of("Microsoft.Insights/scheduledQueryRules"):
        assert rule.body["properties"]["actions"]["actionGroups"] == [people.id]


def test_an_undelivered_event_is_an_alert() -> None:
    run = full()
    (people,) = run.of("Microsoft.Insights/actionGroups")
    watched = set()
    for rule in run.of("Microsoft.Insights/metricAlerts"):
        (condition,) = rule.body["properties"]["criteria"]["allOf"]
        assert condition["metricName"] == "DeadLetteredCount"
        assert rule.body["properties"]["actions"] == [{"actionGroupId": people.id}]
        watched |= set(rule.body["properties"]["scopes"])
    assert watched == {topic.id for topic in run.of("Microsoft.EventGrid/systemTopics")}


def test_the_saved_query_shows_what_the_issue_of_an_on_call_engineer_starts_with() -> None:
    (saved,) = small().of("Microsoft.OperationalInsights/workspaces/savedSearches")
    for event in ("drift", "incident", "overdue", "dispatch_failed"):
        assert f'"{event}"' in saved.body["properties"]["query"]


def test_application_insights_keeps_its_logs_in_the_workspace_that_alerts_read() -> None:
    run = small()
    (logs,), (insights,) = run.of("Microsoft.OperationalInsights/workspaces"), run.of("Microsoft.Insights/components")
    assert insights.body["properties"]["WorkspaceResourceId"] == logs.id
    assert {
        scope
        for rule in run.of("Microsoft.Insights/scheduledQueryRules")
        for scope in rule.body["properties"]["scopes"]
    } == {logs.id}


def test_the_function_app_runs_the_deployed_python_on_flex_consumption() -> None:
    run, deployed = small(), (ROOT / "requirements/deployed-python-version").read_text().strip()
    (plan,), (site,) = run.of("Microsoft.Web/serverfarms"), run.of("Microsoft.Web/sites")
    assert plan.body["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert site.body["properties"]["functionAppConfig"]["runtime"] == {"name": "python", "version": deployed}
    forbidden = {
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_EXTENSION_VERSION",
        "WEBSITE_RUN_FROM_PACKAGE",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
    }
    assert not forbidden & set(settings(run)), "Flex Consumption refuses these settings"


def test_the_deployment_package_lies_in_a_container_that_exists() -> None:
    run = small()
    (site,) = run.of("Microsoft.Web/sites")
    url = site.body["properties"]["functionAppConfig"]["deployment"]["storage"]["value"]
    account, container = re.fullmatch(r"https://(\w+)\.blob\.core\.windows\.net/([a-z-]+)", url).groups()  # type: ignore[union-attr]
    ids = {one.id for one in run.of("Microsoft.Storage/storageAccounts/blobServices/containers")}
    assert any(
        one.endswith(f"/storageAccounts/{account}/blobServices/default/containers/{container}") for one in ids
    ) or any(f"/storageAccounts/{account}/" in one and one.endswith(f"/{container}") for one in ids)


def test_nothing_trains_nothing_costs() -> None:
    (cluster,) = small().of("Microsoft.MachineLearningServices/workspaces/computes")
    scale = cluster.body["properties"]["properties"]["scaleSettings"]
    assert scale == {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT5M"}


def test_the_cluster_is_the_one_that_workflows_submit_to() -> None:
    from workflows.settings import train

    out = small().outputs
    given = {name: str(out[name]) for name in out if name.startswith(("AZURE_", "DRIFTLOOP_"))}
    asked = train(given | {"DRIFTLOOP_MODEL": "wine"})
    (cluster,) = small().of("Microsoft.MachineLearningServices/workspaces/computes")
    assert asked.compute.name == cluster.name == "driftloop-cluster"
    assert asked.compute.size == cluster.body["properties"]["properties"]["vmSize"]
    assert asked.compute.identity in cluster.body["identity"]["userAssignedIdentities"]


def test_outputs_are_accepted_by_the_workflows_as_they_are() -> None:
    from workflows.settings import deploy, train

    environment = {name: str(value) for name, value in small().outputs.items()}
    assert train(environment | {"DRIFTLOOP_MODEL": EXAMPLE}).azure.blob_url == environment["DRIFTLOOP_BLOB_URL"]
    assert deploy(environment, EXAMPLE).azure.workspace == environment["AZURE_ML_WORKSPACE"]


def test_every_variable_of_the_architecture_page_but_the_client_is_an_output() -> None:
    """AZURE_CLIENT_ID is the workflows' own identity, which python -m infra.identities makes."""
    section = ARCHITECTURE.split("Workflows (repository variables")[1].split("signs in everywhere")[0]
    named = set(re.findall(r"`((?:AZURE|DRIFTLOOP)_[A-Z_]+)`", section))
    assert named - set(small().outputs) == {"AZURE_CLIENT_ID"}


@pytest.mark.parametrize(("run", "days"), [(small(), 0), (full(), 3650)], ids=["never", "ten years"])
def test_records_are_deleted_only_when_somebody_says_so(run: Deployment, days: int) -> None:
    policy = next(one for one in run.of("Microsoft.Storage/storageAccounts/managementPolicies") if "stdata" in one.id)
    rules = {rule["name"]: rule["definition"] for rule in policy.body["properties"]["policy"]["rules"]}
    assert ("delete" in rules["records"]["actions"]["baseBlob"]) is bool(days)
    assert rules["records"]["actions"]["baseBlob"]["tierToCool"] == {"daysAfterModificationGreaterThan": 90}
    for rule in rules.values():  # baselines, training data, outcomes and the quarantine are never touched
        prefixes = rule["filters"].get("prefixMatch", [])
        assert set(prefixes) <= {"incoming/", "reports/", "dead-letters/"}
        if not prefixes:
            assert set(rule["actions"]) == {"version"}
        assert any(rule["actions"].get("baseBlob", rule["actions"]).values())


def test_no_rule_without_an_action_when_nothing_shall_happen_to_records() -> None:
    run = operator()
    policy = next(
        one for one in run.of("Microsoft.Storage/storageAccounts/managementPolicies") if "hospitalrecords" in one.id
    )
    assert "records" not in {rule["name"] for rule in policy.body["properties"]["policy"]["rules"]}


def test_what_is_overwritten_can_be_brought_back() -> None:
    for one in small().of("Microsoft.Storage/storageAccounts/blobServices"):
        assert one.body["properties"]["isVersioningEnabled"] is True
        assert one.body["properties"]["deleteRetentionPolicy"] == {"enabled": True, "days": 14}


def test_queues_and_tables_have_no_properties_that_a_compiler_would_refuse() -> None:
    bare = {"queueServices", "queues", "tableServices", "tables"}
    for one in everything():
        if one.kind.rsplit("/", 1)[-1] in bare:
            assert set(one.body) == {"id", "type", "name", "apiVersion"}


def test_azure_yaml_deploys_the_site_that_is_tagged_for_it() -> None:
    import yaml

    azd = yaml.safe_load((ROOT / "azure.yaml").read_text())
    (site,) = small().of("Microsoft.Web/sites")
    assert list(azd["services"]) == [site.body["tags"]["azd-service-name"]]
    service = azd["services"]["function-app"]
    assert (service["host"], service["language"], Path(service["project"])) == ("function", "python", Path())
    assert (ROOT / azd["infra"]["path"] / f"{azd['infra']['module']}.bicep").is_file()


def test_the_hook_after_deployment_gives_events_bicep_what_it_asks_for_from_outputs_that_exist() -> None:
    import yaml

    azd = yaml.safe_load((ROOT / "azure.yaml").read_text())
    wanted = parameters("events.bicep")
    outputs = set(small().outputs)
    for hook in azd["hooks"]["postdeploy"].values():
        given = dict(re.findall(r"(\w+)=\"?\$(?:env:)?\{?(\w+)\}?", hook["run"]))
        assert set(given) >= wanted
        assert {variable for name, variable in given.items() if name in wanted} <= outputs


def test_azd_packages_the_dependencies_that_the_lock_names_and_lets_azure_build_nothing() -> None:
    import yaml

    service = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"]["function-app"]
    assert service["remoteBuild"] is False
    for hook in service["hooks"]["prepackage"].values():
        assert hook["run"].endswith("-m infra.package --dependencies")
    ignored = (ROOT / ".funcignore").read_text().splitlines()
    assert ignored.index("!.python_packages") > ignored.index(".*"), "dependencies would stay out of the package"
