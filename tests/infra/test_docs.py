"""docs/azure.md and docs/identities.md say what the templates and the commands do."""

from __future__ import annotations

import re

import pytest

from infra.identities.__main__ import OWN_VARIABLES, VARIABLES, _parser
from infra.identities.role_definitions import scoring_role
from infra.identities.wanted import Place, Repository, applications
from tests.infra.deployed import INFRA, full, small, table

DOCS = INFRA.parent / "docs"
AZURE, IDENTITIES = (DOCS / "azure.md").read_text(), (DOCS / "identities.md").read_text()
WHO = {
    "function": "function app",
    "training": "training cluster",
    "workspace": "Azure ML workspace",
    "events": "Event Grid",
}


def rows(page: str, heading: str) -> list[list[str]]:
    section = page.split(f"\n{heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_role_of_the_template_is_on_the_page_with_its_reason() -> None:
    names = {identity: name for name, identity in table("roleIds").items()}
    wanted = set()
    for one in full().of("Microsoft.Authorization/roleAssignments"):
        given = one.body["properties"]
        who = given["principalId"].removeprefix("<id-driftloop-").split("-")[0]
        role = names[given["roleDefinitionId"].rsplit("/", 1)[-1]]
        wanted.add((WHO[who], role, given["description"].split(": ", 1)[1]))
    written = {(row[0], row[1], row[3]) for row in rows(IDENTITIES, "## On Azure: managed identities")} - {
        ("who", "role", "why")
    }
    assert written == wanted


def test_every_role_of_the_workflows_is_on_the_page_with_its_reason() -> None:
    place = Place("resource group", "workspace", "data storage", "Azure ML storage")
    wanted = {
        (f"`{application.name}`", grant.role, grant.why.split(": ", 1)[1])
        for application in applications("driftloop", place, Repository("o", "n", 1, 2), "main", provisioning=True)
        for grant in application.grants
    }
    written = [row for row in rows(IDENTITIES, "## For GitHub Actions") if row[0].startswith("`driftloop")]
    assert {(row[0], row[1], row[3]) for row in written} == wanted


def test_every_option_is_on_the_page_and_every_option_on_the_page_exists() -> None:
    options = {
        option for action in _parser()._actions for option in action.option_strings if option not in {"-h", "--help"}
    }
    section = IDENTITIES.split("## For GitHub Actions")[1]
    written = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", section)) - {
        "--id",
        "--append",
        "--display-name",
        "--years",
    }
    written -= {"--query", "--output", "--repo", "--env"}  # of az and gh
    assert options - {"--subscription"} <= written
    assert written - {"--name", "--repository"} <= options


def test_every_variable_that_is_set_is_on_the_page() -> None:
    for name in (*OWN_VARIABLES, *VARIABLES):
        assert f"`{name}`" in IDENTITIES


def test_the_settings_table_lists_what_the_parameter_file_reads_with_its_defaults() -> None:
    source = (INFRA / "main.bicepparam").read_text()
    read = dict(re.findall(r"readEnvironmentVariable\('(\w+)'(?:, '([^']*)')?\)", source))
    written = {row[0].strip("`"): row[1].strip("`") for row in rows(AZURE, "## 3. Provision")}
    written.pop("variable")
    assert set(written) == set(read) - {"AZURE_ENV_NAME", "AZURE_LOCATION"}
    assert written == {name: read[name] for name in written}


def test_every_output_that_the_steps_use_exists() -> None:
    used = set(re.findall(r"\$\{?((?:AZURE|DRIFTLOOP)_[A-Z_]+)", AZURE))
    assert used
    assert used <= set(small().outputs)


@pytest.mark.parametrize("page", ["azure.md", "identities.md", "costs.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if path.startswith("http"):
            continue
        linked = (DOCS / path) if path else (DOCS / page)
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, target


def test_the_number_of_functions_that_the_page_promises_is_the_number_there_is() -> None:
    source = (INFRA.parent / "function_app" / "__init__.py").read_text()
    numbers = {
        "eight": 8,
        "nine": 9,
        "ten": 10,
        "twelve": 12,
        "thirteen": 13,
        "fourteen": 14,
        "fifteen": 15,
        "sixteen": 16,
    }
    promised = re.search(r"the function app with (\w+) functions", AZURE)
    assert promised
    assert numbers[promised[1]] == source.count("@app.function_name(")


def test_the_role_of_the_page_and_the_option_that_gives_it_are_documented() -> None:
    assert scoring_role("")["Name"] in IDENTITIES
    assert "python3 -m infra.identities --pages" in (DOCS / "practitioners-page.md").read_text()
