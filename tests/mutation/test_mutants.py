"""The mutation tester: what it draws, where it looks for tests, and that a fault is seen or listed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.__main__ import drawn, own_tests, survivors
from tests.mutation.mutants import Mutant, mutants_of

FILE = Path("driftloop/x.py")


def after(source: str) -> list[str]:
    """The whole source of each mutant, without the spaces of the formatter."""
    return [mutant.applied(source.encode()).decode() for mutant in mutants_of(FILE, source.encode())]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a <= b", "a > b"]),
        ("a is None", ["a is not None"]),
        ("a - b", ["(a + b)"]),
        ("a * b", ["(a / b)"]),
        ("a and b", ["(a or b)"]),
        ("not a", ["(a)"]),
        ("n = 7", ["n = 8"]),
        ("n = 0.5", ["n = 1.0"]),
        ("n = True", ["n = False"]),
        ("a += b", ["a -= b"]),
        ("a if b else c", ["(c if b else a)"]),
        ("np.sqrt(a)", ["pass", "np.sqrt(-a)"]),
        ("n = min(a, b)", ["n = max(a, b)"]),
        ("a[b] = c", ["pass"]),
        ("'text'", []),
        ("f'{a:.3f}'", []),
        ("import a", []),
        ("n: tuple[int, 3]", []),
        ("class A(Struct, frozen=True): ...", []),
    ],
)
def test_each_fault_changes_one_thing(source: str, expected: list[str]) -> None:
    assert after(source) == expected


def test_a_returned_value_and_a_guard_are_changed() -> None:
    assert after("def f(a):\n    if a:\n        raise E\n    return a") == [
        "def f(a):\n    if a:\n        pass\n    return a",
        "def f(a):\n    if a:\n        raise E\n    return None",
    ]


@pytest.mark.parametrize(
    "path", ["driftloop/sequential/evidence.py", "driftloop/ledger/drifts.py", "function_app/__init__.py"]
)
def test_every_mutant_of_a_real_file_is_python_and_another_program(path: str) -> None:
    source = (Path(__file__).parents[2] / path).read_bytes()
    whole = ast.unparse(ast.parse(source))
    found = mutants_of(Path(path), source)
    assert found
    for mutant in found:
        assert ast.unparse(ast.parse(mutant.applied(source))) != whole, str(mutant)


def test_a_draw_is_repeatable_and_another_seed_draws_others() -> None:
    targets = ["driftloop/sequential", "driftloop/ledger/drifts.py"]
    first = drawn(targets, 20, seed=1)
    assert len(first) == len(set(first)) == 20
    assert first == drawn(targets, 20, seed=1)
    assert first != drawn(targets, 20, seed=2)
    with pytest.raises(FileNotFoundError):
        drawn(["driftloop/nowhere.py"], 1, seed=1)


def test_the_tests_of_a_module_lie_under_the_same_path(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "driftloop" / "room"
    folder.mkdir(parents=True)
    for name in ("test_door.py", "test_door_bell.py", "test_wall.py"):
        (folder / name).touch()
    assert own_tests(Path("driftloop/room/door.py"), tmp_path) == (
        "tests/driftloop/room/test_door.py",
        "tests/driftloop/room/test_door_bell.py",
    )
    assert len(own_tests(Path("driftloop/room/roof.py"), tmp_path)) == 3
    with pytest.raises(ValueError, match="no tests"):
        own_tests(Path("driftloop/garden/gate.py"), tmp_path)


def test_a_fault_that_a_test_sees_is_killed_and_the_other_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "def clipped(n):\n    return min(n, 10) if n >= 0 else 0\n"
    module, test = tmp_path / "room" / "door.py", tmp_path / "tests" / "room" / "test_door.py"
    for path in (module, test):
        path.parent.mkdir(parents=True)
    module.write_text(source)
    test.write_text("from room.door import clipped\n\ndef test_it():\n    assert clipped(40) == 10\n")
    monkeypatch.setattr("tests.mutation.__main__.own_tests", lambda path, root: ("tests/room/test_door.py",))
    mutants = mutants_of(Path("room/door.py"), source.encode())
    chosen = [m for m in mutants if m.after in {"max(n, 10)", "n > 0"}]

    alive = survivors(chosen, tmp_path, "not slow")

    assert [(mutant.line, mutant.after) for mutant in alive] == [(2, "n > 0")]
    assert module.read_text() == source, "the fault is taken out again"


def test_a_mutant_names_its_place_and_its_change() -> None:
    mutant = Mutant(FILE, 7, 0, 5, "a <\n    b", "a > b")
    assert str(mutant) == "driftloop/x.py:7: `a < b` -> `a > b`"
