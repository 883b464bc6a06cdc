"""`driftloop init` as a user meets it: one line for bad input, nothing overwritten, nothing half."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from driftloop.cli.main import run
from driftloop.config.models import load
from driftloop.data.schema import Schema
from driftloop.setup import writing
from sandbox.waiting import HANG_SECONDS
from tests.driftloop.setup.tables import houses, roles, saved

BEFORE = b"# mine\r\n[[model]]\r\nname = 'first' # kept\r\n  [model.policy]\r\n  budget = 7"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    saved(houses(400, np.random.default_rng(1)), tmp_path / "House prices.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def test_a_table_becomes_a_folder_and_an_entry(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "House prices.csv"]) == 0
    told = capsys.readouterr().out
    schema = Schema.load(place / "models/house-prices/schema.toml")
    assert roles(schema)["price"] == "target"
    model = load(place / "driftloop.toml").only_model()
    assert (model.name, model.schema) == ("house-prices", "models/house-prices/schema.toml")
    for said in (
        "price: no column is named as a target",
        "regression",
        "house: ",
        "sold_at: ",
        "prose",
        "no record has",
    ):
        assert said in told
    assert sorted(path.name for path in place.rglob("*") if path.is_file()) == [
        "House prices.csv", "driftloop.toml", "model.toml", "schema.toml"
    ]  # fmt: skip


def test_no_value_of_a_record_is_printed_or_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "House prices.csv"]) == 0
    files = tree(place)
    table = files.pop("House prices.csv").decode()
    texts = capsys.readouterr().out + "".join(text.decode() for text in files.values())
    rows = [line.split(",") for line in table.splitlines()[1:]]
    own = {value for row in rows for column, value in enumerate(row) if column in (0, 1, 2, 6, 9)}
    assert len(own) > 1000
    assert {value for value in own if value in texts.replace("100", "")} == set()


def test_the_entry_is_appended_and_every_other_byte_stays(place: Path) -> None:
    (place / "driftloop.toml").write_bytes(BEFORE)
    assert run(["init", "House prices.csv", "--name", "second"]) == 0
    after = (place / "driftloop.toml").read_bytes()
    assert after.startswith(BEFORE + b"\r\n\r\n[[model]]\r\n")
    assert after.replace(b"\r\n", b"").count(b"\n") == 0
    assert [model.name for model in load(place / "driftloop.toml").models] == ["first", "second"]
    assert load(place / "driftloop.toml").model("first").policy.budget == 7


@pytest.mark.parametrize(
    ("config", "arguments", "line"),
    [
        (BEFORE, ["--name", "First"], "is in it already"),
        (b"model = [{name = 'a'}]\n", [], "write the entry by hand"),
        (b"[[model]]\nname = \n", [], "not valid TOML"),
        (b"[[model]]\nname = 'a'\nbudgt = 3\n", [], "unknown entry 'budgt'"),
        (None, ["--name", "a/b"], "use letters, digits"),
        (None, ["--name", ""], "use letters, digits"),
        (None, ["--target", "prise"], "did you mean 'price'?"),
        (None, ["--target", "note"], "prose"),
    ],
)
def test_what_is_refused_is_one_line_and_leaves_everything_as_it_was(
    place: Path, capsys: pytest.CaptureFixture[str], config: bytes | None, arguments: list[str], line: str
) -> None:
    if config is not None:
        (place / "driftloop.toml").write_bytes(config)
    before = tree(place)
    assert run(["init", "House prices.csv", *arguments]) == 2
    out, error = capsys.readouterr()
    assert (out, len(error.splitlines())) == ("", 1)
    assert line in error
    assert tree(place) == before


@pytest.mark.parametrize("there", ["house-prices", "House-Prices"])
def test_a_folder_that_is_there_is_not_touched(place: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    (place / "models" / there).mkdir(parents=True)
    (place / "models" / there / "mine.txt").write_text("mine")
    before = tree(place)
    assert run(["init", "House prices.csv"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert tree(place) == before


def test_where_the_entry_cannot_be_written_no_folder_is_left(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "driftloop.toml").write_bytes(BEFORE)
    before = tree(place)
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "driftloop.toml":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    assert run(["init", "House prices.csv"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert tree(place) == before
    assert list((place / "models").iterdir()) == []


def test_another_writer_of_the_configuration_is_not_overwritten(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "driftloop.toml").write_bytes(BEFORE)
    real = writing.folder_beside

    def meanwhile(path: Path) -> object:
        (place / "driftloop.toml").write_bytes(BEFORE + b"\n# more\n")
        return real(path)

    monkeypatch.setattr(writing, "folder_beside", meanwhile)
    assert run(["init", "House prices.csv"]) == 2
    assert "was changed meanwhile" in capsys.readouterr().err
    assert (place / "driftloop.toml").read_bytes() == BEFORE + b"\n# more\n"
    assert list((place / "models").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_files_are_written_leaves_nothing(place: Path, number: int) -> None:
    (place / "driftloop.toml").write_bytes(BEFORE)
    before = tree(place)
    code = (
        "import sys, time\n"
        "from driftloop.setup import writing\n"
        "real = writing.signals_held\n"
        "def slow():\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(600)\n"
        "    return real()\n"
        "writing.signals_held = slow\n"
        "sys.argv = ['driftloop', 'init', 'House prices.csv']\n"
        "from driftloop.__main__ import main\n"
        "main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    assert any(path.name.endswith(".part") for path in place.rglob("*"))
    process.send_signal(number)
    _, error = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 128 + number
    assert len(error.splitlines()) == 1
    assert tree(place) == before
    assert list((place / "models").iterdir()) == []


def answered(place: Path, answers: str, *arguments: str, stop_at: str | None = None) -> tuple[int, str]:
    """Run `init` on a terminal of its own and type the answers; its exit code and what it showed.

    Where it shows `stop_at`, it gets the signal that Ctrl-C sends, and again while it stands still: one between the
    prompt and the wait for an answer is seen with the next key, and a person presses twice.
    """
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "driftloop", "init", "House prices.csv", *arguments]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=place, close_fds=True)
    os.close(slave)
    os.write(master, answers.encode())
    shown, pressed = "", 0
    while True:
        is_stopping = stop_at is not None and stop_at in shown
        if is_stopping and pressed <= HANG_SECONDS:
            process.send_signal(signal.SIGINT)
            pressed += 1
        if select.select([master], [], [], 1 if is_stopping else HANG_SECONDS)[0]:
            try:
                shown += os.read(master, 65_536).decode()
            except OSError:  # the other end was closed: the process has ended
                break
        elif not is_stopping or pressed > HANG_SECONDS:
            process.kill()
            break
    os.close(master)
    return process.wait(HANG_SECONDS), shown


def test_on_a_terminal_each_decision_is_asked_with_its_ground_and_return_takes_it(place: Path) -> None:
    code, shown = answered(place, "\n" * 5)
    assert code == 0, shown
    for question in ("Name of the model [house-prices]", "Target (what is predicted) [price]", "[house]", "[sold_at]"):
        assert question in shown
    assert "no column is named as a target" in shown
    assert roles(Schema.load(place / "models/house-prices/schema.toml"))["price"] == "target"


def test_on_a_terminal_an_answer_that_cannot_be_is_asked_again(place: Path) -> None:
    code, shown = answered(place, "mine\nprise\ngarden\n-\n\n\n\n")
    assert code == 0, shown
    assert "did you mean 'price'?" in shown
    schema = Schema.load(place / "models/mine/schema.toml")
    assert (roles(schema)["garden"], roles(schema)["house"], roles(schema)["record_id"]) == ("target", "ignore", "id")
    assert 'positive = "yes"' in (place / "models/mine/model.toml").read_text()


def test_ctrl_c_at_a_question_leaves_nothing(place: Path) -> None:
    before = tree(place)
    code, _ = answered(place, "mine\n", stop_at="Target (")
    assert code == 130
    assert tree(place) == before


def test_without_a_terminal_or_with_yes_nothing_is_asked(place: Path) -> None:
    code, shown = answered(place, "", "--yes")
    assert code == 0
    assert "Name of the model" not in shown


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_a_check_of_the_same_population_by_the_new_schema_is_stable(
    place: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """No range and no list of categories makes an incident of the next records."""
    frame = houses(900, np.random.default_rng(2)).drop(columns=["note"])
    order = np.random.default_rng(3).permutation(900)
    saved(frame.iloc[order[:500]].sort_index(), place / name)
    saved(frame.iloc[order[500:]].sort_index(), place / f"current-{name}")
    assert run(["init", name, "--name", "m", "--target", "price"]) == 0
    capsys.readouterr()
    sides = ["--reference", name, "--current", f"current-{name}"]
    assert run(["check", "--config", "driftloop.toml", "--model", "m", *sides]) == 0
    assert capsys.readouterr().out.startswith("stable")


def test_what_is_declared_about_reading_is_used_and_entered(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [f"0{1 + day % 9}/0{1 + day % 7}/2026" for day in range(100)]
    lines = ["größe;am;y\n", *(f"{day / 7:.2f};{text};{day % 13}\n".replace(".", ",") for day, text in enumerate(days))]
    (place / "t.csv").write_bytes("".join(lines).encode("latin-1"))
    assert run(["init", "t.csv"]) == 2
    assert "(here by --reading NAME=VALUE)" in capsys.readouterr().err
    assert run(["init", "t.csv", "--reading", "encoding=latin-1"]) == 2
    assert 'dates = "day-first"' in capsys.readouterr().err
    assert run(["init", "t.csv", "--reading", "encoding=latin-1", "--reading", "dates=day-first"]) == 0
    model = load(place / "driftloop.toml").only_model()
    assert (model.reading.encoding, model.reading.dates) == ("latin-1", "day-first")
    assert roles(Schema.load(place / "models/t/schema.toml"))["größe"] == "feature"
    assert run(["doctor"]) == 0


@pytest.mark.parametrize(
    ("given", "line"),
    [("dates", "write NAME=VALUE"), ("dats=day-first", "did you mean 'dates'?"), ("encoding=klingon", "is not known")],
)
def test_a_declaration_that_cannot_be_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], given: str, line: str
) -> None:
    assert run(["init", "House prices.csv", "--reading", given]) == 2
    error = capsys.readouterr().err
    assert (len(error.splitlines()), line in error) == (1, True)


def test_a_path_that_is_no_text_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    try:
        shutil.copy(place / "House prices.csv", place / name)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert run(["init", name]) == 2
    assert "no UTF-8" in capsys.readouterr().err
    assert not (place / "models").exists()
