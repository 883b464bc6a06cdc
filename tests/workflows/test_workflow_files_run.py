"""The repository's own workflow files, run by act, with a stand-in for the Python that they call."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.github import GitHubStandIn
from tests.sandbox.github.client import Client, shorten_lock, wait_for_text, write_tree

ROOT = Path(__file__).parents[2]
VARIABLES = {"AZURE_CLIENT_ID": "client", "AZURE_ML_WORKSPACE": "ws"}
RECORDER = """
    import json, os, sys
    names = ("DRIFT_ID", "AS_OF", "DRIFT_SINCE", "DRIFT_REASON", "DRIFT_ATTEMPT")
    names += ("DRIFTLOOP_MODEL", "AZURE_ML_WORKSPACE", "GITHUB_SHA")
    print("RECORDED " + json.dumps({"argv": sys.argv[1:]} | {name: os.environ.get(name) for name in names}))
"""
MODELS = ("house.prices_2", "wine")
DRIFT = {
    "drift_id": "drift-0123456789ab",
    "check_id": "chk-0123456789ab",
    "model": "wine",
    "baseline_version": "1",
    "reason": "drift",
    "as_of": "2026-01-05T00:00:00Z",
    "since": "2026-01-02T00:00:00+00:00",
    "attempt": 2,
}

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files that a run starts from, with Python that writes down what it was given instead of training."""
    tree = tmp_path / "tree"
    for name in (".github", "workflows", "requirements"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in ("chosen_models/__init__", "chosen_models/__main__", "chosen_models/choice", "chosen_models/github"):
        shutil.copy(ROOT / "workflows" / f"{name}.py", tree / "workflows" / f"{name}.py")
    shutil.copy(ROOT / "workflows/chosen_models/azure_devops.py", tree / "workflows/chosen_models")
    shorten_lock(tree)
    promoted = """
    with open(os.environ["GITHUB_OUTPUT"], "a") as outputs:
        outputs.write("promoted=true\\nmodel_version=2\\njob_name=job-1\\n")
    """
    return write_tree(
        tree,
        {
            "workflows/train.py": RECORDER + promoted,
            "workflows/deploy.py": RECORDER,
            **{
                f"workflows/{name}.py": (ROOT / f"workflows/{name}.py").read_text() for name in ("payload", "reporting")
            },
            "training/train.py": "alpha = 1\n",
            "driftloop.toml": "".join(f'[[model]]\nname = "{name}"\n' for name in MODELS),
            **{f"models/{name}/{file}": "" for name in MODELS for file in ("schema.toml", "model.toml")},
        },
    )


@pytest.fixture
def github(tree: Path, tmp_path: Path) -> Iterator[GitHubStandIn]:
    with GitHubStandIn(tree, variables=VARIABLES, folder=tmp_path / "github") as standin:
        standin.disable("ci.yml", "provision.yml")
        yield standin


def recorded(log: str) -> list[dict[str, object]]:
    return [json.loads(line.partition("RECORDED ")[2]) for line in log.splitlines() if "RECORDED {" in line]


def test_a_drift_trains_then_deploys_with_what_the_dispatch_said(github: GitHubStandIn) -> None:
    assert Client(github).dispatch("drift-detected", DRIFT).status_code == 204
    github.wait_idle()
    (run,) = github.runs
    log = (run.folder / "log.txt").read_text()
    assert (run.workflow, run.display_title, run.conclusion) == (
        ".github/workflows/train.yml",
        "train drift-0123456789ab",
        "success",
    ), log
    assert [(job.name, job.conclusion) for job in run.jobs] == [
        ("models", "success"),
        ("train (wine) / train", "success"),
        ("train (wine) / deploy wine / deploy", "success"),
    ]
    assert run.job("train (wine) / train").outputs == {"promoted": "true", "model": "wine", "version": "2"}
    train, deploy = recorded(log)
    assert train == {
        "argv": [],
        "DRIFT_ID": "drift-0123456789ab",
        "AS_OF": "2026-01-05T00:00:00Z",
        "DRIFT_SINCE": "2026-01-02T00:00:00+00:00",
        "DRIFT_REASON": "drift",
        "DRIFT_ATTEMPT": "2",
        "DRIFTLOOP_MODEL": "wine",
        "AZURE_ML_WORKSPACE": "ws",
        "GITHUB_SHA": run.happened.sha,
    }
    assert deploy["argv"] == ["--model", "wine", "--version", "2"]


def test_a_push_trains_only_when_it_changes_a_model(github: GitHubStandIn, tree: Path) -> None:
    write_tree(tree, {"training/README.md": "words\n", "docs/page.md": "words\n"})
    assert github.push() == []
    write_tree(tree, {"models/wine/model.toml": "alpha = 2\n", "workflows/train.py": "raise SystemExit(1)\n"})
    (train,) = github.push()
    github.wait_idle()
    assert train.display_title == f"train {train.happened.sha}"
    assert [(job.name, job.conclusion) for job in train.jobs] == [
        ("models", "success"),
        ("train (wine) / train", "failure"),
        ("train (wine) / deploy wine", "skipped"),
    ]


def test_a_push_trains_each_model_that_it_changes_and_deploys_each_that_is_promoted(
    github: GitHubStandIn, tree: Path
) -> None:
    write_tree(tree, {"driftloop/check.py": "alpha = 2\n"})
    (run,) = github.push()
    github.wait_idle()
    log = (run.folder / "log.txt").read_text()
    assert run.conclusion == "success", log
    legs = [f"train ({name}) / {job}" for name in MODELS for job in ("train", f"deploy {name} / deploy")]
    assert [(job.name, job.conclusion) for job in run.jobs] == [(name, "success") for name in ("models", *legs)]
    deployed = sorted(str(record["argv"]) for record in recorded(log) if record["argv"])
    assert deployed == [str(["--model", name, "--version", "2"]) for name in MODELS]
    for name in MODELS:
        assert run.job(f"train ({name}) / train").outputs == {"promoted": "true", "model": name, "version": "2"}
    failing = (tree / "workflows/train.py").read_text() + '\nsys.exit(os.environ["DRIFTLOOP_MODEL"] == "wine")\n'
    write_tree(tree, {"workflows/train.py": failing, "training/train.py": "alpha = 2\n"})
    (half,) = github.push()
    github.wait_idle()
    assert (half.job("train (wine) / train").conclusion, half.conclusion) == ("failure", "failure")
    assert half.job("train (house.prices_2) / deploy house.prices_2 / deploy").conclusion == "success"
    shutil.rmtree(tree / "models" / "wine")
    write_tree(tree, {"driftloop.toml": '[[model]]\nname = "house.prices_2"\n'})
    (gone,) = github.push()
    github.wait_idle()
    assert [(job.name, job.conclusion) for job in gone.jobs] == [("models", "success"), ("train", "skipped")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("wine2", "no model is called 'wine2': models/ has no such folder; did you mean 'wine'?"),
        ("", "models/ holds 2 models: name one of house.prices_2, wine"),
    ],
)
def test_a_dispatch_that_names_no_model_that_there_is_starts_nothing(
    github: GitHubStandIn, asked: str, said: str
) -> None:
    body = {"ref": "main", "inputs": {"model": asked}}
    assert Client(github).send("POST", "/repos/-/actions/workflows/train.yml/dispatches", body).status_code == 204
    github.wait_idle()
    (run,) = github.runs
    assert [(job.name, job.conclusion) for job in run.jobs] == [("models", "failure"), ("train", "skipped")]
    assert said in run.job("models").annotations


def test_a_registered_model_is_deployed_by_the_same_action(github: GitHubStandIn) -> None:
    payload = {"model": "wine", "version": "3", "event_id": "e1"}
    Client(github).dispatch("model-registered", payload)
    github.wait_idle()
    (run,) = github.runs
    assert (run.display_title, run.conclusion) == ("deploy wine 3", "success")
    (deploy,) = recorded((run.folder / "log.txt").read_text())
    assert deploy["argv"] == ["--model", "wine", "--version", "3"]


def test_a_rollback_by_hand_needs_no_version(github: GitHubStandIn) -> None:
    body = {"ref": "main", "inputs": {"action": "rollback", "model": "wine"}}
    assert Client(github).send("POST", "/repos/-/actions/workflows/deploy.yml/dispatches", body).status_code == 204
    github.wait_idle()
    (run,) = github.runs
    assert run.conclusion == "success"
    (deploy,) = recorded((run.folder / "log.txt").read_text())
    assert deploy["argv"] == ["rollback", "--model", "wine"]


def test_cancelling_the_run_reaches_the_program_which_can_cancel_its_job(github: GitHubStandIn, tree: Path) -> None:
    listener = """
        import signal, sys, time
        def heard(number, frame):
            print("heard", signal.Signals(number).name, flush=True)
            sys.exit(1)
        signal.signal(signal.SIGINT, heard)
        print("listening", flush=True)
        time.sleep(3600)
    """
    write_tree(tree, {"workflows/train.py": listener, "models/wine/model.toml": "alpha = 3\n"})
    (run,) = github.push()
    log = run.folder / "log.txt"
    wait_for_text(log, "train/train-model/train: listening")
    assert Client(github).send("POST", f"/repos/-/actions/runs/{run.id}/cancel").status_code == 202
    github.wait_idle()
    assert "heard SIGINT" in log.read_text()
    assert [(job.name, job.conclusion) for job in run.jobs] == [
        ("models", "success"),
        ("train (wine) / train", "cancelled"),
        ("train (wine) / deploy wine", "cancelled"),
    ]
    assert run.conclusion == "cancelled"


def test_a_failed_run_that_is_run_again_keeps_its_id_and_its_payload(github: GitHubStandIn, tree: Path) -> None:
    """What lets `workflows.train` find the job that it started before."""
    names = 'os.environ["GITHUB_RUN_ID"], os.environ["GITHUB_RUN_ATTEMPT"], os.environ["DRIFT_ID"]'
    write_tree(tree, {"workflows/train.py": f"import os, sys\nprint('SAME', {names})\nsys.exit(1)\n"})
    github.push(paths=["README.md"])
    Client(github).dispatch("drift-detected", DRIFT)
    github.wait_idle()
    (run,) = github.runs
    first = (run.folder / "log.txt").read_text()
    assert Client(github).send("POST", f"/repos/-/actions/runs/{run.id}/rerun").status_code == 201
    github.wait_idle()
    second = (run.folder / "log.txt").read_text()
    assert (run.attempt, run.conclusion, len(github.runs)) == (2, "failure", 1)
    assert f"SAME {run.id} 1 drift-0123456789ab" in first
    assert f"SAME {run.id} 2 drift-0123456789ab" in second


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("drift_id", "drift-0123456789ab\npromoted=true"),
        ("drift_id", "$(touch owned)"),
        ("model", "x`id`"),
        ("model", "--help"),
        ("as_of", "2026-01-05T00:00:00Z; curl evil"),
        ("reason", "drift'"),
        ("drift_id", None),
        ("drift_id", {}),
        ("model", {"a": 1}),
        ("model", ["wine"]),
    ],
)
def test_a_hostile_payload_is_refused_before_anything_runs(github: GitHubStandIn, name: str, value: object) -> None:
    Client(github).dispatch("drift-detected", DRIFT | {name: value})
    github.wait_idle()
    (run,) = github.runs
    assert run.conclusion == "failure"
    assert [(job.name, job.conclusion) for job in run.jobs] == [("models", "failure"), ("train", "skipped")]
    (annotation,) = [text for text in run.job("models").annotations if "nothing was started" in text]
    assert not isinstance(value, str) or value not in annotation
    assert recorded((run.folder / "log.txt").read_text()) == []


def test_a_payload_with_a_nul_starts_nothing_either(github: GitHubStandIn) -> None:
    """Here no process starts with it; GitHub's runner would cut the variable, which test_payload.py is about."""
    Client(github).dispatch("drift-detected", DRIFT | {"drift_id": "drift-0123456789ab\0"})
    github.wait_idle()
    (run,) = github.runs
    assert [(job.name, job.conclusion) for job in run.jobs] == [("models", "failure"), ("train", "skipped")]
    assert recorded((run.folder / "log.txt").read_text()) == []
