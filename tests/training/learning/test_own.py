"""A model's own estimators, from the file to a saved model that is scored."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from driftloop.data.schema import Schema
from driftloop.errors import ConfigError, InputError
from training import model_file, models
from training.learning import candidates, own
from training.learning.candidates import Records
from training.model_file import SavedModel
from training.models import ModelFolder
from training.tasks.answer import Answer
from training.tasks.output import output

SCHEMA = Schema.from_object(
    {
        "columns": [
            {"name": "size"},
            {"name": "age"},
            {"name": "colour", "kind": "categorical", "categories": ["blue", "scarlet"]},
            {"name": "sold", "kind": "categorical", "categories": ["no", "yes"], "role": "target"},
        ]
    }
)
ANSWER = Answer("binary", "log", "sold", ("no", "yes"), "yes")
PRICE = Answer("regression", "squared", "sold")
TREES = """
from sklearn.ensemble import HistGradientBoostingClassifier

def candidates(schema):
    trees = HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype", random_state=0)
    return [("shallow", trees, {"max_depth": 2}), ("deep", trees, {"max_depth": 6})]
"""
PIPELINE = """
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


class Clipped(TransformerMixin, BaseEstimator):
    def __init__(self, limit=3.0):
        self.limit = limit

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X.clip(-self.limit, self.limit)


def candidates(schema):
    assert [column.name for column in schema.columns][:3] == ["size", "age", "colour"]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), Clipped()), ["size", "age"]),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    return [("clipped", make_pipeline(columns, LogisticRegression()), {"logisticregression__C": 0.5})]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], ModelFolder]:
    """A model's folder with that estimator.py."""

    def make(text: str) -> ModelFolder:
        made = ModelFolder(f"shop-{tmp_path.name}", tmp_path / "shop")
        made.path.mkdir(exist_ok=True)
        (made.path / "estimator.py").write_text(text)
        return made

    return make


@pytest.fixture
def records() -> Records:
    """Red ones and large ones sell; some values are missing."""
    rng = np.random.default_rng(3)
    x = np.column_stack([rng.normal(size=(200, 2)), rng.integers(0, 2, 200)])
    y = (2 * x[:, 0] + 2 * x[:, 2] + rng.normal(size=200) > 1).astype(np.int64)
    x[rng.random(x.shape) < 0.05] = np.nan
    return Records(x, y, np.ones(200, dtype=bool), SCHEMA)


def test_without_a_file_the_built_in_estimators_are_tried(tmp_path: Path) -> None:
    shelf = own.shelf_for(ModelFolder("shop", tmp_path), SCHEMA, ANSWER)
    assert {offer.name for offer in shelf.offers} == {"logistic regression", "gradient boosting"}
    assert shelf.answer.reads == "matrix"


@pytest.mark.parametrize("text", [TREES, PIPELINE])
def test_an_own_estimator_reads_a_frame_with_categories_and_missing_values(
    text: str, folder: Callable[[str], ModelFolder], records: Records
) -> None:
    made = folder(text)
    shelf = own.shelf_for(made, SCHEMA, ANSWER)
    own.try_first(made, shelf, records)
    choice = candidates.choose(records, shelf)
    assert {score.estimator for score in choice.scores} == {offer.name for offer in shelf.offers}
    assert choice.scores[0].error < 0.55  # the frequencies alone have 0.69
    assert choice.scores[0].parameters in [offer.parameters for offer in shelf.offers]


def test_the_estimator_that_the_page_shows_is_tried_and_saved(
    folder: Callable[[str], ModelFolder], records: Records, tmp_path: Path
) -> None:
    page = (models.ROOT / "docs" / "your-own-model.md").read_text()
    made = folder(page.partition("```python\n")[2].partition("```")[0])
    shelf = own.shelf_for(made, SCHEMA, ANSWER)
    own.try_first(made, shelf, records)
    choice = candidates.choose(records, shelf)
    assert {score.estimator for score in choice.scores} == {"logistic, C = 0.1", "logistic, C = 1.0"}
    model = SavedModel(candidates.fitted(choice.best, records, shelf.answer), SCHEMA, shelf.answer)
    model_file.save(tmp_path / "out", model)
    assert model_file.load(tmp_path / "out").answer == shelf.answer


def test_own_types_are_saved_and_loaded_only_where_model_toml_names_them(
    folder: Callable[[str], ModelFolder], records: Records, tmp_path: Path
) -> None:
    made = folder(PIPELINE)
    shelf = own.shelf_for(made, SCHEMA, ANSWER)
    estimator = candidates.fitted(candidates.choose(records, shelf).best, records, shelf.answer)
    model = SavedModel(estimator, SCHEMA, shelf.answer)
    mine = f"models.{made.name}.estimator.Clipped"
    with pytest.raises(InputError, match=rf'not trusted.*write trusted = \["{mine}"\] in model\.toml') as caught:
        model_file.save(tmp_path / "out", model)
    trusted = tuple(tomllib.loads(str(caught.value).partition("write ")[2].removesuffix(" in model.toml"))["trusted"])
    model_file.save(tmp_path / "out", model, trusted)
    assert model_file.untrusted(tmp_path / "out") == sorted(trusted)
    with pytest.raises(InputError, match="not trusted"):
        model_file.load(tmp_path / "out")
    back = model_file.load(tmp_path / "out", trusted)
    expected = output(estimator, records.x, SCHEMA, shelf.answer)
    assert np.array_equal(output(back.estimator, records.x, SCHEMA, back.answer), expected)
    rows = [{"size": 1.0, "age": None, "colour": "scarlet"}, {"size": None, "age": None, "colour": None}]
    assert back.predict_rows(rows).shape == (2, 2)


@pytest.mark.parametrize(
    ("text", "answer", "said"),
    [
        ("import nothing_of_that_name", ANSWER, "cannot be imported (ModuleNotFoundError"),
        ("x = 1", ANSWER, "has no function candidates(schema)"),
        ("def candidates(schema): return []", ANSWER, "gives nothing to try"),
        ("def candidates(schema): return [1]", ANSWER, "must give a list of (name, estimator, parameters)"),
        ("def candidates(schema): return [('a', 3, {})]", ANSWER, "'a' is no scikit-learn estimator: a int"),
        (
            "from sklearn.linear_model import Ridge\ndef candidates(schema): return [('a', Ridge(), {'alhpa': 1})]",
            PRICE,
            "'a' has no parameter of one of the names alhpa",
        ),
        ("import sys\nsys.exit(0)", ANSWER, "cannot be imported (SystemExit: 0)"),
        ("import sys\ndef candidates(schema): sys.exit(0)", ANSWER, "(SystemExit: 0)"),
        ("def candidates(schema): return None", ANSWER, "must give a list of (name, estimator, parameters)"),
        ("def candidates(schema): return ['ridge']", ANSWER, "must give a list of (name, estimator, parameters)"),
        (
            "from sklearn.linear_model import Ridge\ndef candidates(schema): return [('a', Ridge, {})]",
            PRICE,
            "'a' is no scikit-learn estimator: the class Ridge",
        ),
        (
            "from sklearn.linear_model import Ridge\ndef candidates(schema): return [('a', Ridge(), {})]",
            ANSWER,
            "'a' is a regressor, but model.toml has task = 'binary'",
        ),
        (
            "from sklearn.dummy import DummyClassifier\ndef candidates(schema): return [('a', DummyClassifier(), {})]",
            PRICE,
            "'a' is a classifier, but model.toml has task = 'regression'",
        ),
        (
            "from sklearn.base import BaseEstimator\n"
            "class Odd(BaseEstimator):\n"
            "    def __init__(self, size=1): self.size = size + 1\n"
            "    def fit(self, x, y): return self\n"
            "def candidates(schema): return [('a', Odd(), {})]",
            PRICE,
            "'a' cannot be copied, as cross-validation does (RuntimeError)",
        ),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(
    text: str, answer: Answer, said: str, folder: Callable[[str], ModelFolder]
) -> None:
    made = folder(text)
    with pytest.raises(ConfigError) as caught:
        own.shelf_for(made, SCHEMA, answer)
    assert str(caught.value).startswith(f"models/{made.name}/estimator.py")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


NUMBERS = "from sklearn.compose import make_column_transformer\nfrom sklearn.pipeline import make_pipeline\n"
ONLY_NUMBERS = "make_pipeline(make_column_transformer(('passthrough', ['size', 'age'])), {})"


@pytest.mark.parametrize(
    ("imports", "estimator", "said"),
    [
        (
            NUMBERS + "from sklearn.linear_model import LogisticRegression",
            ONLY_NUMBERS.format("LogisticRegression()"),
            "does not take missing values: put an imputer before it in a pipeline",
        ),
        (
            "from sklearn.ensemble import HistGradientBoostingClassifier",
            "HistGradientBoostingClassifier(categorical_features=None)",
            "does not take categories: put an encoder before it in a pipeline",
        ),
        (
            NUMBERS + "from sklearn.impute import SimpleImputer\nfrom sklearn.linear_model import RidgeClassifier",
            ONLY_NUMBERS.format("SimpleImputer(), RidgeClassifier()"),
            "has no predict_proba, which a task with classes needs",
        ),
    ],
)
def test_an_estimator_that_cannot_take_the_records_says_so_before_anything_is_compared(
    imports: str, estimator: str, said: str, folder: Callable[[str], ModelFolder], records: Records
) -> None:
    made = folder(f"{imports}\ndef candidates(schema): return [('mine', {estimator}, {{}})]")
    shelf = own.shelf_for(made, SCHEMA, ANSWER)
    with pytest.raises(ConfigError) as caught:
        own.try_first(made, shelf, records)
    assert str(caught.value).startswith(f"models/{made.name}/estimator.py: 'mine' {said}")
    assert "scarlet" not in str(caught.value)


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        ("np.zeros(3)", "does not give one prediction for one record"),
        ("np.full(len(x), np.nan)", "predicts nothing for a record with missing values"),
    ],
)
def test_predictions_that_are_no_numbers_for_the_records_are_refused(
    predicted: str, said: str, folder: Callable[[str], ModelFolder], records: Records
) -> None:
    made = folder(
        "import numpy as np\nfrom sklearn.base import BaseEstimator, RegressorMixin\n"
        "class Odd(RegressorMixin, BaseEstimator):\n"
        "    def fit(self, x, y):\n        self.fitted_ = True\n        return self\n"
        f"    def predict(self, x): return {predicted}\n"
        "def candidates(schema): return [('mine', Odd(), {})]"
    )
    shelf = own.shelf_for(made, SCHEMA, PRICE)
    prices = Records(records.x, records.x[:, 2] + 1.0, records.recent, SCHEMA)
    with pytest.raises(ConfigError, match=said):
        own.try_first(made, shelf, prices)


def test_an_estimator_without_weights_counts_older_records_fully_or_not_at_all(
    folder: Callable[[str], ModelFolder], records: Records
) -> None:
    made = folder(
        "from sklearn.impute import SimpleImputer\nfrom sklearn.neighbors import KNeighborsClassifier\n"
        + NUMBERS
        + "def candidates(schema):\n    return [('near', "
        + ONLY_NUMBERS.format("SimpleImputer(), KNeighborsClassifier()")
        + ", {})]"
    )
    shelf = own.shelf_for(made, SCHEMA, ANSWER)
    assert {each.older_weight for each in candidates.candidates(shelf, 100, 100)} == {1.0, 0.0}
    older = Records(records.x, records.y, np.arange(200) >= 100, SCHEMA)
    assert {score.older_weight for score in candidates.choose(older, shelf).scores} == {1.0, 0.0}


def test_every_model_of_this_repository_has_estimators_that_can_be_imported() -> None:
    for name in models.names():
        own.module(models.find(name))
