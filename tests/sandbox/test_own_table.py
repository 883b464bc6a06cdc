"""Worlds from tables that are in no example: a skewed number with missing values, classes with columns of text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from driftloop.errors import ConfigError, DriftloopError, InputError
from sandbox import watching
from sandbox.own_table import OwnTable, read
from sandbox.play import Play, diabetes_progression
from sandbox.world import SHORT_STORY, STORY, Kind, World
from training.models import ModelFolder

COLUMNS = {
    "prices": ("size", "rooms", "age", "district"),
    "churn": ("months", "fee", "plan", "calls", "region"),
}


def prices(rows: int = 700) -> pd.DataFrame:
    """A skewed price; a column that is missing for a reason, a whole one, one of text."""
    rng = np.random.default_rng(7)
    size = rng.gamma(4.0, 25.0, rows).round(1)
    district = rng.choice(["harbour", "hill", "old town"], rows, p=[0.5, 0.3, 0.2])
    age = rng.integers(0, 120, rows).astype(float)
    price = np.exp(4 + 0.008 * size + 0.3 * (district == "hill") - 0.003 * age + rng.normal(0, 0.4, rows))
    age[rng.random(rows) < np.where(district == "harbour", 0.3, 0.05)] = np.nan
    rooms = np.clip(np.round(size / 30), 1, 9)
    return pd.DataFrame({"size": size, "rooms": rooms, "age": age, "district": district, "price": np.round(price, 1)})


def churn(rows: int = 800) -> pd.DataFrame:
    """Whether a customer leaves, one in six: half of the columns are text, one with missing values."""
    rng = np.random.default_rng(8)
    months = rng.integers(1, 72, rows)
    plan = rng.choice(["basic", "family", "business"], rows, p=[0.6, 0.3, 0.1])
    region = rng.choice([f"R{number}" for number in range(9)], rows).astype(object)
    region[rng.random(rows) < 0.1] = None
    calls = rng.poisson(1.0, rows)
    fee = (20 + 15 * (plan != "basic") + rng.normal(0, 4, rows)).round(2)
    odds = -2.3 - 0.03 * months + 0.9 * calls + 0.8 * (plan == "basic")
    left = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return pd.DataFrame({"months": months, "fee": fee, "plan": plan, "calls": calls, "region": region, "left": left})


SCHEMAS = {
    "prices": '{name = "size", range = [0, 5000]}, {name = "rooms"}, {name = "age", range = [0, 400]}, '
    '{name = "district", kind = "categorical"}, {name = "price", role = "target", range = [0, 1000000]}',
    "churn": '{name = "months"}, {name = "fee"}, {name = "plan", kind = "categorical"}, {name = "calls"}, '
    '{name = "region", kind = "categorical"}, {name = "left", kind = "categorical", role = "target"}',
}
TASKS = {"prices": "regression", "churn": "binary"}
IDS = '{name = "id", kind = "categorical", role = "id"}, {name = "at", kind = "datetime", role = "timestamp"}'


def written(folder: Path, name: str, frame: pd.DataFrame, more: str = "") -> ModelFolder:
    """A folder for a model, with its table beside it."""
    made = folder / name
    made.mkdir(parents=True)
    (made / "schema.toml").write_text(f"columns = [{IDS}, {SCHEMAS[name]}]\n")
    (made / "model.toml").write_text(f'task = "{TASKS[name]}"\n[laptop]\ndata = "table.csv"\n{more}')
    frame.to_csv(made / "table.csv", index=False)
    return ModelFolder(name, made)


@dataclass(frozen=True)
class Made:
    table: OwnTable
    play: Play


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    folder = tmp_path_factory.mktemp("models")
    tables = {"prices": read(written(folder, "prices", prices())), "churn": read(written(folder, "churn", churn()))}
    return {name: Made(table, table.play()) for name, table in tables.items()}


N = 20_000


@pytest.mark.parametrize("name", COLUMNS)
def test_drawn_records_are_distributed_as_the_tables(made: dict[str, Made], name: str) -> None:
    real = made[name].table.table
    drawn = made[name].play.ordinary.sample(N, np.random.default_rng(1))
    assert list(drawn.columns) == list(real.columns)
    for column in real.columns:
        # a share of N draws, five standard errors of it at the most
        assert drawn[column].isna().mean() == pytest.approx(real[column].isna().mean(), abs=5 * 0.5 / np.sqrt(N))
        if pd.api.types.is_numeric_dtype(real[column]):
            assert drawn[column].mean() == pytest.approx(real[column].mean(), abs=0.06 * real[column].std())
            assert drawn[column].std() == pytest.approx(real[column].std(), rel=0.08)
            assert drawn[column].min() >= 0
        else:
            shares = (frame[column].value_counts(normalize=True) for frame in (drawn, real))
            assert max(abs(next(shares) - next(shares))) < 5 * 0.5 / np.sqrt(N)
    numeric = real.select_dtypes("number").columns
    assert abs(drawn[numeric].corr() - real[numeric].corr()).to_numpy().max() < 0.08


def test_what_lacks_values_for_a_reason_still_does(made: dict[str, Made]) -> None:
    drawn = made["prices"].play.ordinary.sample(N, np.random.default_rng(2))
    lacking = drawn["age"].isna().groupby(drawn["district"]).mean()
    assert lacking["harbour"] > 0.2 > 0.1 > lacking["hill"]


def test_whole_numbers_and_columns_with_spikes_stay_what_they_are(made: dict[str, Made]) -> None:
    play = made["prices"].play
    assert set(play.whole) == {"rooms", "age"}
    assert set(play.ordinary.categorical) == {"rooms", "district"}  # nine values: noise would smear them
    frame = play.typed(
        play.ordinary.sample(500, np.random.default_rng(3)), "X", pd.date_range("2026-01-01", periods=500)
    )
    assert (str(frame["age"].dtype), str(frame["rooms"].dtype)) == ("Int64", "int64")
    assert set(made["churn"].play.ordinary.categorical) == {"plan", "calls", "region"}


def test_the_population_moves_no_further_than_half_of_the_table_carries(made: dict[str, Made]) -> None:
    for name, before in made.items():
        assert before.play.changed.odds is not None
        odds = np.asarray(before.play.changed.odds(before.table.table))
        effective = odds.sum() ** 2 / (odds**2).sum() / len(odds)
        assert effective == pytest.approx(0.5, abs=0.01), name
        known = set(before.table.table[COLUMNS[name][-1]].dropna())
        drawn = before.play.changed.sample(2_000, np.random.default_rng(4))
        assert set(drawn[COLUMNS[name][-1]].dropna()) <= known


def test_a_number_rises_by_its_residuals_and_a_class_turns_into_the_next(made: dict[str, Made]) -> None:
    table, play = made["prices"].table, made["prices"].play
    stronger = table.play(strength=2.0)
    assert stronger.changed.outcome.offset == pytest.approx(2 * play.changed.outcome.offset)
    assert play.changed.outcome.offset == pytest.approx(0.65 * play.changed.residual_spread)
    turned = made["churn"].play.changed.outcome
    assert (turned.before, turned.after, turned.turned) == ("no", "yes", 0.45)
    assert made["churn"].table.play(strength=9.0).changed.outcome.turned == 0.9
    moved = made["churn"].play.changed.sample(N, np.random.default_rng(5))
    assert (moved["left"] == "yes").mean() > (churn()["left"] == "yes").mean() + 0.3


def test_the_feed_breaks_by_a_unit_and_by_a_blank_column(made: dict[str, Made]) -> None:
    for play in (one.play for one in made.values()):
        records = play.ordinary.sample(50, np.random.default_rng(6)).drop(columns=play.target)
        broken = play.breaks(records)
        changed = [column for column in records if not broken[column].equals(records[column])]
        blank = [column for column in changed if broken[column].isna().all()]
        (unit,) = set(changed) - set(blank)
        assert len(blank) == 1
        assert broken[unit].median() == pytest.approx(1000 * records[unit].median())


def test_a_table_without_numbers_only_loses_a_column(tmp_path: Path) -> None:
    frame = churn()[["plan", "region", "left"]]
    model = written(tmp_path, "churn", frame)
    (model.path / "schema.toml").write_text(
        f'columns = [{IDS}, {{name = "plan", kind = "categorical"}}, {{name = "region", kind = "categorical"}}, '
        '{name = "left", kind = "categorical", role = "target"}]\n'
    )
    play = read(model).play()
    records = play.changed.sample(40, np.random.default_rng(9))
    assert play.breaks(records)[["plan", "region"]].isna().all().sum() == 1


def test_records_a_day_and_labels_follow_the_table_and_its_rarest_class(made: dict[str, Made], tmp_path: Path) -> None:
    assert made["prices"].table.labels_required() == 200
    assert read(written(tmp_path / "small", "prices", prices(300))).labels_required() == 100
    share = (churn()["left"] == "yes").mean()
    assert made["churn"].table.labels_required() == max(200, int(np.ceil(12 / (0.4 * share))))
    assert made["prices"].table.play(volume=4.0).rows_a_day == 320
    play = made["prices"].table.play(entry={"labels_required": 75})
    assert (play.labels_required, play.rows_a_day) == (75, 30)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_world_tells_the_story_with_ids_times_and_late_labels(made: dict[str, Made], name: str) -> None:
    play = made[name].play
    days = list(World(1, play=play).days())
    assert tuple(day.kind for day in days) == STORY
    assert [len(day.files) for day in days] == [1, 1] + [2] * (len(STORY) - 2)
    assert all(file.path.startswith(f"{name}/") for day in days for file in day.files)
    historic = World(1, play=play).historic()
    assert len(historic) == play.historic_rows
    assert historic["id"].is_unique
    assert historic["at"].is_monotonic_increasing
    assert set(SHORT_STORY) == set(Kind)


def test_a_table_whose_schema_declares_formats_comes_as_parquet(tmp_path: Path) -> None:
    model = written(tmp_path, "prices", prices())
    text = (model.path / "schema.toml").read_text()
    (model.path / "schema.toml").write_text(
        text.replace('{name = "rooms"}', '{name = "rooms", format = "decimal-point"}')
    )
    days = World(1, play=read(model).play()).days()
    assert {file.path.rsplit(".", 1)[1] for day in days for file in day.files} == {"parquet"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda model: (model.path / "model.toml").write_text('task = "regression"\n'), "names no table"),
        (lambda model: (model.path / "table.csv").unlink(), "there is no such file"),
        (lambda model: prices(50).to_csv(model.path / "table.csv"), "holds 50 usable records of 50: 60 are needed"),
        (lambda model: prices().drop(columns="price").to_csv(model.path / "table.csv"), "no column 'price'"),
        (lambda model: prices().drop(columns="age").to_csv(model.path / "table.csv"), "no column 'age'"),
    ],
)
def test_a_table_that_no_world_can_be_made_from_is_refused_in_one_line(
    tmp_path: Path, change: object, said: str
) -> None:
    model = written(tmp_path, "prices", prices())
    change(model)  # type: ignore[operator]
    with pytest.raises(DriftloopError, match=said) as caught:
        read(model)
    assert isinstance(caught.value, ConfigError | InputError)
    assert "\n" not in str(caught.value)


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    model = written(tmp_path, "churn", churn().assign(left="no"))
    with pytest.raises(InputError, match="left has one class alone"):
        read(model)


def test_the_function_app_reads_the_models_own_entry_and_no_other(tmp_path: Path) -> None:
    from driftloop.config import models

    (tmp_path / "driftloop.toml").write_text(
        '[defaults]\nrecords = "elsewhere/{model}/**"\n[defaults.policy]\nbudget = 300\n'
        '[[model]]\nname = "beer"\n[[model]]\nname = "wine"\nlabels_required = 80\nschedule = "0 0 0 1 * *"\n'
        'dispatch = {target = "dry-run"}\n[model.policy]\nalpha = 0.01\n'
    )
    entry = watching.entry_of(tmp_path, "wine")
    assert entry == {"labels_required": 80, "policy": {"budget": 300, "alpha": 0.01}}
    assert watching.entry_of(tmp_path, "tea") == {}
    assert watching.entry_of(tmp_path / "nowhere", "tea") == {}
    (tmp_path / "written.toml").write_text(watching.configuration(diabetes_progression({"policy": {"budget": 300}})))
    environment = {"DRIFTLOOP_REPOSITORY": "o/r", "GITHUB_API_URL": "http://127.0.0.1:1"}
    (found,) = models.load(tmp_path / "written.toml", environment).models
    assert (found.name, found.labels_required, found.policy.budget) == ("diabetes-progression", 150, 300)
    assert found.records == "incoming/diabetes-progression/records/**"
