from pathlib import Path

from sandbox.github import GitHubStandIn
from tests.sandbox.github.client import Client, write_tree


def test_a_push_to_a_watched_path_runs_the_file_the_called_workflow_and_reports_their_jobs(
    github: GitHubStandIn, tree: Path
) -> None:
    (tree / "training" / "model.py").write_text("alpha = 1\n")
    (run,) = github.push(message="A better model")
    github.wait_idle(60)
    assert (run.event, run.display_title, run.conclusion) == ("push", "train main", "success"), run
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "success"), ("deploy / rollout", "success")]
    assert run.job("train").outputs == {"promoted": "true", "version": "7"}
    assert run.summary == "version 7 takes all traffic\n"
    log = (run.folder / "log.txt").read_text()
    assert f"training on {run.happened.sha} for a push with loopback" in log


def test_a_dispatch_runs_the_same_file_with_its_payload(github: GitHubStandIn) -> None:
    answer = Client(github).dispatch("drift-detected", {"drift_id": "drift-0123456789ab", "model": "m"})
    assert (answer.status_code, answer.content) == (204, b"")
    github.wait_idle(60)
    (run,) = github.runs
    assert (run.event, run.display_title, run.conclusion) == (
        "repository_dispatch",
        "train drift-0123456789ab",
        "success",
    )
    assert "for drift-0123456789ab with" in (run.folder / "log.txt").read_text()


def test_a_job_whose_condition_is_false_is_skipped_and_the_run_succeeds(github: GitHubStandIn, tree: Path) -> None:
    write_tree(tree, {"training/train.sh": 'echo promoted=false >> "$GITHUB_OUTPUT"\n'})
    (run,) = github.push()
    github.wait_idle(60)
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "success"), ("deploy", "skipped")]
    assert run.conclusion == "success"


def test_a_failing_step_fails_its_job_and_the_run_and_nothing_is_deployed(github: GitHubStandIn, tree: Path) -> None:
    write_tree(tree, {"training/train.sh": 'echo "::error::no outcomes yet"\nexit 3\n'})
    (run,) = github.push()
    github.wait_idle(60)
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "failure"), ("deploy", "skipped")]
    assert run.conclusion == "failure"
    assert "no outcomes yet" in run.job("train").annotations
