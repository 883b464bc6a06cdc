"""`uses: owner/driftloop@v1` in another repository's workflow, run by act: the real action, its real installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sandbox.github import GitHubStandIn
from tests.driftloop.populations import draw, fresh
from tests.installing.conftest import clone
from tests.sandbox.github.client import write_tree

WORKFLOW = """
    name: data
    on: {push: {branches: [main]}}
    permissions:
      contents: read
    jobs:
      check:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
          - id: ordinary
            uses: proseware/driftloop@v1
            with: {reference: data/reference.csv, current: "data/ordinary*.csv", report: out/ordinary.html}
          - id: moved
            continue-on-error: true
            uses: proseware/driftloop@v1
            with:
              reference: data/reference.csv
              current: data/moved.csv
              fail-on: drift,incident
              ignore: |
                sex
                pressure
          - id: broken
            continue-on-error: true
            uses: proseware/driftloop@v1
            with: {reference: data/reference.csv, current: "data/$(touch forged).csv"}
          - run: |
              echo "ordinary: $ORDINARY"
              echo "moved: $MOVED"
              echo "broken: $BROKEN"
              test -s out/ordinary.html && test -s driftloop-report.html && test ! -e forged && echo "files as expected"
            env:
              ORDINARY: >-
                ${{ steps.ordinary.outputs.verdict }} ${{ steps.ordinary.outputs.report }} ${{ steps.ordinary.outcome }}
              MOVED: ${{ steps.moved.outputs.verdict }} ${{ steps.moved.outputs.report }} ${{ steps.moved.outcome }}
              BROKEN: <${{ steps.broken.outputs.verdict }}> ${{ steps.broken.outcome }}
"""


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStandIn]:
    """A repository of somebody else, with data, and a package that is called like the engine."""
    tree = write_tree(
        tmp_path / "tree",
        {".github/workflows/data.yml": WORKFLOW, "driftloop/__init__.py": "raise SystemExit('imported')\n"},
    )
    (tree / "data").mkdir()
    draw(350, np.random.default_rng(1)).to_csv(tree / "data/reference.csv", index=False)
    fresh(60).to_csv(tree / "data/ordinary.csv", index=False)
    fresh(60, 2).assign(bmi=40.0 + np.arange(60) / 7).to_csv(tree / "data/moved.csv", index=False)
    action = clone(tmp_path / "action")
    cache = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))
    with GitHubStandIn(
        tree,
        owner_repo="fabrikam/prices",
        environment={"PIP_CACHE_DIR": cache, "RUNNER_TEMP": str(tmp_path)},
        actions={"proseware/driftloop@v1": action},
        folder=tmp_path / "github",
    ) as standin:
        yield standin


@pytest.mark.slow
def test_any_repository_can_check_its_data_with_one_step(github: GitHubStandIn) -> None:
    (run,) = github.push(paths=["data/ordinary.csv"])
    github.wait_idle()
    log = (run.folder / "log.txt").read_text()
    assert run.conclusion == "success", log
    for said in (
        "ordinary: stable out/ordinary.html success",
        "moved: drift driftloop-report.html failure",
        "broken: <> failure",
        "files as expected",
    ):
        assert said in log, log
    assert "### Driftloop: stable" in run.summary
    assert "### Driftloop: drift" in run.summary
    assert "Not compared: pressure (ignored), sex (ignored)" in run.summary
    assert any("no file matches" in text or "no such file" in text for text in run.job("check").annotations)
