"""Which columns are compared, on the command line: roles by option, models by name, folders and patterns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftloop.cli.main import run
from tests.driftloop.populations import SCHEMA, draw, fresh


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("columns")
    rng = np.random.default_rng(3)
    reference = draw(350, np.random.default_rng(1)).assign(price=rng.normal(size=350), batch=rng.integers(0, 9999, 350))
    window = fresh(100).assign(price=rng.normal(9, 1, 100), batch=rng.integers(20_000, 30_000, 100))
    reference.to_parquet(place / "reference.parquet", index=False)
    window.to_csv(place / "window.csv", index=False)
    window.drop(columns="price").to_csv(place / "unlabelled.csv", index=False)
    (place / "pieces").mkdir()
    window[:60].to_csv(place / "pieces" / "1.csv", index=False)
    window[60:].to_json(place / "pieces" / "2.jsonl", orient="records", lines=True)
    (place / "pieces" / "notes.md").write_text("not data")
    (place / "schema.json").write_bytes(SCHEMA.to_json())
    return place


class Answer:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> dict[str, Any]:
        code = run([*map(str, arguments), "--json"])
        out, err = self._capsys.readouterr()
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found

    def refused(self, *arguments: object) -> str:
        code = run([*map(str, arguments)])
        out, err = self._capsys.readouterr()
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        return err


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]) -> Answer:
    return Answer(capsys)


def left_out(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in found["columns_not_compared"]}


def test_columns_that_are_named_are_not_compared_and_listed_with_the_reason(folder: Path, answer: Answer) -> None:
    both = ("check", "--reference", folder / "reference.parquet", "--current", folder / "window.csv")
    assert answer(*both)["verdict"] in ("drift", "incident"), "price and batch have both moved"
    found = answer(*both, "--target", "price", "--ignore", "batch", "--ignore", "sex")
    assert found["verdict"] == "stable"
    assert left_out(found) == {"price": "target", "batch": "ignored", "sex": "ignored"}
    assert left_out(answer(*both, "--target", "price", "--id", "batch"))["batch"] == "id"


def test_the_only_column_that_the_window_lacks_is_taken_for_the_target_and_said(folder: Path, answer: Answer) -> None:
    both = ("check", "--reference", folder / "reference.parquet", "--current", folder / "unlabelled.csv")
    found = answer(*both, "--ignore", "batch")
    assert (found["verdict"], left_out(found)["price"]) == ("stable", "target")
    assert found["notes"][0].startswith("price: only the reference has it")


def test_with_a_written_schema_a_lost_column_stays_an_incident(folder: Path, answer: Answer, tmp_path: Path) -> None:
    config = folder / "config.toml"
    config.write_text('schema = "schema.json"\n')
    fresh(100).drop(columns="sex").to_csv(tmp_path / "lost.csv", index=False)
    both = ("check", "--reference", folder / "reference.parquet", "--current", tmp_path / "lost.csv")
    assert answer(*both, "--config", config)["verdict"] == "incident"


@pytest.mark.parametrize("source", ["pieces", "pieces/*"])
def test_a_folder_and_a_pattern_are_all_their_files(folder: Path, answer: Answer, source: str) -> None:
    both = ("check", "--reference", folder / "reference.parquet", "--current", folder / source, "--target", "price")
    found = answer(*both, "--ignore", "batch")
    assert found["rows"] == 100
    assert any("notes.md" in note for note in found["notes"]), "what is skipped is said"


def test_a_model_of_several_is_chosen_by_name(folder: Path, answer: Answer) -> None:
    config = folder / "driftloop.toml"
    config.write_text(
        '[[model]]\nname = "a"\n[[model]]\nname = "b"\nschema = "schema.json"\npolicy = {alpha = 0.02}\n'
        '[defaults.dispatch]\ntarget = "github"\nrepository = "${DRIFTLOOP_REPOSITORY}"\n'
    )
    both = ("check", "--reference", folder / "reference.parquet", "--current", folder / "window.csv")
    assert answer(*both, "--config", config, "--model", "b")["alpha"] == 0.02
    assert "choose one by --model: a, b" in answer.refused(*both, "--config", config)
    assert "model 'bb' is not in driftloop.toml: did you mean 'b'?" in answer.refused(
        *both, "--config", config, "--model", "bb"
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "prise"), "did you mean 'price'?"),
        (("--target", "price", "--ignore", "price"), "named for two roles"),
        (("--model", "a"), "give the driftloop.toml that describes it by --config"),
        (("--fail-on", "drif"), "did you mean 'drift'?"),
        (("--quiet", "--json"), "choose one"),
        (("--importance", "nowhere.json"), "cannot be read"),
        (("--config", "nowhere.toml"), "cannot be read"),
        (("--config", "."), "cannot be read"),
        (("--report", "reference.parquet"), "is read by this command"),
        (("--report", "reference.parquet/report.html"), "cannot be written"),
        (("--report", "report.pdf"), ".pdf is not what is written: end it with .html, .htm, .md, .markdown or .json"),
        (("--report", "."), "cannot be written (it is a folder)"),
        (("--report", "-"), "'-' is no file"),
        (("--holdout", "s3://bucket/holdout.csv"), "s3:// is not read or written here"),
        (("--ignore", "bmi", "--ignore", "pressure", "--ignore", "glucose", "--ignore", "sex", "--ignore", "price",
          "--ignore", "batch"), "nothing to compare"),
    ],
)  # fmt: skip
def test_no_combination_of_options_is_a_traceback(
    folder: Path, answer: Answer, options: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert says in answer.refused("check", "--reference", "reference.parquet", "--current", "window.csv", *options)


@pytest.mark.parametrize("option", ["--target", "--id", "--time", "--ignore", "--importance"])
def test_a_saved_baseline_brings_its_own_columns(folder: Path, answer: Answer, option: str, tmp_path: Path) -> None:
    saved = tmp_path / "baseline.parquet"
    assert run(["baseline", str(folder / "reference.parquet"), "-o", str(saved), "--quiet", "--target", "price"]) == 0
    both = ("check", "--reference", saved, "--current", folder / "window.csv")
    assert left_out(answer(*both))["price"] == "target"
    assert "is a saved baseline and brings its own" in answer.refused(*both, option, "bmi")


def test_replay_takes_the_same_options_and_says_what_it_skipped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["replay", "--reference", str(folder / "reference.parquet"), "--windows", str(folder / "pieces")]
    assert run([*where, "--target", "price", "--ignore", "batch", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["window"] for line in lines] == ["1.csv", "2.jsonl"]
    assert any("notes.md" in note for note in lines[0]["notes"])
    assert run([*where, "--target", "price", "--ignore", "batch"]) == 0
    assert "notes.md" in capsys.readouterr().out
