"""What a user may get wrong with her own model: one clear line each, from the step that meets it, and nothing left."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from tests.training.examples import run
from training import models, prepare, train
from training.data.collect import Source

Edit = Callable[[Path], None]
EXAMPLE = models.find("breast-cancer").path


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the binary example that a test may spoil."""
    monkeypatch.setenv(models.FOLDER, str(tmp_path / "models"))
    return Path(shutil.copytree(EXAMPLE, tmp_path / "models" / "clinic"))


def table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Edit:
    """A change of the historic records."""

    def edit(folder: Path) -> None:
        change(pd.read_csv(folder / "table.csv")).to_csv(folder / "table.csv", index=False)

    return edit


def text(file: str, before: str, after: str) -> Edit:
    """A change of one of the model's files."""

    def edit(folder: Path) -> None:
        content = (folder / file).read_text()
        assert before in content
        (folder / file).write_text(content.replace(before, after))

    return edit


def both(*edits: Edit) -> Edit:
    def edit(folder: Path) -> None:
        for each in edits:
            each(folder)

    return edit


OPEN = text("schema.toml", 'categories = ["benign", "malignant"]\n', "")
PREPARE = {
    "one class": (
        table(lambda frame: frame.assign(diagnosis="benign")),
        "prepare: every label of 'diagnosis' is of one class",
    ),
    "a target that is missing": (
        table(lambda frame: frame.drop(columns="diagnosis")),
        "prepare: table.csv: has no column 'diagnosis'",
    ),
    "an id that is missing": (
        table(lambda frame: frame.assign(record_id=frame["record_id"].where(frame.index > 2))),
        "prepare: table.csv: column 'record_id' is missing in 3 records: an id names each record",
    ),
    "a number without a value": (
        table(lambda frame: frame.assign(radius=None)),
        "prepare: column 'radius' has no value in any of the ",
    ),
    "a category without a value": (
        table(lambda frame: frame.assign(referral=None)),
        "prepare: column 'referral' has no value in any of the ",
    ),
    "no label at all": (
        table(lambda frame: frame.assign(diagnosis=None)),
        "prepare: no labelled record is left to learn from (437 without a diagnosis): correct the files",
    ),
    "no time that can be read": (
        table(lambda frame: frame.assign(recorded_at="soon")),
        "prepare: no labelled record is left to learn from (437 undated or later): correct the files",
    ),
    "labels that are all impossible": (
        table(lambda frame: frame.assign(diagnosis=frame.index.map(lambda row: ("yes", "no")[row % 2]))),
        "prepare: no labelled record is left to learn from (437 impossible): correct the files",
    ),
    "a table without a record": (
        table(lambda frame: frame.head(0)),
        "prepare: no labelled record is left to learn from (the files hold none): correct the files",
    ),
    "a split that leaves no judge": (
        text("model.toml", "[subgroups]", "[split]\nlargest_holdout = 3\n[subgroups]"),
        "prepare: clinic/model.toml: largest_holdout must not be below smallest_holdout",
    ),
    "an id that repeats": (
        table(lambda frame: frame.assign(record_id=["T0001", *frame["record_id"][:-1]])),
        "prepare: table.csv: column 'record_id' repeats in 1 record: an id belongs to one record",
    ),
    "three classes": (
        both(OPEN, table(lambda frame: frame.assign(diagnosis=frame["diagnosis"].where(frame.index > 30, "unsure")))),
        "prepare: column 'diagnosis' holds 3 classes, a binary task has two",
    ),
    "numbers where the task has classes": (
        text("schema.toml", 'kind = "categorical"\ncategories = ["benign", "malignant"]\n', ""),
        "prepare: schema.toml: the target 'diagnosis' is numeric, but model.toml has task = 'binary'",
    ),
    "a positive class that is none": (
        text("model.toml", '"malignant"', '"malign"'),
        "prepare: model.toml: positive = 'malign': did you mean 'malignant'?",
    ),
    "a metric of another task": (
        text("model.toml", 'loss = "log"', 'loss = "squared"'),
        "prepare: clinic/model.toml: loss = 'squared': of a binary task it must be log or brier",
    ),
    "a subgroup that is no column": (
        text("model.toml", "radius =", "radios ="),
        "prepare: model.toml [subgroups] names a column 'radios' that is no feature: did you mean 'radius'?",
    ),
}


@pytest.mark.parametrize("case", PREPARE)
def test_prepare_refuses_it_in_one_line(case: str, clinic: Path, tmp_path: Path) -> None:
    edit, said = PREPARE[case]
    edit(clinic)
    arguments = ["--model-name", "clinic", "--historic", str(clinic / "table.csv"), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(prepare.main, arguments)
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_train_refuses_an_estimator_that_takes_no_missing_values_before_it_compares_any(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clinic / "estimator.py").write_text(
        "from sklearn.compose import make_column_transformer\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "def candidates(schema):\n"
        "    columns = make_column_transformer(('passthrough', ['radius', 'texture']))\n"
        "    return [('plain', make_pipeline(columns, LogisticRegression()), {})]\n"
    )
    model = models.find("clinic")
    prepare.write(prepare.prepare(model.schema(), Source(clinic / "table.csv"), model.settings()), tmp_path / "data")
    monkeypatch.setattr(train.candidates, "choose", lambda *_: pytest.fail("candidates were compared"))
    arguments = ["--model-name", "clinic", "--data", str(tmp_path / "data"), "--model", str(tmp_path / "model")]
    done = CliRunner().invoke(train.main, arguments)
    said = "train: models/clinic/estimator.py: 'plain' does not take missing values: put an imputer before it"
    assert (done.exit_code, done.stderr.startswith(said), done.stderr.count("\n")) == (1, True, 1)
    assert not (tmp_path / "model").exists()


class TestWithAChampion:
    """A first model in service, and what comes in after it."""

    @pytest.fixture
    def champion(self, clinic: Path, tmp_path: Path) -> Path:
        OPEN(clinic)
        (clinic / "model.toml").write_text('task = "multiclass"\n')
        return run("clinic", Source(clinic / "table.csv"), tmp_path / "first").model

    def test_a_class_that_it_never_saw_is_refused_unless_the_schema_lists_it(
        self, clinic: Path, tmp_path: Path, champion: Path
    ) -> None:
        frame = pd.read_csv(clinic / "table.csv").head(120)
        frame["record_id"] = "N" + frame["record_id"]
        frame["recorded_at"] = pd.to_datetime(frame["recorded_at"]) + pd.Timedelta(days=400)
        frame.loc[frame.index % 3 == 0, "diagnosis"] = "cyst"
        for kind in ("records", "labels"):
            (tmp_path / "incoming" / kind).mkdir(parents=True)
        frame.drop(columns="diagnosis").to_csv(tmp_path / "incoming" / "records" / "1.csv", index=False)
        frame[["record_id", "diagnosis"]].to_csv(tmp_path / "incoming" / "labels" / "1.csv", index=False)
        arguments = ["--model-name", "clinic", "--historic", str(clinic / "table.csv")]
        arguments += ["--incoming", str(tmp_path / "incoming"), "--champion", str(champion)]
        done = CliRunner().invoke(prepare.main, [*arguments, "--data", str(tmp_path / "data")])
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
        assert "column 'diagnosis' holds a class that the champion never saw, 'cyst'" in done.stderr
        assert not (tmp_path / "data").exists()

        role = 'role = "target"\n'
        text("schema.toml", role, role + 'categories = ["benign", "cyst", "malignant"]\n')(clinic)
        done = CliRunner().invoke(prepare.main, [*arguments, "--data", str(tmp_path / "data")])
        assert done.exit_code == 0, done.output

    def test_labels_of_a_new_type_are_refused_by_their_files_name(
        self, clinic: Path, tmp_path: Path, champion: Path
    ) -> None:
        for kind in ("records", "labels"):
            (tmp_path / "incoming" / kind).mkdir(parents=True)
        frame = pd.read_csv(clinic / "table.csv").head(50)
        codes = frame.assign(record_id="N" + frame["record_id"], diagnosis=frame.index % 2)
        codes.drop(columns="diagnosis").to_csv(tmp_path / "incoming" / "records" / "1.csv", index=False)
        codes[["record_id", "diagnosis"]].to_csv(tmp_path / "incoming" / "labels" / "coded.csv", index=False)
        arguments = ["--model-name", "clinic", "--historic", str(clinic / "table.csv")]
        arguments += ["--incoming", str(tmp_path / "incoming"), "--champion", str(champion)]
        done = CliRunner().invoke(prepare.main, [*arguments, "--data", str(tmp_path / "data")])
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
        assert "prepare: coded.csv: column 'diagnosis' holds none of the target's classes" in done.stderr


def test_a_column_of_probabilities_is_in_the_baseline_and_its_error_is_the_brier_score(
    clinic: Path, tmp_path: Path
) -> None:
    """The endpoint logs it under this name; see `training.serving.collector`."""
    from driftloop.profile.window import Baseline

    with (clinic / "schema.toml").open("a") as file:
        file.write('\n[[columns]]\nname = "probability_malignant"\nrole = "prediction"\n')
    done = run("clinic", Source(clinic / "table.csv"), tmp_path)
    baseline = Baseline.from_bytes((done.model / "baseline.parquet").read_bytes())
    column = baseline.profile.columns["probability_malignant"]
    assert (baseline.rows, column.missing) == (437, 0)
    assert done.metrics.holdout_errors.mean == pytest.approx(done.metrics.holdout["brier"])
