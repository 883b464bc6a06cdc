"""Which models a run trains: from the paths of a push, or from the name that a dispatch gives."""

import json
from pathlib import Path
from typing import Any

import pytest

from training import models
from workflows.chosen_models import choice, github
from workflows.chosen_models.choice import ChoiceError, choose

NAMES = ["beer", "house.prices_2", "wine"]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("changed", "chosen"),
    [
        (["models/wine/model.toml"], ["wine"]),
        (["models/wine/data/table.csv", "models/beer/estimator.py", "README.md"], ["beer", "wine"]),
        (["models/house.prices_2/schema.toml"], ["house.prices_2"]),
        (["training/train.py"], NAMES),
        (["driftloop/profile/window.py", "models/wine/model.toml"], NAMES),
        (["requirements/training.txt"], NAMES),
        (["models/wine/README.md", "training/README.md", "driftloop/README.md"], []),
        (["models/gone/model.toml"], []),
        (["models/model.toml", "models/README.md"], []),
        (["docs/models/wine/model.toml", "tests/training/test_train.py", "requirements/dev.txt"], []),
        (["models/Wine/model.toml", "models/win/model.toml", "models/wine2/model.toml"], []),
        ([], []),
        (None, NAMES),
    ],
)
def test_a_push_trains_what_it_changed_and_all_where_the_code_or_nobody_knows_what(
    changed: list[str] | None, chosen: list[str]
) -> None:
    assert choose(NAMES, changed=changed, pushed=True) == chosen


def test_a_push_names_no_model() -> None:
    assert choose(NAMES, asked="beer", changed=["models/wine/model.toml"], pushed=True) == ["wine"]


def test_a_dispatch_trains_the_model_that_it_names_or_the_only_one() -> None:
    assert choose(NAMES, asked="wine") == ["wine"]
    assert choose(["wine"]) == ["wine"]
    assert choose(["wine"], asked="wine") == ["wine"]


@pytest.mark.parametrize(
    ("names", "asked", "said"),
    [
        (NAMES, "", "models/ holds 3 models: name one of beer, house.prices_2, wine"),
        (NAMES, "winee", "no model is called 'winee': models/ has no such folder; did you mean 'wine'?"),
        (NAMES, "zzz", "no model is called 'zzz': models/ has no such folder; there are: beer, house.prices_2, wine"),
        (["wine"], "Wine", "no model is called 'Wine'"),
        (NAMES, "../wine", "no model is called the name that was given"),
        (NAMES, "wine\n::error::x", "no model is called the name that was given"),
        ([], "wine", "models/ holds no model"),
        ([], "", "models/ holds no model"),
    ],
)
def test_a_name_that_is_unknown_or_missing_is_refused_in_one_line(names: list[str], asked: str, said: str) -> None:
    with pytest.raises(ChoiceError) as caught:
        choose(names, asked=asked)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def write(root: Path, *files: str, entries: str | None = None) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    if entries is not None:
        (root / "driftloop.toml").write_text(entries)
    return root


def whole(*names: str) -> list[str]:
    return [f"models/{name}/{file}" for name in names for file in ("schema.toml", "model.toml")]


def test_the_folders_are_those_that_training_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choice.folders(ROOT) == models.names()
    write(tmp_path, *whole("wine", "beer", ".hidden"), "models/notes/page.md", "models/README.md")
    monkeypatch.setenv(models.FOLDER, str(tmp_path / "models"))
    assert choice.folders(tmp_path) == models.names() == ["beer", "wine"]
    assert choice.folders(tmp_path / "nowhere") == []
    assert (choice.NAME.pattern, choice.SCHEMA, choice.SETTINGS) == (
        models.NAME.pattern,
        models.SCHEMA,
        models.SETTINGS,
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["models/wine/schema.toml"], "models/wine has no model.toml: write it"),
        (["models/wine/model.toml"], "models/wine has no schema.toml: write it"),
        (whole("my wine"), "models/my wine: use letters, digits"),
    ],
)
def test_half_a_folder_is_refused_but_holds_no_other_model_up(tmp_path: Path, files: list[str], said: str) -> None:
    write(tmp_path, *whole("beer"), *files)
    with pytest.raises(ChoiceError, match=said):
        choice.folders(tmp_path)
    assert choice.folders(tmp_path, asked="beer") == ["beer"]


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, *whole("wine", "Wine"))
    with pytest.raises(ChoiceError, match="models/Wine and wine are one name: rename one"):
        choice.folders(tmp_path)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ('[[model]]\nname = "wine"\n[[model]]\nname = "wine"\n', "two models are called wine: rename one"),
        ('[[model]]\nname = "wine"\n[[model]]\nname = "WINE"\n', "wine and WINE are one name: rename one"),
        ("[[model]]\nlabels_required = 3\n", "a \\[\\[model\\]\\] has no name"),
        ("model = 3\n", "a \\[\\[model\\]\\] has no name"),
        ("[[model]\n", "driftloop.toml: "),
    ],
)
def test_a_list_of_models_that_cannot_be_is_refused_in_one_line(tmp_path: Path, entries: str, said: str) -> None:
    with pytest.raises(ChoiceError, match=said) as caught:
        choice.entries(write(tmp_path, entries=entries))
    assert "\n" not in str(caught.value)


def test_an_entry_without_a_folder_is_refused_and_a_folder_without_an_entry_is_said() -> None:
    with pytest.raises(ChoiceError, match=r"driftloop\.toml names tea, which has no folder in models/"):
        choice.unwatched(NAMES, ["wine", "tea"])
    assert choice.unwatched(NAMES, ["wine"]) == ["beer", "house.prices_2"]
    assert choice.unwatched(NAMES, None) == []


def test_the_repositorys_own_list_and_folders_agree() -> None:
    assert choice.unwatched(choice.folders(ROOT), choice.entries(ROOT)) == []


BEFORE, AFTER = "a" * 40, "b" * 40


@pytest.fixture
def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What GitHub answers to a comparison; may be changed."""
    answer: dict[str, Any] = {"status": "ahead", "files": [{"filename": "models/wine/model.toml"}]}
    monkeypatch.setattr(github, "_compare", lambda environment, before, after: answer)
    return answer


def event(folder: Path, **fields: object) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps({"before": BEFORE, "after": AFTER} | fields))
    return {"GITHUB_EVENT_PATH": str(folder / "event.json")}


def test_a_file_that_moved_between_models_changed_both(tmp_path: Path, compared: dict[str, Any]) -> None:
    compared["files"] = [{"filename": "models/wine/x", "previous_filename": "models/beer/x", "status": "renamed"}]
    assert github.changed_paths(event(tmp_path)) == (["models/wine/x", "models/beer/x"], "")


def test_where_github_cannot_say_what_changed_the_reason_is_told(tmp_path: Path, compared: dict[str, Any]) -> None:
    assert github.changed_paths(event(tmp_path))[0] == ["models/wine/model.toml"]
    assert github.changed_paths(event(tmp_path, before="0" * 40)) == (None, "there is no commit before this push")
    assert github.changed_paths(event(tmp_path, before="x/../../y"))[0] is None
    assert github.changed_paths({"GITHUB_EVENT_PATH": str(tmp_path / "none")})[0] is None
    compared["status"] = "diverged"
    assert github.changed_paths(event(tmp_path)) == (None, "the branch was moved to another history")
    compared.update(status="ahead", files=[{"filename": f"{number}"} for number in range(300)])
    assert github.changed_paths(event(tmp_path)) == (None, "300 files or more have changed")
    compared.clear()
    assert github.changed_paths(event(tmp_path)) == (None, "GitHub did not compare the commits (KeyError)")
