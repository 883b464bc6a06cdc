"""`driftloop check` as a user meets it: exit codes, one line for bad input, JSON, the report, the cold start."""

import json
import subprocess
import sys

import numpy as np
import pytest

from driftloop import Baseline
from sandbox.waiting import HANG_SECONDS
from tests.driftloop.populations import SCHEMA, draw, fresh


def run(*arguments):
    command = [sys.executable, "-m", "driftloop", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    draw(350, np.random.default_rng(1)).to_parquet(folder / "reference.parquet", index=False)
    window = fresh(100)
    window.to_csv(folder / "ordinary.csv", index=False)
    window.assign(bmi=window["bmi"] + 4).to_json(folder / "heavier.jsonl", orient="records", lines=True)
    window.head(3).to_csv(folder / "three.csv", index=False)
    window.head(0).to_csv(folder / "header.csv", index=False)
    window.drop(columns="sex").to_csv(folder / "without.csv", index=False)
    (folder / "empty.csv").write_text("")
    (folder / "foreign.csv").write_text("a,b\n1,2\n")
    (folder / "answer.csv").write_text('{"error":"token expired"}\n')  # what a server sent in place of the file
    return folder


@pytest.mark.parametrize(
    ("current", "verdict"),
    [
        ("ordinary.csv", "stable"),
        ("heavier.jsonl", "drift"),
        ("without.csv", "stable"),
        ("three.csv", "insufficient"),
        ("header.csv", "insufficient"),
    ],
)
def test_any_verdict_is_exit_code_0(files, current, verdict):
    done = run("check", "--reference", files / "reference.parquet", "--current", files / current, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["verdict"] == verdict
    assert answer["drift"] is (verdict == "drift")
    names = [row["name"] for row in answer["features"]] + [each["name"] for each in answer["columns_not_compared"]]
    assert names == ["bmi", "pressure", "glucose", "sex"]


def test_a_person_gets_a_table_with_the_verdict_and_the_reason(files):
    done = run("check", "--reference", files / "reference.parquet", "--current", files / "heavier.jsonl")
    assert done.returncode == 0
    assert done.stdout.startswith("drift: the population has moved")
    assert "bmi: mean +" in done.stdout


@pytest.mark.parametrize(
    ("current", "says"),
    [
        ("empty.csv", "empty"),
        ("nowhere.csv", "no such file"),
        ("foreign.csv", "none of the reference's columns"),
        ("answer.csv", "none of the reference's columns"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_line_and_writes_nothing(files, tmp_path, current, says):
    report = tmp_path / "report.html"
    done = run("check", "--reference", files / "reference.parquet", "--current", files / current, "--report", report)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert current in done.stderr
    assert not report.exists()


@pytest.mark.parametrize("option", ["--reference", "--current", "--config"])
def test_an_empty_path_is_a_variable_that_is_not_set_and_not_the_folder_where_one_stands(files, option):
    paths = {"--reference": files / "reference.parquet", "--current": files / "ordinary.csv", option: ""}
    done = run("check", *(part for pair in paths.items() for part in pair))
    assert done.returncode == 2
    assert f"'{option}': the path is empty: is a variable not set?" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("policy = 3", "policy"),
        ("[policy]\nalhpa = 0.1", "alhpa"),
        ("[policy]\nalpha = 7", "alpha must be between"),
        ("colour = 1", "unknown entry 'colour'"),
        ("[importances]\nsize = 1", "'size'"),
        ("not toml", "not valid TOML"),
    ],
)
def test_a_wrong_config_is_exit_code_2_and_says_what(files, tmp_path, config, says):
    path = tmp_path / "config.toml"
    path.write_text(config)
    done = run(
        "check", "--reference", files / "reference.parquet", "--current", files / "ordinary.csv", "--config", path
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_config_brings_schema_policy_and_importances(files, tmp_path):
    (tmp_path / "schema.json").write_bytes(SCHEMA.to_json())
    config = tmp_path / "config.toml"
    config.write_text('schema = "schema.json"\n[policy]\nalpha = 0.01\n[importances]\npressure = 1\nsex = 0.5\n')
    done = run(
        "check", "--reference", files / "reference.parquet", "--current", files / "heavier.jsonl", "--config", config,
        "--json",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["alpha"] == 0.01
    assert answer["verdict"] == "stable"
    assert answer["features"][0]["unit"] == "kg/m2"
    assert [row["retrains"] for row in answer["features"]] == [False, True, False, True]


def test_a_driftloop_toml_serves_as_config(files, tmp_path):
    (tmp_path / "schema.json").write_bytes(SCHEMA.to_json())
    config = tmp_path / "driftloop.toml"
    config.write_text('[defaults]\npolicy = {alpha = 0.02}\n[[model]]\nname = "m"\nschema = "schema.json"\n')
    done = run(
        "check", "--reference", files / "reference.parquet", "--current", files / "heavier.jsonl", "--config", config,
        "--json",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert (answer["alpha"], answer["features"][0]["unit"]) == (0.02, "kg/m2")


def test_a_saved_baseline_brings_its_own_importances(files, tmp_path):
    saved, importance = tmp_path / "baseline.parquet", tmp_path / "importance.json"
    saved.write_bytes(Baseline.build(draw(350, np.random.default_rng(1)), SCHEMA).to_bytes())
    importance.write_text('{"bmi": 1.0}')
    done = run("check", "--reference", saved, "--current", files / "heavier.jsonl", "--importance", importance)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a saved baseline and brings its own" in done.stderr


def test_a_saved_baseline_is_a_reference(files, tmp_path):
    saved = tmp_path / "baseline.parquet"
    saved.write_bytes(Baseline.build(draw(350, np.random.default_rng(1)), SCHEMA).to_bytes())
    done = run("check", "--reference", saved, "--current", files / "heavier.jsonl", "--json")
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "drift"
    assert answer["features"][0]["unit"] == "kg/m2"


def test_the_report_is_one_page_that_needs_nothing_else(files, tmp_path):
    report = tmp_path / "new" / "report.html"
    done = run(
        "check", "--reference", files / "reference.parquet", "--current", files / "heavier.jsonl", "--report", report
    )
    assert done.returncode == 0
    page = report.read_text()
    assert page.count('class="chart"') == 4 + 1, "each column, and the evidence"
    assert "http" not in page.replace('a[href^="http"]', ""), "but for the style of links in print"


def test_a_crash_is_exit_code_1_and_no_verdict(files, monkeypatch):
    code = (
        "import driftloop.two_sample.compare as c\n"
        "def broken(*a, **k): raise ZeroDivisionError('a bug')\n"
        "c.compare = broken\n"
        "from driftloop.cli.main import main\n"
        f"main(['check', '--reference', r'{files / 'reference.parquet'}', '--current', r'{files / 'ordinary.csv'}'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "a bug" in done.stderr


def test_a_check_imports_nothing_that_it_does_not_need(files):
    code = (
        "import sys\nfrom driftloop.cli.main import main\n"
        f"main(['check', '--reference', r'{files / 'reference.parquet'}', '--json', "
        f"'--current', r'{files / 'ordinary.csv'}'])\n"
        "unwanted = {'pandas', 'scipy.special', 'scipy.stats', 'scipy.optimize', 'scipy.linalg', 'numpy.ma', 'sklearn',"
        " 'jinja2', 'rich'}\n"
        "print(sorted(unwanted & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
