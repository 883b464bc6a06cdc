"""A search draws the same trials everywhere, and chooses by the records to learn from alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import loguniform
from sklearn.linear_model import Ridge

from driftloop.errors import ConfigError
from tests.training.examples import feed
from training import models, prepare, step, train
from training.learning import trial
from training.learning.search import Listed, expand, spaces
from training.learning.trials import SEARCH
from training.metrics import Metrics
from training.model_file import CARD, METRICS
from training.settings import Search

TWO: list[Listed] = [
    ("narrow", Ridge(), {"alpha": [1.0, 2.0], "fit_intercept": True}),
    ("wide", Ridge(), {"alpha": loguniform(0.1, 10.0)}),
]
LISTS: list[Listed] = [("a", Ridge(), {"alpha": [1, 2, 3], "tol": [0.1, 0.2]}), ("b", Ridge(), {"alpha": [7]})]


def test_the_same_seed_draws_the_same_trials_and_another_seed_others() -> None:
    first, again, other = (
        [(name, drawn) for name, _, drawn in expand(TWO, Search(trials=9, parallel=1, seed=seed))] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_candidates_take_turns_and_what_one_lacks_the_other_takes() -> None:
    """Two sets of the narrow one; the wide one has as many as are asked for."""
    found = expand(TWO, Search(trials=8, parallel=1))
    assert [name for name, _, _ in found] == ["narrow", "wide", "narrow", *["wide"] * 5]
    assert sorted(drawn["alpha"] for name, _, drawn in found if name == "narrow") == [1.0, 2.0]
    wide = [drawn["alpha"] for name, _, drawn in found if name == "wide"]
    assert len(set(wide)) == 6
    assert all(0.1 <= alpha <= 10 for alpha in wide)


def test_a_value_that_is_no_list_is_kept() -> None:
    found = expand(TWO, Search(trials=3, parallel=1))
    assert [drawn.get("fit_intercept") for _, _, drawn in found] == [True, None, True]


def test_a_grid_is_every_combination_once() -> None:
    found = expand(LISTS, Search(method="grid", trials=7, parallel=1))
    assert [(name, drawn["alpha"], drawn.get("tol")) for name, _, drawn in found] == [
        ("a", 1, 0.1),
        ("a", 1, 0.2),
        ("a", 2, 0.1),
        ("a", 2, 0.2),
        ("a", 3, 0.1),
        ("a", 3, 0.2),
        ("b", 7, None),
    ]


def test_drawn_numbers_are_pythons_own() -> None:
    """A file of JSON holds them, and so does MLflow."""
    found = expand([(name, None, space) for name, space in spaces("regression")], Search(trials=6, parallel=1))
    assert json.loads(json.dumps([drawn for _, _, drawn in found])) == [drawn for _, _, drawn in found]


@pytest.mark.parametrize(
    ("listed", "search", "said"),
    [
        (LISTS, Search(method="grid", trials=6, parallel=1), "the grid has 7 sets of parameters: set trials = 7"),
        (LISTS, Search(method="grid", trials=8, parallel=1), "the grid has 7 sets of parameters: set trials = 7"),
        (TWO, Search(method="grid", trials=8, parallel=1), "a grid needs a list for 'alpha'"),
        (LISTS, Search(trials=8, parallel=1), "have 7 sets of parameters: set trials = 7 or fewer"),
    ],
)
def test_another_number_of_sets_than_trials_is_refused(listed: list[Listed], search: Search, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        expand(listed, search)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"trials": 0}, "trials must lie between 1 and 1,000"),
        ({"trials": 1_001}, "trials must lie between 1 and 1,000"),
        ({"trials": 3, "parallel": 4}, "parallel must be 1 or more, and at most trials"),
        ({"parallel": 0}, "parallel must be 1 or more"),
        ({"seed": -1}, "seed must lie between 0"),
    ],
)
def test_settings_that_azure_would_refuse_hours_later_are_refused_at_once(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Search(**wrong)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the wine example with a search, and its prepared data."""
    folder = tmp_path_factory.mktemp("searched")
    model = models.find("wine")
    copied = folder / "models" / "wine"
    copied.mkdir(parents=True)
    for name in ("schema.toml", "model.toml"):
        (copied / name).write_text((model.path / name).read_text())
    with (copied / "model.toml").open("a") as file:
        file.write("\n[search]\ntrials = 5\nparallel = 2\nseed = 7\n")
    source = feed("wine", folder / "incoming", 3, np.random.default_rng(1), None)
    prepare.write(prepare.prepare(model.schema(), source, model.settings()), folder / "data")
    return folder


@pytest.fixture
def wine(searched: Path, monkeypatch: pytest.MonkeyPatch) -> models.ModelFolder:
    monkeypatch.setenv("DRIFTLOOP_MODELS", str(searched / "models"))
    return models.find("wine")


def test_trials_one_by_one_choose_what_train_chooses_alone(
    searched: Path, wine: models.ModelFolder, tmp_path: Path
) -> None:
    tried = [trial.run(wine, searched / "data", number, tmp_path / str(number)) for number in range(5)]
    best = min(tried, key=lambda each: each.error)
    alone = train.train(wine, searched / "data", tmp_path / "alone")
    after = train.train(wine, searched / "data", tmp_path / "after", best.searched.chosen)
    assert alone.search == after.search == best.searched
    assert (alone.estimator, alone.parameters, alone.older_weight) == (
        after.estimator,
        after.parameters,
        after.older_weight,
    )
    assert alone.holdout == after.holdout
    assert alone.cross_validated[0] == after.cross_validated[0]
    assert len(alone.cross_validated) > len(after.cross_validated)
    card = (tmp_path / "after" / CARD).read_text(encoding="utf-8")
    assert f"trial {best.searched.chosen} of a random search of 5 trials (seed 7)" in card


def test_a_trial_reads_nothing_that_judges_a_model(
    searched: Path, wine: models.ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It plays with the holdouts gone, and comes to the same error to the bit."""
    alone = tmp_path / "data"
    alone.mkdir()
    (alone / "train.parquet").write_bytes((searched / "data" / "train.parquet").read_bytes())
    with_all = trial.run(wine, searched / "data", 3, tmp_path / "a")
    assert trial.run(wine, alone, 3, tmp_path / "b") == with_all
    assert step.read_json(tmp_path / "b" / SEARCH, trial.Trial) == with_all


def test_the_commands_play_a_search(searched: Path, wine: models.ModelFolder, tmp_path: Path) -> None:
    given = ["--model-name", wine.name, "--data", str(searched / "data")]
    done = CliRunner().invoke(trial.main, [*given, "--trial", "2", "--best", str(tmp_path / "best")])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["cv_brier"] > 0
    done = CliRunner().invoke(
        train.main, [*given, "--search", str(tmp_path / "best"), "--model", str(tmp_path / "model")]
    )
    assert done.exit_code == 0, done.output
    metrics = step.read_json(tmp_path / "model" / METRICS, Metrics)
    assert metrics.search is not None
    assert metrics.search.chosen == 2


@pytest.mark.parametrize("number", [-1, 5])
def test_a_number_that_no_trial_has_is_refused(
    searched: Path, wine: models.ModelFolder, tmp_path: Path, number: int
) -> None:
    with pytest.raises(ConfigError, match=rf"there is no trial {number}: .*trials = 5"):
        trial.run(wine, searched / "data", number, tmp_path)


def test_a_model_without_a_search_has_no_trials(searched: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no section \[search\]"):
        trial.run(models.find("wine"), searched / "data", 0, tmp_path)


def test_a_trial_tries_its_own_estimator_first_and_no_other(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An estimator that takes no missing values is refused by its own trial; the others play."""
    folder = tmp_path / "models" / "wine"
    folder.mkdir(parents=True)
    for file in (searched / "models" / "wine").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "estimator.py").write_text(
        "from sklearn.ensemble import HistGradientBoostingClassifier as Trees\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "def candidates(schema):\n"
        "    trees = Trees(max_iter=3, categorical_features='from_dtype', random_state=0)\n"
        "    return [('fine', trees, {'max_depth': [2, 3, 4]}),\n"
        "            ('picky', LogisticRegression(), {'C': [1.0, 2.0, 3.0]})]\n"
    )
    monkeypatch.setenv("DRIFTLOOP_MODELS", str(tmp_path / "models"))
    found = trial.run(models.find("wine"), searched / "data", 0, tmp_path)
    assert found.estimator == "fine"
    with pytest.raises(ConfigError, match="'picky' does not take missing values"):
        trial.run(models.find("wine"), searched / "data", 1, tmp_path)
