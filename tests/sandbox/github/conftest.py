"""A small repository with a workflow that trains and one that deploys, in the shape of the real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.github import GitHubStandIn, Instant
from tests.sandbox.github.client import write_tree

FILES = {
    ".github/workflows/train.yml": """
        name: train
        run-name: train ${{ github.event.client_payload.drift_id || github.ref_name }}
        on:
          push:
            branches: [main]
            paths: ["training/**", "!training/**/*.md"]
          repository_dispatch:
            types: [drift-detected]
        permissions:
          contents: read
        jobs:
          train:
            runs-on: ubuntu-latest
            timeout-minutes: 5
            concurrency:
              group: train-${{ github.event.client_payload.model || 'all' }}
              queue: max
            outputs:
              promoted: ${{ steps.train.outputs.promoted }}
              version: ${{ steps.train.outputs.version }}
            steps:
              - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
              - id: train
                uses: ./workflows/actions/train
                with:
                  drift-id: ${{ github.event.client_payload.drift_id }}
          deploy:
            needs: train
            if: needs.train.outputs.promoted == 'true'
            uses: ./.github/workflows/deploy.yml
            with:
              version: ${{ needs.train.outputs.version }}
    """,
    ".github/workflows/deploy.yml": """
        name: deploy
        on:
          workflow_call:
            inputs:
              version: {type: string, required: true}
          workflow_dispatch:
            inputs:
              version: {type: string, required: true}
              strategy: {type: choice, options: [canary, all-at-once], default: canary}
        jobs:
          rollout:
            runs-on: ubuntu-latest
            steps:
              - name: Shift the traffic
                env:
                  VERSION: ${{ inputs.version }}
                run: |
                  echo "version $VERSION takes all traffic" >> "$GITHUB_STEP_SUMMARY"
    """,
    "workflows/actions/train/action.yml": """
        name: train
        description: trains
        inputs:
          drift-id: {description: the drift, required: false}
        outputs:
          promoted: {description: whether, value: "${{ steps.run.outputs.promoted }}"}
          version: {description: which, value: "${{ steps.run.outputs.version }}"}
        runs:
          using: composite
          steps:
            - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
              with:
                python-version-file: python-version
            - id: run
              shell: bash
              env:
                DRIFT_ID: ${{ inputs.drift-id }}
              run: bash training/train.sh
    """,
    "python-version": "3.11",
    "training/train.sh": """
        echo "training on $GITHUB_SHA for ${DRIFT_ID:-a push} with $ENDPOINT"
        echo promoted=${PROMOTED:-true} >> "$GITHUB_OUTPUT"
        echo version=7 >> "$GITHUB_OUTPUT"
    """,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "tree", FILES)


@pytest.fixture
def github(tree: Path, tmp_path: Path) -> Iterator[GitHubStandIn]:
    """The stand-in, running workflows with act."""
    with GitHubStandIn(tree, environment={"ENDPOINT": "loopback"}, folder=tmp_path / "github") as standin:
        yield standin


@pytest.fixture
def quick(tree: Path, tmp_path: Path) -> Iterator[GitHubStandIn]:
    """The stand-in, ending every run at once: for tests of the API alone."""
    with GitHubStandIn(tree, folder=tmp_path / "github", runner=Instant()) as standin:
        yield standin
