import itertools
from pathlib import Path

import pytest

from sandbox.github.conclusions import Conclusions
from sandbox.github.records import JobRecord, RunRecord, now
from sandbox.github.workflow_files import Event, parse

FILE = """
on: push
jobs:
  train:
    runs-on: ubuntu-latest
    outputs: {{promoted: "${{{{ steps.t.outputs.promoted }}}}"}}
    steps: [{{id: t, run: x}}]
  deploy:
    needs: train
    {condition}
    runs-on: ubuntu-latest
    steps: [{{run: x}}]
"""


def conclude(
    condition: str, train: str | None, promoted: str = "true", cancelled: bool = False
) -> tuple[str, str, RunRecord]:
    """What becomes of a job `deploy` that act left out, after `train` ended like this; and of the run."""
    workflow = parse("w.yml", FILE.format(condition=condition))
    event = Event("push", {}, "main", "0")
    contexts = {"github": {"ref": "refs/heads/main"}, "inputs": {}, "vars": {}}
    run = RunRecord(1, 1, 1, "w.yml", "w", "w", event, Path(), contexts=contexts)
    if train:
        run.jobs.append(JobRecord(1, "train", "train", started_at=now(), conclusion=train))
    if cancelled:
        run.cancelled.set()
    outputs = {"train": {"t": {"promoted": promoted}}}
    jobs, conclusion = Conclusions(run, {"w.yml": workflow}, outputs, itertools.count(2)).of_run()
    (deploy,) = [job for job in jobs if job.name == "deploy"]
    return str(deploy.conclusion), conclusion, run


@pytest.mark.parametrize(
    ("condition", "train", "promoted", "deploy", "run"),
    [
        ("", "failure", "true", "skipped", "failure"),
        ("if: needs.train.outputs.promoted == 'true'", "success", "false", "skipped", "success"),
        ("if: needs.train.outputs.promoted == 'true'", "failure", "true", "skipped", "failure"),
        ("if: ${{ github.ref == 'refs/heads/other' }}", "success", "true", "skipped", "success"),
        ("if: always() && needs.train.outputs.promoted == 'no'", "failure", "true", "skipped", "failure"),
    ],
)
def test_a_job_that_the_file_holds_back_is_skipped(
    condition: str, train: str, promoted: str, deploy: str, run: str
) -> None:
    assert conclude(condition, train, promoted)[:2] == (deploy, run)


@pytest.mark.parametrize("condition", ["", "if: needs.train.outputs.promoted == 'true'", "if: github.ref != ''"])
def test_a_job_that_should_have_run_and_did_not_is_a_failure(condition: str) -> None:
    deploy, conclusion, run = conclude(condition, "success")
    assert (deploy, conclusion) == ("failure", "failure")
    assert run.notes == ["job deploy should have run and did not"]


def test_a_job_that_never_ended_is_a_failure_or_what_cancelled_it() -> None:
    assert conclude("", None)[1] == "failure"
    assert conclude("", None, cancelled=True)[:2] == ("cancelled", "cancelled")
