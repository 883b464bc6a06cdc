"""The page about alerts: its check of a signature works, and its kinds and settings are those of the code."""

import doctest
import re
from pathlib import Path
from typing import get_args

from driftloop.config.models import parse
from driftloop.config.receivers import HOSTS
from driftloop.events import AlertKind

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "alerts.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_check_of_a_signature_does_what_the_page_says() -> None:
    test = doctest.DocTestParser().get_doctest(block("python"), {}, "alerts.md", "alerts.md", 0)
    assert len(test.examples) == 6
    assert doctest.DocTestRunner().run(test).failed == 0
    (definition,) = [example.source for example in test.examples if example.source.startswith("def")]
    assert definition.count("\n") <= 10


def test_the_configuration_that_is_shown_is_read() -> None:
    import tomllib

    environ = {
        "DRIFTLOOP_TEAMS_URL": "https://a.b.environment.api.powerplatform.com/x?sig=y",
        "DRIFTLOOP_SLACK_URL": "https://hooks.slack.com/services/T/B/x",
        "DRIFTLOOP_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }
    document = {**tomllib.loads(block("toml")), "model": [{"name": "m"}]}
    assert [each.name for each in parse(document, environ=environ).models[0].alerts] == ["teams", "slack", "pager"]


def test_every_kind_is_explained_and_leads_to_the_runbook() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\(runbook\.md#([\w-]+)\) \|$", PAGE, re.MULTILINE))
    assert list(rows) == list(get_args(AlertKind))
    headings = re.findall(r"^## (.+)$", (DOCS / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(rows.values()) <= anchors


def test_the_hosts_are_named() -> None:
    assert [host for hosts in HOSTS.values() for host in hosts if host.removeprefix("*.") not in PAGE] == [
        "*.logic.azure.us",
        "*.logic.azure.cn",
    ], "which the page has by their endings"
