"""What a command leaves behind: exit codes for scripts, whole files or the old ones, one line when it cannot print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from driftloop import Baseline
from driftloop.cli.main import COMMANDS, run
from driftloop.errors import InputError
from driftloop.files.written import write_whole
from sandbox.waiting import HANG_SECONDS
from tests.driftloop.populations import draw, fresh

FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("outputs")
    draw(350, np.random.default_rng(1)).to_parquet(place / "reference.parquet", index=False)
    window = fresh(100)
    window.to_csv(place / "ordinary.csv", index=False)
    window.assign(bmi=window["bmi"] + 4).to_csv(place / "heavier.csv", index=False)
    window.assign(bmi=np.nan).to_csv(place / "blank.csv", index=False)
    return place


def check(folder: Path, current: str, *options: str) -> list[str]:
    return ["check", "--reference", str(folder / "reference.parquet"), "--current", str(folder / current), *options]


@pytest.mark.parametrize(
    ("current", "fail_on", "code"),
    [
        ("heavier.csv", ["--fail-on", "drift,incident"], 3),
        ("blank.csv", ["--fail-on", "drift,incident"], 3),
        ("blank.csv", ["--fail-on", "drift", "--fail-on", "incident"], 3),
        ("ordinary.csv", ["--fail-on", "drift,incident"], 0),
        ("blank.csv", ["--fail-on", "drift"], 0),
        ("heavier.csv", [], 0),
    ],
)
def test_a_script_stops_on_the_verdicts_that_it_names(
    folder: Path, capsys: pytest.CaptureFixture[str], current: str, fail_on: list[str], code: int
) -> None:
    assert run(check(folder, current, "--quiet", *fail_on)) == code
    assert capsys.readouterr() == ("", "")


def test_replay_fails_on_any_window(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes((folder / "ordinary.csv").read_bytes())
    (tmp_path / "2.csv").write_bytes((folder / "heavier.csv").read_bytes())
    where = ["replay", "--reference", str(folder / "reference.parquet"), "--windows", str(tmp_path), "--quiet"]
    assert run(where) == 0
    assert run([*where, "--fail-on", "drift"]) == 3


def test_a_baseline_is_saved_and_serves_as_reference(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "new" / "baseline.parquet"
    assert run(["baseline", str(folder / "reference.parquet"), "-o", str(saved), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["sha256"] == Baseline(saved).sha256 == Baseline(folder / "reference.parquet").sha256
    assert summary["columns"] == {"bmi": "numeric", "pressure": "numeric", "glucose": "numeric", "sex": "categorical"}
    by_saved, by_data = [check(folder, "heavier.csv", "--json"), check(folder, "heavier.csv", "--json")]
    by_saved[2] = str(saved)
    answers = []
    for arguments in (by_saved, by_data):
        assert run(arguments) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reference.parquet", "-o", "reference.parquet"], "is read by this command"),
        (["nowhere.parquet", "-o", "b.parquet"], "no such file"),
        (["ordinary.csv", "-o", "."], "cannot be written"),
        (["ordinary.csv"], "Missing option"),
        (["ordinary.csv", "-o", "b.parquet", "--target", "bmj"], "did you mean 'bmi'?"),
    ],
)
def test_a_baseline_that_cannot_be_made_is_one_line_and_no_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert run(["baseline", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert says in err
    assert sorted(folder.iterdir()) == before


def test_a_report_is_replaced_whole_or_not_at_all(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    report.write_text("the old one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(check(folder, "ordinary.csv", "--report", str(report))) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert report.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [report], "nothing is left beside it"
    monkeypatch.undo()
    assert run(check(folder, "ordinary.csv", "--report", str(report), "--quiet")) == 0
    assert report.read_text().startswith("<!doctype html>")


def test_each_report_has_the_format_of_its_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [tmp_path / name for name in ("r.html", "r.md", "r.json", "step_summary_1")]
    names[3].write_text("what an earlier command wrote\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(names[3]))
    options = [f"--report={name}" for name in names]
    assert run(check(folder, "heavier.csv", "--quiet", "--language", "ja", *options)) == 0
    page, markdown, document, summary = (name.read_text(encoding="utf-8") for name in names)
    assert '<html lang="ja">' in page
    assert "heavier.csv" in page
    assert markdown.startswith("## 🔶 ドリフトレポート: ドリフト")
    assert json.loads(document)["verdict"] == "drift"
    assert summary == "what an earlier command wrote\n" + markdown


def test_a_replay_reports_its_last_check_with_the_course_of_all(folder: Path, tmp_path: Path) -> None:
    windows = tmp_path / "weeks"
    windows.mkdir()
    for number, name in enumerate(("ordinary.csv", "blank.csv", "heavier.csv")):
        (windows / f"{number}.csv").write_bytes((folder / name).read_bytes())
    report = tmp_path / "report.html"
    replay = ["replay", "--reference", str(folder / "reference.parquet"), "--windows", str(windows), "--quiet"]
    assert run([*replay, "--report", str(report)]) == 0
    page = report.read_text(encoding="utf-8")
    assert '<body class="drift">' in page
    assert "3 checks, 1 with an alarm. The alarm line is at 1 in 690 checks." in page
    assert "2.csv" in page


def test_a_language_that_is_not_there_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(check(folder, "ordinary.csv", "--language", "jp")) == 2
    assert "'jp' is not one of 'en', 'ja'" in capsys.readouterr().err


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o640)


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path, b"x")


def started(folder: Path, *options: str, **streams: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "driftloop", *check(folder, "ordinary.csv", *options)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, **streams)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("options", [["--json"], [], ["--help"]])
def test_a_closed_pipe_is_one_line(folder: Path, options: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        process = started(folder, *options, stdout=closed)
        err = process.communicate(timeout=HANG_SECONDS)[1]
    assert process.returncode == 2
    assert err.decode().splitlines() == ["driftloop: standard output was closed before everything was printed"]


@pytest.mark.parametrize(("options", "code", "lines"), [(["--json"], 2, 1), ([], 2, 1), (["--quiet"], 0, 0)])
def test_a_process_without_standard_output_is_one_line(folder: Path, options: list[str], code: int, lines: int) -> None:
    """As a shell starts it by `>&-`: what prints nothing does not miss it."""
    words = [sys.executable, "-m", "driftloop", *check(folder, "ordinary.csv", *options)]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *words]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, timeout=HANG_SECONDS, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (code, lines), done.stderr
    assert done.stderr.startswith("driftloop: standard output is closed" if lines else "")


def test_where_nothing_can_be_written_is_said_before_anything_is_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An hour of reading is not lost for a name: the reference, which does not exist, is not asked for."""
    missing, place = str(folder / "missing.parquet"), str(folder / "ordinary.csv" / "file")
    for words in (
        ["check", "--reference", missing, "--current", missing, "--report", place],
        ["replay", "--reference", missing, "--windows", missing, "--report", place],
        ["profile", missing, "-o", place],
        ["power", missing, "--rows", "50", "--picture", place],
    ):
        assert run(words) == 2
        assert "cannot be written" in capsys.readouterr().err
    assert run(["power", missing, "--rows", "50", "--picture", str(tmp_path / "power.png")]) == 2
    assert ".png is not what is written: end it with .svg" in capsys.readouterr().err


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_said_first(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    assert run(check(folder, "missing.csv", "--report", str(tmp_path / "new" / "report.html"))) == 2
    assert "is no folder that may be written to" in capsys.readouterr().err


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", [["--json"], []])
def test_a_full_disk_is_one_line(folder: Path, options: list[str]) -> None:
    with FULL.open("wb") as full:
        process = started(folder, *options, stdout=full)
        err = process.communicate(timeout=HANG_SECONDS)[1]
    assert process.returncode == 2
    assert err.decode().startswith("driftloop: standard output: cannot be written (No space left on device)")
    assert len(err.splitlines()) == 1


STOPPED = """
import os, signal, sys, builtins
imported = builtins.__import__
def stopping(name, *rest, **named):
    if name == "MODULE" or name.startswith("MODULE."):
        os.kill(os.getpid(), signal.SIGNAL)
    return imported(name, *rest, **named)
builtins.__import__ = stopping
from driftloop.__main__ import main
sys.argv = ["driftloop", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("module", ["click", "numpy", "pyarrow", "driftloop.report.html"])
def test_a_signal_at_any_moment_is_one_line_with_the_old_report_in_place(
    folder: Path, tmp_path: Path, number: str, code: int, module: str
) -> None:
    report = tmp_path / "report.html"
    report.write_text("the old one")
    program = STOPPED.replace("MODULE", module).replace("SIGNAL", number)
    command = [sys.executable, "-c", program, *check(folder, "ordinary.csv", "--report", str(report))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    assert done.stderr.startswith("driftloop: stopped by")
    assert report.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [report]


def test_a_signal_while_a_report_is_written_leaves_the_old_one_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("the old one")
    program = (
        "import os, signal, sys\nfrom driftloop.__main__ import main\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGTERM)\nsys.argv = ['driftloop', *sys.argv[1:]]\nmain()"
    )
    command = [sys.executable, "-c", program, *check(folder, "ordinary.csv", "--report", str(report))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert report.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [report]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_s_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    assert f"  driftloop {command} " in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "did you mean 'check'?"),
        (["check"], "Missing option '--reference' (driftloop check --help shows how)"),
        (["check", "--colour"], "No such option '--colour'"),
        (["replay", "--reference", "x.csv"], "Missing option '--windows'"),
    ],
)
def test_a_wrong_command_line_is_one_line_with_advice(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert says in err
