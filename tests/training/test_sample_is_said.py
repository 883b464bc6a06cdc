"""A model that learnt from a sample says so wherever people read of it."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.training.conftest import Trained
from tests.training.data import large
from training import evaluate, model_card, model_file, models, prepare, step, train
from training.data.provenance import Drawn
from training.metrics import Metrics
from workflows.outcome import Result, summary

SCHEMA = """
[[columns]]
name = "id"
role = "id"
kind = "categorical"
[[columns]]
name = "at"
role = "timestamp"
kind = "datetime"
[[columns]]
name = "x"
range = [-50.0, 50.0]
[[columns]]
name = "ward"
kind = "categorical"
[[columns]]
name = "y"
role = "target"
kind = "categorical"
categories = ["no", "yes"]
"""


def test_the_run_of_a_sampled_model_from_its_files_to_its_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models" / "large"
    folder.mkdir(parents=True)
    (folder / "schema.toml").write_text(SCHEMA)
    (folder / "model.toml").write_text('task = "binary"\n[data]\nmax_rows = 10_000\n')
    monkeypatch.setenv("DRIFTLOOP_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(train.candidates, "FOLDS", 2)  # what is said does not depend on how often a model is fitted
    source, out = large.feed(tmp_path / "feed", new=0), tmp_path / "out"
    data = ["--model-name", "large", "--historic", str(source.historic), "--data", str(out / "data")]
    done = CliRunner().invoke(prepare.main, data)
    assert done.exit_code == 0, done.output
    drawn = Drawn(**json.loads(done.output.splitlines()[-1])["sample"])
    assert (drawn.max_rows, drawn.regime, drawn.regime_kept) == (10_000, 11_987, 10_000)
    model = models.find("large")
    metrics = train.train(model, out / "data", out / "model")
    assert metrics.data.sample == drawn
    card = (out / "model" / model_file.CARD).read_text(encoding="utf-8")
    assert f"They are a sample of {drawn.learnable} (`max_rows` 10000): the newest {drawn.newest} whole" in card
    assert "The baseline describes 10000 of 11987 records of the regime." in card
    decision = evaluate.evaluate(model, out / "data", out / "model", None)
    assert decision.sample == drawn
    page = summary("large", None, Result("rejected", gate=msgspec.to_builtins(decision)))
    assert f"Learnt from a sample: {drawn.kept:,} of {drawn.learnable:,} records" in page


def test_a_model_that_learnt_from_all_says_nothing_of_a_sample(first: Trained) -> None:
    assert first.gate.sample is None
    metrics = step.read_json(first.model / model_file.METRICS, Metrics)
    assert "sample" not in model_card.render("m", model_file.load(first.model), metrics).replace("resample", "")
    assert "sample" not in summary("m", None, Result("rejected", gate=msgspec.to_builtins(first.gate)))


def test_a_gate_of_a_version_before_has_no_sample(first: Trained) -> None:
    gate = msgspec.to_builtins(first.gate)
    del gate["sample"]
    assert "sample" not in summary("m", None, Result("rejected", gate=gate))
