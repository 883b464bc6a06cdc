import tomllib
from pathlib import Path

import msgspec
import pytest

from driftloop.data.reading import Reading
from driftloop.errors import ConfigError
from training import models, settings, snapshot


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models."""
    monkeypatch.setenv(models.FOLDER, str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def make(folder: Path, name: str, text: str = 'task = "regression"') -> Path:
    (folder / name).mkdir()
    (folder / name / "model.toml").write_text(text)
    (folder / name / "schema.toml").write_text('[[columns]]\nname = "x"\n')
    return folder / name


@pytest.mark.parametrize("name", models.names())
def test_each_model_of_this_repository_can_be_read(name: str) -> None:
    found = models.find(name)
    assert found.schema().role("target") is not None
    assert found.settings().loss in settings.LOSSES[found.settings().task]


def test_models_are_the_folders_that_have_a_model_toml(folder: Path) -> None:
    make(folder, "b")
    make(folder, "a.b_c-1")
    (folder / "notes").mkdir()
    make(folder, ".hidden")
    assert models.names() == ["a.b_c-1", "b"]
    assert models.find("b").schema().columns[0].name == "x"


def test_an_unknown_model_is_answered_with_the_names_there_are(folder: Path) -> None:
    make(folder, "wine")
    make(folder, "tumours")
    with pytest.raises(ConfigError, match=r"no model is called 'boats'.*known are tumours, wine"):
        models.find("boats")
    with pytest.raises(ConfigError, match=r"did you mean 'wine'"):
        models.find("wines")


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "", ".", "..", "/etc", "wine\n", "-m"])
def test_a_name_that_leads_elsewhere_is_refused(folder: Path, name: str) -> None:
    make(folder, "wine")
    make(folder.parent, "outside")
    with pytest.raises(ConfigError, match="no model is called the name that was given"):
        models.find(name)


def test_two_models_whose_names_differ_in_case_alone_are_refused(folder: Path) -> None:
    make(folder, "wine")
    make(folder, "Wine")
    with pytest.raises(ConfigError, match="models/Wine and models/wine are one name"):
        models.find("wine")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('task = "regression"\n[gate]\nlevle = 0.05', "wine/model.toml: unknown entry 'levle' in gate: did you mean"),
        ('task = "regresion"', "wine/model.toml: task = 'regresion': did you mean 'regression'?"),
        ('task = "binary"\nloss = "squared"', "wine/model.toml: loss = 'squared': of a binary task it must be log or"),
        ('task = "regression"\npositive = "yes"', "wine/model.toml: positive: only a binary task has one"),
        ('task = "binary"\nthreshold = 1.0', "wine/model.toml: threshold must lie between 0 and 1"),
        ('task = "binary"\ncoverage = 90', "wine/model.toml: coverage must lie between 0 and 1"),
        ("", "wine/model.toml: the entry 'task' is missing"),
        (
            'task = "regression"\nloss = "rmse"',
            "wine/model.toml: loss = 'rmse': known are absolute, brier, log, squared",
        ),
        *(
            (f'task = "regression"\n[{table}]\n{name} = {value}', f"wine/model.toml: {said}")
            for table, name, value, said in (
                ("split", "historic", "nan", "historic and holdout, the shares held out, must lie between 0 and 1"),
                ("split", "smallest_holdout", "1", "smallest_holdout must be 2 or more"),
                ("split", "largest_holdout", "29", "largest_holdout must not be below smallest_holdout"),
                ("split", "window", "0", "window must be 1 or more"),
                ("regime", "level", "0.5", "level must lie between 0 and 0.5"),
                ("regime", "smallest", "0", "smallest must be 1 or more"),
                ("gate", "level", "nan", "level must lie between 0.0002 and 0.5"),
                ("gate", "level", "0.0001", "level must lie between 0.0002 and 0.5"),
                ("gate", "subgroup_tolerance", "-0.1", "subgroup_tolerance must be 0 or more"),
                ("gate", "forgetting_tolerance", "nan", "forgetting_tolerance must be 0 or more"),
                ("gate", "subgroup_smallest", "0", "subgroup_smallest must be 1 or more"),
            )
        ),
        ("task = ", "wine/model.toml: "),
    ],
)
def test_a_wrong_setting_is_one_line_with_file_and_key(folder: Path, text: str, said: str) -> None:
    make(folder, "wine", text)
    with pytest.raises(ConfigError) as caught:
        models.find("wine").settings()
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("task", "loss"), [("regression", "squared"), ("binary", "log"), ("multiclass", "log")])
def test_the_task_is_all_that_must_be_said(folder: Path, task: settings.Task, loss: str) -> None:
    make(folder, "wine", f'task = "{task}"')
    assert models.find("wine").settings() == settings.Settings(task)
    assert models.find("wine").settings().loss == loss


def test_a_snapshot_has_the_models_folder_without_its_table_and_no_other_model(folder: Path, tmp_path: Path) -> None:
    made = make(folder, "wine", 'task = "regression"\n[laptop]\ndata = "data/table.csv"')
    make(folder, "tumours")
    (made / "data").mkdir()
    for name in ("table.csv", "other.csv"):
        (made / "data" / name).write_text("x\n1\n")
    (made / "estimator.py").touch()
    code = snapshot.write(tmp_path / "code", "wine")
    found = {path.relative_to(code / "models").as_posix() for path in (code / "models").rglob("*") if path.is_file()}
    assert found == {f"wine/{name}" for name in ("model.toml", "schema.toml", "estimator.py", "data/other.csv")}


def test_what_driftloop_toml_declares_about_reading_holds_for_the_steps_too(folder: Path, tmp_path: Path) -> None:
    make(folder, "wine", 'task = "regression"')
    assert models.find("wine").schema().reading is None
    (folder.parent / "driftloop.toml").write_text(
        '[defaults]\nrecords = "${NOT_SET}"\n[defaults.reading]\ndates = "day-first"\n'
        '[[model]]\nname = "wine"\n[model.reading]\nseparator = "\\t"\nquote = "\\""\n[[model]]\nname = "other"\n'
    )
    expected = Reading(separator="\t", quote='"', dates="day-first")
    assert models.find("wine").schema().reading == expected
    code = snapshot.write(tmp_path / "code", "wine")
    assert models.ModelFolder("wine", code / "models" / "wine").schema().reading == expected


def test_a_wrong_declaration_stops_the_steps(folder: Path) -> None:
    make(folder, "wine", 'task = "regression"')
    (folder.parent / "driftloop.toml").write_text('[[model]]\nname = "wine"\n[model.reading]\ndates = "us"\n')
    with pytest.raises(ConfigError, match=r"driftloop\.toml: reading of model 'wine': dates = 'us'"):
        models.find("wine").schema()


def test_the_page_about_ones_own_model_shows_every_setting_with_its_default() -> None:
    page = (models.ROOT / "docs" / "your-own-model.md").read_text()
    shown = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    defaults = msgspec.to_builtins(settings.Settings("regression"))
    without = {name: value for name, value in defaults.items() if value is not None}  # `[search]`: none by default
    assert shown == {name: list(value) if isinstance(value, tuple) else value for name, value in without.items()}
    assert "# [search]" in page
