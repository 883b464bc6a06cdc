"""What `driftloop doctor` looks at of a model's training."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from driftloop.checkup.findings import Finding
from driftloop.config.models import load
from driftloop.setup.labels import labels_required as suggested
from sandbox.waiting import HANG_SECONDS
from tests.driftloop.checkup.set_ups import ROWS, edit, looked_at, made
from training import models
from training.doctor import CHECKS
from training.doctor.model_checks import estimator_is_right, labels_suffice, settings_are_right
from training.models import FOLDER, ROOT
from training.tasks.planning import labels_required

GOOD = "from sklearn.linear_model import Ridge\ndef candidates(schema):\n    return [('ridge', Ridge(), {})]\n"


def found(config: Path) -> list[Finding]:
    model = looked_at(config)
    return [finding for check in CHECKS for finding in check.run(model)]


@pytest.mark.parametrize("target", ["price", "garden", "town"])
def test_what_init_has_written_is_read_by_training_and_needs_no_mending(tmp_path: Path, target: str) -> None:
    assert found(made(tmp_path, target=target)) == []


@pytest.mark.parametrize(
    ("pattern", "by", "what"),
    [
        (r"\Z", '\n[subgroups]\n"siez" = []\n', "did you mean 'size'?"),
        (r"\Z", '\n[subgroups]\n"town" = [1]\n', "[subgroups] town: a categorical column needs no limits"),
        (r"^positive = .*", 'positive = "perhaps"', "positive = 'perhaps': known are no, yes"),
        (r"(?s)^task = .*coverage", 'task = "regression"\ncoverage', "the target 'garden' is categorical"),
    ],
)
def test_settings_that_name_what_is_not_there_are_found(tmp_path: Path, pattern: str, by: str, what: str) -> None:
    config = made(tmp_path, target="garden")
    edit(tmp_path / "models/m/model.toml", pattern, by)
    (finding,) = settings_are_right(looked_at(config))
    assert (finding.severity, what in finding.what) == ("error", True)


@pytest.mark.parametrize(
    ("pattern", "by", "line"),
    [
        (r"^loss = .*", 'loss = "lgo"', "loss"),
        (r"^threshold = .*", "threshold = 2", "threshold"),
        (r"^task = .*", 'task = "binry"', "did you mean 'binary'"),
        (r"^task = .*", "task = ", "m/model.toml"),
        (r"^coverage = .*", "covrage = 0.9", "unknown entry 'covrage'"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, pattern: str, by: str, line: str) -> None:
    config = made(tmp_path, target="garden")
    edit(tmp_path / "models/m/model.toml", pattern, by)
    (finding,) = found(config)  # and the checks that need the settings do not say so again
    assert (finding.severity, line in finding.what) == ("error", True)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (GOOD, None),
        ("def candidates(:\n", "SyntaxError"),
        ("import not_there\n", "No module named 'not_there'"),
        ("x = 1\n", "has no function candidates(schema)"),
        ("def candidates(schema):\n    return []\n", "gives nothing to try"),
        ("def candidates(schema):\n    return [('x', object(), {})]\n", "is no scikit-learn estimator"),
        ("def candidates(schema):\n    raise KeyError('size')\n", "KeyError"),
    ],
)
def test_an_estimator_that_cannot_be_used_is_found(tmp_path: Path, source: str, what: str | None) -> None:
    config = made(tmp_path)
    (tmp_path / "models/m/estimator.py").write_text(source)
    told = list(estimator_is_right(looked_at(config)))
    assert [finding.severity for finding in told] == ([] if what is None else ["error"])
    assert all(what in finding.what for finding in told if what is not None)


def test_too_few_labels_are_found(tmp_path: Path) -> None:
    config = made(tmp_path, lambda frame: frame.head(100))
    edit(config, "^labels_required = 150", "labels_required = 60")
    told = list(labels_suffice(looked_at(config)))
    assert [finding.severity for finding in told] == ["error", "error"]
    assert told[0].fix == "set labels_required to 75 or more"
    assert "100 labelled records" in told[1].what


def test_a_class_that_hardly_judges_is_found(tmp_path: Path) -> None:
    def rare(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(garden=["yes"] * 20 + ["no"] * (len(frame) - 20))

    config = made(tmp_path, rare, target="garden")
    found = list(labels_suffice(looked_at(config)))
    assert [finding.severity for finding in found] == ["warning", "note"]
    assert "20 records" in found[0].what
    assert "labels_required" in found[1].what


def test_a_class_that_cannot_be_learnt_is_found(tmp_path: Path) -> None:
    config = made(tmp_path, lambda f: f.assign(garden=["yes"] * 5 + ["no"] * (len(f) - 5)), target="garden")
    assert [finding.severity for finding in labels_suffice(looked_at(config))] == ["error", "note"]


@pytest.mark.parametrize("share", [0.5, 0.45, 0.33, 0.27, 0.25, 0.18, 0.12, 0.1, 0.07, 0.04, 0.03, 0.02])
def test_init_suggests_the_labels_that_training_plans_with(share: float) -> None:
    said = int(suggested({"no": round(1000 * (1 - share)), "yes": round(1000 * share)}).value)
    planned = labels_required(share)
    # 1 % below: the plan is itself drawn, and its last digits are not the same on every processor.
    assert 0.99 * planned <= said <= max(1.05 * planned, planned + 10)


def test_the_models_of_this_repository_wait_for_the_labels_that_init_would_suggest() -> None:
    watched = load(models.ROOT / "driftloop.toml", {"DRIFTLOOP_REPOSITORY": "owner/name"})
    for name in models.names():
        model = models.find(name)
        table, target = model.table(), model.schema().role("target")
        assert target is not None
        classes: dict[str, int] = {}
        if table is not None and target.kind == "categorical":
            classes = dict(Counter(pd.read_csv(table, dtype=str)[target.name].dropna()))
        assert watched.model(name).labels_required == int(suggested(classes).value), name


def test_a_regression_on_two_values_is_told(tmp_path: Path) -> None:
    config = made(tmp_path, lambda frame: frame.assign(price=[1.0, 2.0] * (len(frame) // 2)))
    (finding,) = labels_suffice(looked_at(config))
    assert (finding.severity, "two values" in finding.what) == ("note", True)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["price", "garden", "town"])
def test_a_table_that_init_has_described_is_prepared_without_an_edit(tmp_path: Path, target: str) -> None:
    """No range and no list of categories leaves out a record of the table itself."""
    made(tmp_path, target=target)
    command = [sys.executable, "-m", "training.prepare", "--historic", str(tmp_path / "table.csv")]
    command += ["--model-name", "m", "--data", str(tmp_path / "data")]
    environment = {**os.environ, FOLDER: str(tmp_path / "models")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "data" / "data.json").read_text())
    assert told["rows"]["train"] + told["rows"]["holdout"] == ROWS
    assert told["impossible"] == {}
