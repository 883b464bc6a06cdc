"""The public API: one list of names, and every constructor takes what a Python user holds."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import driftloop
from driftloop import Baseline, Column, Evidence, InputError, Monitor, Policy, Profile, Schema, Window, check
from tests.driftloop.populations import SCHEMA, draw, fresh

ROOT = Path(__file__).resolve().parents[2]


def reference() -> pd.DataFrame:
    return draw(200, np.random.default_rng(1))


class OnlyAStream:
    """Any library's table, e.g. polars': all that is known of it is the PyCapsule interface."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._table = pa.Table.from_pandas(frame, preserve_index=False)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


class OldFrame(pd.DataFrame):
    """A pandas frame of before 2.2: without the capsule."""

    @property
    def __arrow_c_stream__(self) -> object:
        raise AttributeError("__arrow_c_stream__")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tables")
    reference().to_parquet(place / "reference.parquet", index=False)
    reference().to_csv(place / "reference.csv", index=False)
    (place / "saved.parquet").write_bytes(Baseline(reference(), SCHEMA).to_bytes())
    (place / "pieces").mkdir()
    for number in range(2):
        reference()[number * 100 : (number + 1) * 100].to_csv(place / "pieces" / f"{number}.csv", index=False)
    (place / "pieces" / "_SUCCESS").write_text("")
    return place


TAKEN: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda _: reference(),
    "pandas before 2.2": lambda _: OldFrame(reference()),
    "pyarrow table": lambda _: pa.Table.from_pandas(reference(), preserve_index=False),
    "pyarrow record batch": lambda _: pa.RecordBatch.from_pandas(reference(), preserve_index=False),
    "record batch reader": lambda _: pa.Table.from_pandas(reference(), preserve_index=False).to_reader(),
    "generator of batches": lambda _: iter(pa.Table.from_pandas(reference(), preserve_index=False).to_batches(50)),
    "list of tables": lambda _: [pa.Table.from_pandas(reference(), preserve_index=False)],
    "capsule": lambda _: OnlyAStream(reference()),
    "path": lambda folder: folder / "reference.parquet",
    "text path": lambda folder: str(folder / "reference.csv"),
    "folder": lambda folder: folder / "pieces",
    "pattern": lambda folder: str(folder / "pieces" / "*.csv"),
    "list of paths": lambda folder: [folder / "pieces" / "0.csv", str(folder / "pieces" / "1.csv")],
    "tuple of paths": lambda folder: (folder / "pieces" / "0.csv", folder / "pieces" / "1.csv"),
}
SAVED: dict[str, Callable[[Path], Any]] = {
    "baseline": lambda _: Baseline(reference(), SCHEMA),
    "window": lambda _: Window(reference(), SCHEMA),
    "saved baseline": lambda folder: folder / "saved.parquet",
}
FOREIGN: dict[str, Any] = {
    "none": None,
    "empty text": "",
    "number": 3,
    "dict": {"bmi": [1.0]},
    "list of numbers": [1, 2],
    "list of lists": [[1, 2]],
    "array": np.ones((3, 2)),
    "series": pd.Series([1.0, 2.0], name="bmi"),
    "bytes": b"bmi\n1\n",
    "function": len,
    "schema": SCHEMA,
    "mixed column": pd.DataFrame({"bmi": [1.5, "x"]}),
    "two of a name": pa.table([[1.0], [2.0]], names=["bmi", "bmi"]),
    "lazy frame": type("LazyFrame", (), {"collect": lambda self: None})(),
}


def test_every_public_name_is_there_listed_once_and_documented() -> None:
    assert len(set(driftloop.__all__)) == len(driftloop.__all__)
    assert set(driftloop.__all__) <= set(dir(driftloop))
    assert all(getattr(driftloop, name) is not None for name in driftloop.__all__)
    tree = ast.parse(Path(driftloop.__file__).read_text())
    checking = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.name for node in checking.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed | {"__version__"} == set(driftloop.__all__), "type checkers see the same names"
    page = (ROOT / "docs" / "python.md").read_text()
    assert [name for name in driftloop.__all__ if not re.search(rf"\b{name}\b", page)] == []


def test_what_a_shell_offers_to_complete_are_the_public_names() -> None:
    assert {name for name in dir(driftloop) if not name.startswith("__")} == set(driftloop.__all__) - {"__version__"}


@pytest.mark.parametrize("wrong", [None, 3, b"schema.toml", ""])
def test_what_is_no_path_is_one_line_wherever_a_path_is_wanted(wrong: Any) -> None:
    result = check(reference(), fresh(50))
    for call in (Schema.load, Monitor.load, driftloop.read_batches):
        with pytest.raises(InputError, match=r"pass the path of a file|pass a path|the path is empty"):
            list(call(wrong))  # type: ignore[arg-type, operator]
    if wrong is not None:  # without a path the page is only returned
        with pytest.raises(InputError, match="pass the path of a file"):
            result.to_html(wrong)


@pytest.mark.parametrize("wrong", [None, "baseline.parquet", pd.DataFrame()])
def test_from_bytes_wants_bytes(wrong: Any) -> None:
    for kind in (Baseline, Window):
        with pytest.raises(InputError, match=r"pass the bytes that to_bytes\(\) gave"):
            kind.from_bytes(wrong)


def test_all_errors_of_the_tree_are_public() -> None:
    tree = [driftloop.DriftloopError]
    for kind in tree:
        tree += kind.__subclasses__()
    named = {kind.__name__ for kind in tree if kind.__module__ == "driftloop.errors"}
    assert named <= set(driftloop.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        driftloop.chekc  # noqa: B018


@pytest.mark.parametrize("kind", TAKEN)
def test_every_kind_of_table_gives_the_same_baseline_by_any_constructor(folder: Path, kind: str) -> None:
    expected = Baseline.build(reference(), SCHEMA)
    make = TAKEN[kind]
    assert Baseline(make(folder), SCHEMA) == expected
    assert Baseline.build(make(folder), SCHEMA) == expected
    assert Window.build(make(folder), SCHEMA).sha256 == Window(make(folder), SCHEMA).sha256 == expected.sha256
    assert Profile.build(make(folder), SCHEMA) == expected.profile
    assert [column.name for column in Schema.infer(make(folder)).columns] == ["bmi", "pressure", "glucose", "sex"]
    assert check(make(folder), make(folder)).verdict.value == "incident", "the same records once more"


@pytest.mark.parametrize("kind", ["path", "list of paths", "tuple of paths"])
def test_a_monitor_takes_the_same_paths(folder: Path, kind: str) -> None:
    monitor = Monitor(TAKEN[kind](folder), schema=SCHEMA)
    assert monitor.baseline == Baseline.build(reference(), SCHEMA)
    assert monitor.update(TAKEN[kind](folder)).verdict.value == "incident", "the same records once more"


@pytest.mark.parametrize("kind", SAVED)
def test_every_constructor_takes_a_saved_baseline(folder: Path, kind: str) -> None:
    expected, made = Baseline.build(reference(), SCHEMA), SAVED[kind](folder)
    assert Baseline(made) == Baseline.build(made) == expected
    assert Window(made).sha256 == expected.sha256
    assert Profile.build(made) == expected.profile
    assert Schema.infer(made) == SCHEMA
    assert check(made, fresh(100)).features == check(expected, Window(fresh(100), SCHEMA)).features


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize(
    "build", [Baseline, Window.build, Profile.build, Schema.infer, lambda made: check(fresh(50), made)]
)
def test_anything_else_is_one_line(build: Callable[[Any], Any], kind: str) -> None:
    with pytest.raises(InputError) as caught:
        build(FOREIGN[kind])
    assert "\n" not in str(caught.value)


def test_the_line_says_what_is_taken() -> None:
    with pytest.raises(
        InputError, match="a dict was given: pass a pandas, polars or pyarrow table, a path, or a saved"
    ):
        Baseline({"bmi": [1.0]})


@pytest.mark.parametrize("wrong", [{"policy": {"alpha": 0.1}}, {"schema": "schema.toml"}, {"evidence": {}}])
def test_options_of_another_type_are_one_line_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="was given: pass a driftloop"):
        check(fresh(50), fresh(50, 1), **wrong)


def values() -> Iterator[tuple[Any, Any, Any]]:
    yield Baseline(reference(), SCHEMA), Baseline(reference(), SCHEMA), Baseline(fresh(50), SCHEMA)
    yield Window(reference(), SCHEMA), Window(reference(), SCHEMA), Baseline(reference(), SCHEMA)
    yield (
        Baseline(reference(), SCHEMA).profile,
        Baseline(reference(), SCHEMA).profile,
        Window(fresh(50), SCHEMA).profile,
    )
    yield Schema([Column("a")]), Schema((Column("a"),)), Schema([Column("b")])
    yield Column("a", "categorical", categories=["x"]), Column("a", "categorical", categories=("x",)), Column("a")
    yield Column("a", range=[0, 1]), Column("a", range=(0, 1)), Column("a", range=(0, 2))
    yield Policy(), Policy(), Policy(alpha=0.1)
    yield Evidence(), Evidence(), None
    yield check(reference(), fresh(50)), check(reference(), fresh(50)), check(reference(), fresh(60))


@pytest.mark.parametrize("number", range(9))
def test_equal_values_are_equal_and_hashable(number: int) -> None:
    one, same, other = list(values())[number]
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same}) == 1
    assert one != other
    assert len(repr(one)) < 3000


@pytest.mark.parametrize(
    "make",
    [
        lambda: Column(""),
        lambda: Column("a", "number"),  # type: ignore[arg-type]
        lambda: Column("a", role="label"),  # type: ignore[arg-type]
        lambda: Column("a", range=(2, 1)),
        lambda: Column("a", importance=-1),
        lambda: Schema(["a"]),  # type: ignore[list-item]
        lambda: Schema([]),
        lambda: Schema([Column("a"), Column("a")]),
        lambda: Schema([Column("a")]).with_roles(target="b"),
        lambda: Schema([Column("a"), Column("b")]).with_roles(target="b", ignore=["b"]),
        lambda: Schema([Column("a")]).with_roles(ignore=["a"]),
        lambda: Policy(alpha=7),
        lambda: Policy(alpha="0.1"),  # type: ignore[arg-type]
        lambda: Policy(budget=1.5),  # type: ignore[arg-type]
        lambda: Policy(budget=True),
        lambda: Policy(min_rows=2.5),  # type: ignore[arg-type]
        lambda: Column("a", "categorical", categories="abc"),  # type: ignore[arg-type]
        lambda: Column("a", "categorical", categories=[1, 2]),  # type: ignore[arg-type, list-item]
        lambda: Column("a", categories=None),  # type: ignore[arg-type]
        lambda: Column("a", range=(1,)),  # type: ignore[arg-type]
        lambda: Column("a", range=(None, 1)),  # type: ignore[arg-type]
        lambda: Column("a", importance="x"),  # type: ignore[arg-type]
        lambda: Column("a", unit=3),  # type: ignore[arg-type]
        lambda: Schema(None),  # type: ignore[arg-type]
        lambda: Schema([Column("a")], missing="NA"),  # type: ignore[arg-type]
        lambda: Schema([Column("a")], missing=[-999]),  # type: ignore[arg-type, list-item]
        lambda: Schema([Column("a")]).with_roles(target=3),  # type: ignore[arg-type]
        lambda: Schema([Column("a")]).with_importances(None),  # type: ignore[arg-type]
        lambda: Schema([Column("a")]).with_importances({"a": "x"}),  # type: ignore[dict-item]
        lambda: Schema.from_json(None),  # type: ignore[arg-type]
        lambda: check(reference(), fresh(50)).raise_for_drift(on=3),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_of_ours_and_a_value_error(make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the type is asserted below)
        make()
    assert isinstance(caught.value, driftloop.DriftloopError)
    assert "\n" not in str(caught.value)


def test_a_window_merges_with_a_window_alone() -> None:
    with pytest.raises(InputError, match=r"a pandas\.DataFrame was given: pass a driftloop\.Window"):
        Window(fresh(50), SCHEMA).merge(fresh(50))  # type: ignore[arg-type]


def test_lists_whole_numbers_and_numpys_numbers_are_held_as_the_types_of_their_fields() -> None:
    made = Column("a", range=np.array([0, 1]), importance=np.int64(2))  # type: ignore[arg-type]
    assert made == Column("a", range=(0.0, 1.0), importance=2.0)
    assert type(made.importance) is float
    words = Column(np.str_("a"), "categorical", categories=np.array(["x"]))  # type: ignore[arg-type]
    assert words == Column("a", "categorical", categories=("x",))
    assert Policy(budget=np.int64(520), alpha=np.float32(0.5)) == Policy(alpha=0.5)  # type: ignore[arg-type]


def test_a_files_text_in_place_of_its_path_is_shown_on_one_line() -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        check(reference(), "bmi,age\n21.5,30\n")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError) as long:
        check(reference(), "x" * 9000)
    assert len(str(long.value)) < 1000


def test_roles_move_from_one_column_to_another() -> None:
    schema = Schema([Column("a"), Column("b", role="target"), Column("t", "categorical"), Column("c")])
    found = schema.with_roles(target="a", time="t")
    assert {column.name: (column.kind, column.role) for column in found.columns} == {
        "a": ("numeric", "target"),
        "b": ("numeric", "ignore"),
        "t": ("datetime", "timestamp"),
        "c": ("numeric", "feature"),
    }


def test_pandas_is_not_imported_to_find_out_whether_a_table_is_its(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pandas")
    with pytest.raises(InputError):
        Baseline(3)
    assert "pandas" not in sys.modules


def test_a_column_that_only_the_reference_has_is_the_target_unless_a_schema_says_otherwise() -> None:
    window = fresh(100).drop(columns="glucose")
    inferred = check(reference(), window)
    named = check(reference(), window, target="glucose")
    assert inferred.verdict.value == "stable"
    assert ("glucose", "target") in inferred.columns_not_compared
    assert any("only the reference has it" in note for note in inferred.notes)
    assert named.notes == ()
    # Reading the window before it was known to be the target changes nothing: same numbers, same hashes.
    assert (inferred.features, inferred.p_value) == (named.features, named.p_value)
    assert (inferred.baseline_sha256, inferred.window_sha256) == (named.baseline_sha256, named.window_sha256)
    assert check(reference(), window, schema=SCHEMA).verdict.value == "incident"
    assert check(Baseline(reference(), SCHEMA), window).verdict.value == "incident"


def test_two_lost_columns_are_no_target_but_an_incident() -> None:
    assert check(reference(), fresh(100).drop(columns=["glucose", "sex"])).verdict.value == "incident"


def test_the_reference_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from driftloop.data import sources

    opened = []
    whole = sources.read_batches

    def counted(path: Path, *rest: Any, **named: Any) -> Any:
        opened.append(Path(path).name)
        return whole(path, *rest, **named)

    monkeypatch.setattr(sources, "read_batches", counted)
    check(folder / "reference.csv", folder / "reference.parquet")
    assert sorted(opened) == ["reference.csv", "reference.parquet"]


def test_a_schema_from_the_same_pass_sees_rows_beyond_the_first_block() -> None:
    table = pa.table({"a": np.arange(150_000) % 1000 / 7, "b": ["x", "y"] * 75_000})
    stream = iter(table.to_batches(max_chunksize=30_000))
    assert Baseline(stream).rows == 150_000
