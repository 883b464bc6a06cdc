"""Receivers of alerts: what the parser refuses, and that it never repeats an address or a secret."""

import base64

import pytest

from driftloop.config.models import parse
from driftloop.config.receivers import KINDS, Receiver
from driftloop.errors import ConfigError

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
SLACK = "https://hooks.slack.com/services/T000/B000/very-secret"
TEAMS = (
    "https://0a1b.4a.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/0a/"
    "triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=very-secret"
)
ENVIRONMENT = {"KEY": KEY, "SLACK": SLACK, "TEAMS": TEAMS, "HOOK": "https://alerts.example.com/in?code=very-secret"}


def parsed(*alerts: dict, environ: dict | None = None, sends: bool = True, defaults: list | None = None):
    document = {"model": [{"name": "m", **({"alerts": list(alerts)} if alerts else {})}]}
    if defaults is not None:
        document["defaults"] = {"alerts": defaults}
    return parse(document, environ={**ENVIRONMENT, **(environ or {})}, sends=sends).models[0]


def test_three_receivers_are_read_with_their_names_and_all_kinds():
    model = parsed(
        {"to": "teams", "url": "${TEAMS}", "language": "ja"},
        {"to": "slack", "url": "${SLACK}", "on": ["incident"]},
        {"to": "webhook", "name": "pager", "url": "${HOOK}", "secret": "${KEY}", "hosts": ["*.example.com"]},
    )
    assert [each.name for each in model.alerts] == ["teams", "slack", "pager"]
    assert (model.alerts[0].on, model.alerts[1].on) == (KINDS, ("incident",))


def test_a_models_own_receivers_replace_those_of_all():
    shared = [{"to": "slack", "url": "${SLACK}"}]
    assert [each.name for each in parsed(defaults=shared).alerts] == ["slack"]
    assert [each.name for each in parsed({"to": "teams", "url": "${TEAMS}"}, defaults=shared).alerts] == ["teams"]


WEBHOOK = {"to": "webhook", "url": "${HOOK}", "secret": "${KEY}"}


@pytest.mark.parametrize(
    "url",
    [
        "http://alerts.example.com/in",
        "ftp://alerts.example.com/in",
        "https://user:very-secret@alerts.example.com/in",
        "https://alerts.example.com/in#very-secret",
        "https://alerts.example.com\\@evil.example/",
        "https://10.0.0.4/very-secret",
        "https://169.254.169.254/metadata",
        "https://0x7f.1/very-secret",
        "https://2130706433/very-secret",
        "https://[::1%25eth0]/very-secret",
        "https://[fd00::1]/very-secret",
        "https://intranet/very-secret",
        "http://127.0.0.1.evil.example/very-secret",
        "http://localhost.evil.example/very-secret",
        "https://alerts.example.com/a b",
        "https://alerts.example.com:99999/very-secret",
        "@Microsoft.KeyVault(SecretUri=https://vault.example/very-secret)",
    ],
)
def test_an_address_that_is_not_safe_is_refused_and_never_repeated(url):
    with pytest.raises(ConfigError, match=r"alerts 1 \(webhook\): url: must be https") as refused:
        parsed(WEBHOOK, environ={"HOOK": url})
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost:1/x", "http://[::1]:80/x", "https://a.example"]
)
def test_this_machine_exactly_and_https_are_taken(url):
    assert parsed(WEBHOOK, environ={"HOOK": url}).alerts[0].url == url


@pytest.mark.parametrize(
    ("to", "url"),
    [
        ("slack", "https://hooks.slack.com.evil.example/services/very-secret"),
        ("slack", "https://evil.example/hooks.slack.com/very-secret"),
        ("slack", "https://xhooks.slack.com/very-secret"),
        ("teams", "https://environment.api.powerplatform.com.evil.example/very-secret"),
        ("teams", "https://contoso.webhook.office.com/very-secret"),
        ("teams", "https://evil-logic.azure.com/very-secret"),
    ],
)
def test_teams_and_slack_go_to_their_own_hosts_alone(to, url):
    with pytest.raises(ConfigError, match="its host is none of") as refused:
        parsed({"to": to, "url": "${URL}"}, environ={"URL": url})
    assert "very-secret" not in str(refused.value)


def test_a_webhook_may_be_held_to_hosts():
    with pytest.raises(ConfigError, match=r"its host is none of alerts\.example\.org"):
        parsed({**WEBHOOK, "hosts": ["alerts.example.org"]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": "slack", "url": SLACK}, r"alerts 1: url: write \$\{NAME\}"),
        ({"to": "teams", "url": "${X:-" + TEAMS + "}"}, r"alerts 1: url: write \$\{NAME\}"),
        ({**WEBHOOK, "secret": KEY}, r"alerts 1: secret: write \$\{NAME\}"),
        ({**WEBHOOK, "secret": "${KEY:-" + KEY + "}"}, r"alerts 1: secret: write \$\{NAME\}"),
        ({"to": "webhook", "url": "${HOOK}"}, "secret is missing"),
        ({**WEBHOOK, "secret": "${SLACK}"}, "24 to 64 bytes in base64"),
        ({"to": "slack", "url": "${SLACK}", "secret": "${KEY}"}, "only a webhook is signed"),
        ({"to": "slack", "url": "${SLACK}", "hosts": ["a.b"]}, "only a webhook has them"),
        ({"to": "slack", "url": "${SLACK}", "on": []}, "on is empty"),
        ({"to": "slack", "url": "${SLACK}", "name": "My channel"}, "lower-case letters"),
        ({"to": "slack", "url": "${SLACK}", "on": ["insident"]}, "insident"),
        ({"to": "slack", "url": "${SLACK}", "language": "de"}, "de"),
        ({"to": "email", "url": "${SLACK}"}, "email"),
        ({"to": "slack", "url": "${SLACK}", "colour": "red"}, "colour"),
        ({"to": "slack", "url": "${SLACK}", "link": "http://x.example/{report}"}, "must be an https"),
        ({"to": "slack", "url": "${SLACK}", "link": "https://x.example/{secret}"}, "no other braces"),
        ({"to": "slack", "url": "${SLACK}", "link": "https://x.example/{model.__class__}"}, "no other braces"),
        ({"to": "slack", "url": "${MISSING}"}, "set the environment variable MISSING"),
    ],
)
def test_a_mistake_is_one_line_that_repeats_no_secret(changes, said):
    with pytest.raises(ConfigError, match=said) as refused:
        parsed(changes)
    assert "\n" not in str(refused.value)
    assert "very-secret" not in str(refused.value)
    assert KEY not in str(refused.value)


def test_two_of_one_name_and_too_many_are_refused():
    with pytest.raises(ConfigError, match="two receivers are named 'slack'"):
        parsed(*[{"to": "slack", "url": "${SLACK}"}] * 2)
    with pytest.raises(ConfigError, match="at most 8 receivers"):
        parsed(*[{"to": "slack", "url": "${SLACK}", "name": f"s{number}"} for number in range(9)])


def test_where_nothing_is_sent_the_variables_may_be_missing():
    model = parsed({"to": "slack", "url": "${MISSING}"}, {**WEBHOOK, "secret": "${GONE}"}, sends=False)
    assert [each.name for each in model.alerts] == ["slack", "webhook"]


def test_a_repr_holds_neither_address_nor_secret():
    model = parsed(WEBHOOK)
    assert "very-secret" not in repr(model)
    assert KEY not in repr(model)
    assert repr(Receiver("slack", SLACK, name="s")) == "Receiver(to='slack', name='s')"
