from pathlib import Path

import pytest

from sandbox.github import GitHubStandIn, process_tree
from sandbox.github.snapshot import LOCKED_PYTHONS
from tests.sandbox.github.client import Client, wait_for_text, write_tree


def test_a_push_to_a_watched_path_runs_the_file_the_called_workflow_and_reports_their_jobs(
    github: GitHubStandIn, tree: Path
) -> None:
    (tree / "training" / "model.py").write_text("alpha = 1\n")
    (run,) = github.push(message="A better model")
    github.wait_idle()
    assert (run.event, run.display_title, run.conclusion) == ("push", "train main", "success"), run
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "success"), ("deploy / rollout", "success")]
    assert run.job("train").outputs == {"promoted": "true", "version": "7"}
    assert run.summary == "version 7 takes all traffic\n"
    log = (run.folder / "log.txt").read_text()
    assert f"training on {run.happened.sha} for a push with loopback" in log


def test_a_dispatch_runs_the_same_file_with_its_payload(github: GitHubStandIn) -> None:
    answer = Client(github).dispatch("drift-detected", {"drift_id": "drift-0123456789ab", "model": "m"})
    assert (answer.status_code, answer.content) == (204, b"")
    github.wait_idle()
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
    github.wait_idle()
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "success"), ("deploy", "skipped")]
    assert run.conclusion == "success"


def test_a_failing_step_fails_its_job_and_the_run_and_nothing_is_deployed(github: GitHubStandIn, tree: Path) -> None:
    write_tree(tree, {"training/train.sh": 'echo "::error::no outcomes yet"\nexit 3\n'})
    (run,) = github.push()
    github.wait_idle()
    assert [(job.name, job.conclusion) for job in run.jobs] == [("train", "failure"), ("deploy", "skipped")]
    assert run.conclusion == "failure"
    assert "no outcomes yet" in run.job("train").annotations


SLEEPER = """
    name: sleeper
    on: {push: {branches: [main]}}
    jobs:
      sleep:
        runs-on: ubuntu-latest
        timeout-minutes: 1
        steps:
          - name: Work
            run: |
              trap 'echo "step interrupted"; exit 130' INT
              echo started; for i in $(seq 300); do sleep 0.1; done
          - name: Tidy up
            if: always()
            run: echo "tidied up"
      later:
        needs: sleep
        runs-on: ubuntu-latest
        steps: [{run: "true"}]
"""


def test_cancelling_interrupts_the_step_runs_what_always_runs_and_skips_the_rest(
    github: GitHubStandIn, tree: Path
) -> None:
    write_tree(tree, {".github/workflows/sleeper.yml": SLEEPER})
    (run,) = github.push(paths=[".github/workflows/sleeper.yml"])
    wait_for_text(run.folder / "log.txt", ": started")
    answer = Client(github).send("POST", f"/repos/-/actions/runs/{run.id}/cancel")
    assert answer.status_code == 202
    github.wait_idle()
    log = (run.folder / "log.txt").read_text()
    assert "step interrupted" in log
    assert "tidied up" in log
    assert run.conclusion == "cancelled"
    assert run.job("later").conclusion == "cancelled"


def test_a_job_past_its_timeout_is_cancelled_although_act_would_let_it_run(tree: Path, tmp_path: Path) -> None:
    write_tree(tree, {".github/workflows/sleeper.yml": SLEEPER})
    with GitHubStandIn(tree, folder=tmp_path / "github", minute_seconds=1) as github:
        (run,) = github.push(paths=["x"])
        github.wait_idle()
    assert run.conclusion == "cancelled"
    assert "exceeded its timeout-minutes" in run.notes[0]


def test_a_job_without_a_runner_and_a_call_without_its_inputs_do_not_start(github: GitHubStandIn, tree: Path) -> None:
    write_tree(
        tree,
        {
            ".github/workflows/odd.yml": """
                on: push
                jobs:
                  mac: {runs-on: macos-latest, steps: [{run: "true"}]}
                  call: {uses: ./.github/workflows/deploy.yml}
            """
        },
    )
    (run,) = github.push(paths=["x"])
    assert run.conclusion == "startup_failure"
    assert "no runner" in run.notes[0]
    assert "requires" in run.notes[0]


def test_two_dispatches_for_one_model_take_turns_and_for_two_models_do_not(github: GitHubStandIn, tree: Path) -> None:
    gate = tree.parent / "gate"
    held = f"until [ -e '{gate}' ]; do sleep 0.05; done"
    write_tree(tree, {"training/train.sh": f'{held}\necho promoted=false >> "$GITHUB_OUTPUT"\n'})
    github.disable("train.yml")
    github.push()
    github.repository.disabled.clear()
    client = Client(github)
    for model in ("a", "a", "b"):
        client.dispatch("drift-detected", {"model": model})
    first, second, other = github.runs
    assert (first.status, second.status, other.status) == ("in_progress", "pending", "in_progress")
    gate.touch()
    github.wait_idle()
    assert {run.conclusion for run in github.runs} == {"success"}
    assert first.finished_at <= second.started_at


def test_a_setup_python_that_the_machine_does_not_have_fails_the_job(github: GitHubStandIn, tree: Path) -> None:
    write_tree(tree, {"python-version": "3.9"})
    (run,) = github.push(paths=["training/x"])
    github.wait_idle()
    assert run.conclusion == "failure"
    assert any("asks for Python 3.9" in text for text in run.job("train").annotations)


@pytest.mark.parametrize("version", LOCKED_PYTHONS)
def test_a_setup_python_may_name_any_python_that_the_locks_give_the_same_packages(
    github: GitHubStandIn, tree: Path, version: str
) -> None:
    write_tree(tree, {"python-version": version})
    (run,) = github.push(paths=["training/x"])
    github.wait_idle()
    assert run.conclusion == "success"


def test_secrets_reach_steps_and_no_log(tree: Path, tmp_path: Path) -> None:
    write_tree(
        tree,
        {
            ".github/workflows/secret.yml": """
                on: {push: {branches: [main]}}
                jobs:
                  use:
                    runs-on: ubuntu-latest
                    env: {KEY: "${{ secrets.KEY }}", TOKEN: "${{ github.token }}"}
                    steps:
                      - run: test "$KEY" = 's3 $cret"' && test -n "$TOKEN" && echo "key $KEY token $TOKEN"
            """
        },
    )
    with GitHubStandIn(tree, secrets={"KEY": 's3 $cret"'}, folder=tmp_path / "github") as github:
        (run,) = github.push(paths=["x"])
        github.wait_idle()
    assert run.conclusion == "success", (run.folder / "log.txt").read_text()
    assert "key *** token ***" in (run.folder / "log.txt").read_text()
    assert 's3 $cret"' not in (run.folder / "act.jsonl").read_text()
    for name in ("secrets.yaml", "github.yaml", "event.json"):
        assert (run.folder / name).stat().st_mode & 0o077 == 0


def test_names_matrices_and_calls_are_told_apart(github: GitHubStandIn, tree: Path) -> None:
    write_tree(
        tree,
        {
            ".github/workflows/named.yml": """
                name: several
                on: {push: {branches: [main]}}
                jobs:
                  rollout:
                    name: Build it
                    runs-on: ubuntu-latest
                    strategy: {matrix: {part: [a, b]}}
                    steps: [{run: 'test -n "${{ matrix.part }}"'}]
                  quiet:
                    if: github.ref == 'refs/heads/none'
                    runs-on: ubuntu-latest
                    steps: [{run: "true"}]
                  call:
                    name: Put it out
                    if: always()
                    needs: [rollout, quiet]
                    uses: ./.github/workflows/deploy.yml
                    with: {version: "9"}
            """
        },
    )
    (run,) = github.push(paths=["x"])
    github.wait_idle()
    assert sorted((job.name, job.conclusion) for job in run.jobs) == [
        ("Build it-1", "success"),
        ("Build it-2", "success"),
        ("Put it out / rollout", "success"),
        ("quiet", "skipped"),
    ]
    assert run.conclusion == "success"
    assert "version 9 takes all traffic" in run.summary


def test_stopping_leaves_no_process_behind_not_even_a_stubborn_one(tree: Path, tmp_path: Path) -> None:
    write_tree(
        tree,
        {
            ".github/workflows/stubborn.yml": """
                on: {push: {branches: [main]}}
                jobs:
                  stay:
                    runs-on: ubuntu-latest
                    steps:
                      - run: |
                          trap '' INT TERM
                          sleep 3600 &
                          echo "pids $$ $!"
                          wait
            """
        },
    )
    with GitHubStandIn(tree, folder=tmp_path / "github") as github:
        (run,) = github.push(paths=["x"])
        wait_for_text(run.folder / "log.txt", ": pids")
    (line,) = [line for line in (run.folder / "log.txt").read_text().splitlines() if ": pids" in line]
    assert {int(pid) for pid in line.split()[-2:]} & process_tree.running() == set()
    assert run.conclusion == "cancelled"


def test_only_the_steps_own_process_is_interrupted_as_by_githubs_runner(github: GitHubStandIn, tree: Path) -> None:
    """A step that wants its program to hear of a cancellation has to `exec` it; the real actions do."""
    write_tree(
        tree,
        {
            ".github/workflows/listen.yml": """
                on: {push: {branches: [main]}}
                jobs:
                  listen:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
                      - run: |
                          echo preparing
                          exec python listen.py
            """,
            "listen.py": """
                import signal, sys, time
                def heard(number, frame):
                    print("program heard", signal.Signals(number).name, flush=True)
                    sys.exit(1)
                signal.signal(signal.SIGINT, heard)
                print("listening", flush=True)
                time.sleep(3600)
            """,
        },
    )
    (run,) = github.push(paths=["x"])
    wait_for_text(run.folder / "log.txt", ": listening")
    Client(github).send("POST", f"/repos/-/actions/runs/{run.id}/cancel")
    github.wait_idle()
    assert "program heard SIGINT" in (run.folder / "log.txt").read_text()
    assert run.conclusion == "cancelled"
