"""A job that names an environment sees its variables, and only it."""

import yaml

from sandbox.github.environments import with_variables
from tests.workflows.test_workflow_files import ROOT

FILE = """\
env: {WHERE: "${{ vars.PLACE }}"}
jobs:
  one:
    runs-on: ubuntu-latest
    env: {WHO: "${{ vars.CLIENT }}", OTHER: "${{ vars.CLIENT_TWO }}"}
  two:
    runs-on: ubuntu-latest
    environment: production # waits for a reviewer
    env:
      WHO: ${{ vars.CLIENT || 'nobody' }}
      OTHER: ${{ vars.CLIENT_TWO }}
  three:
    environment: {name: preview}
    env: {WHO: "${{ vars.CLIENT }}"}
"""


def test_the_environments_variable_comes_before_the_repositorys() -> None:
    changed = with_variables(FILE, {"production": {"CLIENT": "it's me"}, "preview": {"CLIENT": "x"}})
    jobs = yaml.safe_load(changed)["jobs"]
    assert jobs["one"]["env"] == {"WHO": "${{ vars.CLIENT }}", "OTHER": "${{ vars.CLIENT_TWO }}"}
    assert jobs["two"]["env"] == {"WHO": "${{ 'it''s me' || 'nobody' }}", "OTHER": "${{ vars.CLIENT_TWO }}"}
    assert jobs["three"]["env"] == {"WHO": "${{ 'x' }}"}


def test_without_environments_a_file_stays_as_it_is() -> None:
    assert with_variables(FILE, {}) == FILE
    assert with_variables(FILE, {"staging": {"CLIENT": "x"}}) == FILE


def test_our_own_deploy_job_signs_in_as_another_than_train() -> None:
    files = {name: (ROOT / f".github/workflows/{name}.yml").read_text() for name in ("train", "deploy")}
    changed = {
        name: with_variables(text, {"production": {"AZURE_CLIENT_ID": "deployer"}}) for name, text in files.items()
    }
    assert "deployer" not in changed["train"]
    assert "AZURE_CLIENT_ID: ${{ 'deployer' }}" in changed["deploy"]
