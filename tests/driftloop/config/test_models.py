"""driftloop.toml: what it may say, and the one line that a mistake gives."""

from pathlib import Path

import pytest

from driftloop.config.models import AzureDevOpsTarget, DryRunTarget, GitHubTarget, load, parse
from driftloop.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def model(**fields: object) -> dict[str, object]:
    return {"model": [{"name": "m", **fields}]}


def test_a_name_is_enough() -> None:
    (found,) = parse(model(), environ={}).models

    assert (found.records, found.labels) == ("incoming/m/records/**", "incoming/m/labels/**")
    assert isinstance(found.dispatch, DryRunTarget), "nothing is started unless somebody says what"
    assert found.policy.budget == 520


def test_the_repository_s_own_file_is_valid() -> None:
    config = load(ROOT / "driftloop.toml", {"DRIFTLOOP_REPOSITORY": "proseware/driftloop"})

    assert config.models[0].dispatch == GitHubTarget("proseware/driftloop", "https://api.github.com")


def test_defaults_are_shared_and_a_model_may_differ() -> None:
    document = {
        "defaults": {
            "labels_required": 7,
            "policy": {"budget": 100, "alpha": 0.01},
            "dispatch": {"target": "github", "repository": "o/r"},
        },
        "model": [
            {"name": "a"},
            {"name": "b", "labels_required": 9, "policy": {"budget": 50}},
            {"name": "c", "dispatch": {"target": "dry-run"}},
        ],
    }

    a, b, c = parse(document, environ={}).models

    assert (a.labels_required, b.labels_required) == (7, 9)
    assert (b.policy.budget, b.policy.alpha) == (50, 0.01)
    assert isinstance(a.dispatch, GitHubTarget)
    assert isinstance(c.dispatch, DryRunTarget)


def test_application_settings_fill_the_gaps() -> None:
    dispatch = {"target": "github", "repository": "${REPO}", "api_url": "${API:-https://api.github.com}"}

    (found,) = parse(model(dispatch=dispatch), environ={"REPO": "o/r"}).models
    assert found.dispatch == GitHubTarget("o/r", "https://api.github.com")
    (found,) = parse(model(dispatch=dispatch), environ={"REPO": "o/r", "API": "https://ghes.example/api/v3"}).models
    assert found.dispatch == GitHubTarget("o/r", "https://ghes.example/api/v3")


def test_azure_devops_is_a_target() -> None:
    dispatch = {"target": "azure-devops", "organization": "o", "project": "p", "pipeline": 5}

    assert parse(model(dispatch=dispatch), environ={}).models[0].dispatch == AzureDevOpsTarget("o", "p", 5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "a/b"}, "use letters, digits"),
        ({"records": "incoming"}, "write <container>/<pattern>"),
        ({"records": "IN/x"}, "write <container>/<pattern>"),
        ({"labels_requird": 5}, "labels_requird"),
        ({"labels_required": -1}, "labels_required must be at least 0"),
        ({"max_attempts": 0}, "max_attempts must be at least 1"),
        ({"schedule": "0 6 * * *"}, "has 5 fields: write six"),
        ({"policy": {"budgte": 5}}, "budgte"),
        ({"policy": {"alpha": 2}}, "alpha"),
        ({"layout": "data-collector"}, "needs predictions"),
        ({"dispatch": {"target": "jenkins"}}, "jenkins"),
        ({"dispatch": {"target": "github", "repository": "o"}}, "write owner/name"),
        (
            {"dispatch": {"target": "github", "repository": "o/r", "api_url": "http://evil.example"}},
            "must start with https",
        ),
        ({"dispatch": {"target": "github", "repository": "${REPO}"}}, r"\$\{REPO\} is not set"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_it_is(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(model(**fields), "driftloop.toml", {})

    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("driftloop.toml: model 1")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "no \\[\\[model\\]\\]"),
        ({"model": "m"}, "no \\[\\[model\\]\\]"),
        ({"models": [{}]}, "unknown table 'models'"),
        ({"model": [{"name": "m"}, {"name": "M"}]}, "two models"),
        ({"model": [5]}, "must be a table"),
        ({"model": [{"name": "m"}], "defaults": 5}, "must be a table"),
    ],
)
def test_a_document_of_the_wrong_shape_is_refused(document: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(document, environ={})


def test_a_file_that_is_missing_or_no_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("[[model]\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "bad.toml")


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'x' is not in driftloop\.toml"):
        parse(model(), environ={}).model("x")
