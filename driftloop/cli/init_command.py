"""`driftloop init`: a table as a model of one's own, described in files that say why."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.output import say
from driftloop.cli.paths import PATH
from driftloop.errors import DriftloopError, InputError
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.data.reading import Reading
    from driftloop.setup.choice import Accept, Choice
    from driftloop.setup.proposal import Proposal

LONGEST_NAME = 32
"""What an online endpoint's name may have: a model's endpoint is called like it."""
SHOWN = 40
"""Features that the terminal lists; the rest stands in schema.toml."""


@click.command(short_help="Describe a model of your own from its table.")
@click.argument("data", type=PATH)
@click.option("--target", metavar="COLUMN", help="What is predicted. Without it: by name, else the last column.")
@click.option("--task", metavar="TASK", help="regression, binary or multiclass. Without it: by the target's values.")
@click.option("--id", metavar="COLUMN", help="Names the record.")
@click.option("--cluster", metavar="COLUMN", help="Names the dependent group: patient, ward, device.")
@click.option("--time", metavar="COLUMN", help="When the record was made.")
@click.option("--name", metavar="NAME", help="Of the model. Without it: that of the file.")
@click.option(
    "--config", type=PATH, default=Path("driftloop.toml"), help="Where the model is entered; models/ lies beside it."
)
@click.option(
    "--reading",
    metavar="NAME=VALUE",
    multiple=True,
    help="How the table is written, such as dates=day-first or encoding=latin-1. May be given several times.",
)
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
def init(*, data: Path, config: Path, name: str | None, reading: tuple[str, ...], yes: bool, **said: Any) -> None:
    """Describe a model of your own from DATA: a CSV, Parquet or JSON Lines file with the target among its columns.

    Writes models/NAME/schema.toml and model.toml, with the reason for each entry as a comment, and appends the model to
    driftloop.toml. Asks on a terminal. Without one, and with --yes, it decides by itself. DATA is read, never copied.

    \b
    Examples:
      driftloop init prices.csv
      driftloop init admissions.parquet --target denied --id case --time filed --name denials --yes
    """
    from driftloop.config.models import check_name
    from driftloop.setup.choice import take_suggestion
    from driftloop.setup.decisions import Said
    from driftloop.setup.files import entry_toml, model_toml, schema_toml
    from driftloop.setup.proposal import propose
    from driftloop.setup.table import open_table
    from driftloop.setup.writing import refuse_known, write_model

    imports_are_done()
    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    source = _absolute(data)
    if name is None:
        name = _asked_name(data) if asks else suggested_name(data)
    check_name(name, "--name")
    refuse_known(config, name)
    declared = _declared(reading)
    try:
        proposal = propose(open_table(data, declared), Said(**said), _ask if asks else take_suggestion)
    except InputError as error:
        if "[reading]" not in str(error):
            raise
        raise type(error)(f"{error} (here by --reading NAME=VALUE)") from None
    files = {
        "schema.toml": schema_toml(name, data.name, proposal),
        "model.toml": model_toml(name, _from_folder(source, config, name), proposal),
    }
    folder = write_model(config, name, files, entry_toml(name, proposal))
    for line in _told(proposal, name, data, folder, config):
        say(line)


def suggested_name(data: Path) -> str:
    """A model's name from its file's: lower case, hyphens, as long as an endpoint's may be.

    Examples
    --------
    >>> suggested_name(Path("data/House prices_2026.csv.gz")), suggested_name(Path("..."))
    ('house-prices-2026', 'model')
    """
    stem = data.name.split(".")[0].lower()
    words = re.sub(r"[^a-z0-9]+", "-", stem).strip("-").lstrip("0123456789-")
    return words[:LONGEST_NAME].rstrip("-") or "model"


def _declared(pairs: tuple[str, ...]) -> Reading:
    """What `--reading` says. Raises ConfigError for an unknown name or value."""
    from driftloop.data.reading import Reading
    from driftloop.validation import convert

    for pair in pairs:
        if "=" not in pair:
            raise InputError(f"--reading {pair}: write NAME=VALUE, such as dates=day-first")
    return convert(dict(pair.split("=", 1) for pair in pairs), Reading, "--reading")


def _from_folder(source: str, config: Path, name: str) -> str:
    """The table as model.toml names it: relative where it lies beside `driftloop.toml` or below, so that another clone
    finds it, too; else absolute.
    """
    root = os.path.abspath(config.parent)  # noqa: PTH100 links stay as they are written
    inside = Path(source).is_relative_to(root)
    return Path(os.path.relpath(source, Path(root) / "models" / name)).as_posix() if inside else source


def _absolute(data: Path) -> str:
    """The table's whole path. Raises InputError for one that no TOML file can hold."""
    path = str(data.absolute())
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InputError(f"{data.name!r}: its path is no UTF-8, which TOML needs: rename it") from None
    return os.path.normpath(path)


def _ask(question: str, suggested: Choice, accept: Accept) -> Choice:
    """Ask on the terminal, with the ground of the suggestion and the suggestion as the default."""
    from driftloop.setup.choice import Choice
    from driftloop.setup.toml_text import printable

    def checked(answer: str) -> str:
        try:
            return accept("" if answer.strip() == "-" else answer)
        except DriftloopError as error:
            raise click.BadParameter(printable(str(error))) from None

    click.echo(f"  ({printable(suggested.ground)})")
    answer = click.prompt(question, default=suggested.value, value_proc=checked, show_default=bool(suggested.value))
    return suggested if answer == suggested.value else Choice(answer, "answered at the terminal")


def _asked_name(data: Path) -> str:
    answer: str = click.prompt("Name of the model", default=suggested_name(data))
    return answer


def _told(proposal: Proposal, name: str, data: Path, folder: Path, config: Path) -> list[str]:
    """What was decided and why, in the terminal."""
    from driftloop.setup.bounds import CATEGORY_RULE, RANGE_RULE
    from driftloop.setup.next_commands import power_command
    from driftloop.setup.toml_text import printable

    task, rhythm, labels = proposal.task, proposal.rhythm, proposal.labels_required
    features = [column for column in proposal.schema.columns if column.role == "feature"]
    lines = [f"{data.name}: {count_of(proposal.rows, 'record')}, {count_of(len(proposal.schema.columns), 'column')}"]
    decided = [
        ("target", proposal.target.value, proposal.target.ground),
        ("task", task.choice.value, task.choice.ground),
        ("positive", task.positive.value or "not named", task.positive.ground) if task.positive else None,
        ("classes", proposal.balance, "") if proposal.balance else None,
        ("id", proposal.id.value or "none", proposal.id.ground),
        ("cluster", proposal.cluster.value or "none", proposal.cluster.ground),
        ("time", proposal.time.value or "none", proposal.time.ground),
        ("budget", count_of(rhythm.rhythm.budget, "check"), f"{rhythm.ground}; checked once {rhythm.rhythm.words}"),
        ("window", "unknown" if rhythm.window is None else f"about {count_of(rhythm.window, 'record')}", ""),
        ("labels", labels.value, labels.ground),
    ]
    lines += [f"  {what:<9} {value}{f': {why}' if why else ''}" for what, value, why in filter(None, decided)]
    lines.append(f"features ({len(features)})")
    for column in features[:SHOWN]:
        lines.append(f"  {column.name}: {column.kind}: {'; '.join(proposal.grounds[column.name])}")
    if len(features) > SHOWN:
        lines.append(f"  and {len(features) - SHOWN} more, in {folder / 'schema.toml'}")
    if proposal.unused:
        lines.append("not used")
        lines += [f"  {column}: {why}" for column, why in proposal.unused.items()]
    lines += [RANGE_RULE, CATEGORY_RULE, *proposal.notes]
    lines.append(f"written: {folder / 'schema.toml'}, {folder / 'model.toml'}; entered in {config}")
    lines.append(f"next: driftloop doctor --model {name}; make run MODEL={name}")
    if rhythm.window is not None:
        lines.append(f"what such windows show, in some minutes: {power_command(data, config, name, rhythm.window)}")
    return [printable(line) for line in lines]
