"""The documentation is whole: it builds without a warning, asks nothing of the network, and leaves nothing out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import driftloop
from docs.configuration_page import configuration_page
from driftloop import events
from driftloop.cli.main import COMMANDS, cli, run
from driftloop.config.models import Model
from driftloop.data.schema import Schema
from driftloop.json_schemas import field_descriptions, structs_of
from driftloop.power import sensitivity
from training.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
SHOWN = [DOCS / "index.md", DOCS / "cli.md", ROOT / "README.md"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-d", str(out / "trees"), "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(out / "html")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


def test_every_page_is_built_and_reached_from_the_first(site: Path) -> None:
    first = (site / "index.html").read_text()
    assert [page.stem for page in PAGES if page.stem != "index" and f'href="{page.stem}.html"' not in first] == []
    assert (site / "searchindex.js").stat().st_size > 10_000


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    loading = re.compile(
        r"<(?:script|img|iframe|source)[^>]+src=[\"'](?:https?:)?//|<link[^>]+href=[\"'](?:https?:)?//"
    )
    assert {page.name: loading.findall(page.read_text()) for page in site.glob("*.html")} == {
        page.name: [] for page in site.glob("*.html")
    }


def test_every_command_and_option_is_explained() -> None:
    page = (DOCS / "cli.md").read_text()
    assert [name for name in COMMANDS if f"driftloop {name}" not in page] == []
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        unsaid = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]
        assert unsaid == [], name
        assert "Example" in (command.help or ""), name


def test_every_public_name_is_in_the_api_reference(site: Path) -> None:
    page = (site / "api.html").read_text()
    public = [name for name in driftloop.__all__ if name != "__version__"]
    assert [name for name in public if f'id="driftloop.{name}"' not in page] == []


def test_every_setting_says_what_it_is() -> None:
    for kind in (Model, Schema, Settings):
        for name, struct in structs_of(kind).items():
            said = field_descriptions(struct)
            assert [field for field in struct.__struct_fields__ if field not in said] == [], name


def test_the_configuration_page_is_what_the_code_reads() -> None:
    assert (DOCS / "configuration.md").read_text() == configuration_page(), "run `make schemas`"


def test_every_function_of_the_app_is_explained() -> None:
    page = (DOCS / "function-app.md").read_text()
    # The worker may index an app once; the source names the functions as often as it is read.
    names = re.findall(r'@app\.function_name\("(\w+)"\)', (ROOT / "function_app" / "__init__.py").read_text())
    assert len(names) >= 9
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_event_is_explained_with_all_of_its_fields() -> None:
    page = (DOCS / "architecture.md").read_text()
    kinds = [each for each in vars(events).values() if isinstance(each, type) and hasattr(each, "event_type")]
    assert len(kinds) >= 2
    for kind in kinds:
        assert f"`{kind.event_type}`" in page
        fields = [field.encode_name for field in msgspec.structs.fields(kind)]
        assert [field for field in fields if f"`{field}`" not in page and field not in page] == [], kind


def shown_commands() -> Iterator[tuple[str, str]]:
    """The page and the line of each command in a block of code."""
    for page in SHOWN:
        is_code, language = False, ""
        for line in page.read_text().splitlines():
            if line.startswith("```"):
                is_code, language = not is_code, line[3:]
            command = line.strip().removeprefix(".venv/bin/")
            if is_code and language in ("", "bash", "sh") and command.startswith("driftloop "):
                yield page.name, command.partition("  #")[0]


@pytest.fixture
def example_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the pages name, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    tables = [
        pa.table({"order": [f"o{seed}-{n}" for n in range(60)], "price": rng.normal(20, 4, 60).round(2),
                  "size": rng.normal(50, 9, 60).round(1), "region": ["north", "south"] * 30})
        for seed in range(4)
    ]  # fmt: skip
    (tmp_path / "weeks").mkdir()
    pq.write_table(tables[0], "trained_on.parquet")
    pyarrow.csv.write_csv(tables[0], "trained_on.csv")
    pyarrow.csv.write_csv(tables[1], "this_week.csv")
    pyarrow.csv.write_csv(tables[1].append_column("prediction", tables[2]["price"]), "judged_on.csv")
    for month, table in zip(("january", "february"), tables, strict=False):
        pyarrow.csv.write_csv(table, f"{month}.csv")
    for number, table in enumerate(tables[2:], 1):
        pyarrow.csv.write_csv(table, f"weeks/2026-{number:02d}.csv")


@pytest.mark.usefixtures("example_files")
def test_the_commands_that_the_pages_show_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensitivity, "QUIET_BASELINES", 4)  # what matters here is that the line is right
    monkeypatch.setattr(sensitivity, "BASELINES", 2)
    commands = list(shown_commands())
    assert len(commands) >= 6
    for page, command in commands:
        assert run(shlex.split(command)[1:]) == 0, f"{page}: {command}: {capsys.readouterr().err}"
