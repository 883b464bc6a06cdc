"""Options that several commands share, and what they mean together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from driftloop.cli.paths import PATH, SOURCE
from driftloop.errors import InputError
from driftloop.validation import nearest

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.sides.settings import ColumnSettings

FAILED = 3
"""Exit code of a verdict that `--fail-on` names: apart from 1 (a crash) and 2 (bad input)."""
VERDICTS = ("stable", "drift", "incident", "insufficient")


_Command = TypeVar("_Command", bound=Callable[..., Any])

reference_option = click.option(
    "--reference",
    required=True,
    type=SOURCE,
    help="What the model was trained on: a file, a folder, a pattern in quotes, an abfs:// URL, or a saved profile.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")


cache_option = click.option(
    "--cache",
    type=PATH,
    metavar="FOLDER",
    help="Keep what was read, by file: next time only new and changed files are read. As confidential as the data.",
)
processes_option = click.option(
    "--processes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many processes read. Without it: one a core from 2 GB on, else one.",
)


@dataclass(frozen=True)
class Columns:
    """What the options say of columns and of how carefully they are judged."""

    config: Path | None
    model: str | None
    importance: Path | None
    target: str | None
    id: str | None
    time: str | None
    ignore: tuple[str, ...]
    cluster: str | None
    season: str | None
    segment: tuple[str, ...]

    def settings_for(self, reference: Path | str) -> tuple[ColumnSettings, Policy]:
        """How to read and how to judge beside a reference, which may bring its own columns. Raises as the others."""
        from driftloop.data.readers.saved_profile import is_profile

        return self.for_saved(reference) if is_profile(reference) else self.settings()

    def settings(self) -> tuple[ColumnSettings, Policy]:
        """How to read and how to judge. Raises ConfigError, SchemaError or InputError."""
        from driftloop.config.settings import declared, load_settings, schema_of
        from driftloop.sides.settings import ColumnSettings, Roles

        said = load_settings(self.config, self.model)
        importances = said.importances if self.importance is None else _importances(self.importance)
        roles = Roles(self.target, self.id, self.time, self.ignore, self.cluster, self.season, self.segment)
        return ColumnSettings(schema_of(said, self.config), roles, importances, declared(said)), said.policy

    def for_saved(self, reference: Path | str) -> tuple[ColumnSettings, Policy]:
        """The same where a saved baseline brings the columns. Raises InputError for what it brings itself."""
        from driftloop.config.settings import declared, load_settings
        from driftloop.sides.settings import ColumnSettings

        for option, value in (("--importance", self.importance), ("--target", self.target), ("--id", self.id),
                              ("--time", self.time), ("--ignore", self.ignore or None), ("--cluster", self.cluster),
                              ("--season", self.season), ("--segment", self.segment or None)):  # fmt: skip
            if value is not None:
                raise InputError(f"{option}: {reference} is a saved baseline and brings its own; give the data instead")
        said = load_settings(self.config, self.model)
        return ColumnSettings(reading=declared(said)), said.policy


def column_options(command: _Command) -> _Command:
    """The options that `Columns` holds."""
    for option in reversed(
        (
            click.option(
                "--config", type=PATH, help="TOML: policy, schema, importances, reading; or a driftloop.toml."
            ),
            click.option("--model", metavar="NAME", help="Which [[model]] of a driftloop.toml."),
            click.option(
                "--importance",
                type=PATH,
                help="JSON: how much the model relies on each column; those not named: not at all.",
            ),
            click.option("--target", metavar="COLUMN", help="The label: not compared."),
            click.option("--id", metavar="COLUMN", help="Names the record: not compared."),
            click.option("--time", metavar="COLUMN", help="When the record was made: not compared."),
            click.option(
                "--cluster",
                metavar="COLUMN",
                help="Names the group whose records are alike (patient, ward, device): not compared.",
            ),
            click.option(
                "--season",
                type=click.Choice(["weekday", "month", "hour"]),
                help="Compare with the reference's records of the same season; needs a time.",
            ),
            click.option(
                "--segment",
                metavar="COLUMN",
                multiple=True,
                help="Judge each of its values (ward, region) by itself, too. May be given several times.",
            ),
            click.option("--ignore", metavar="COLUMN", multiple=True, help="Not read. May be given several times."),
        )
    ):
        command = option(command)
    return command


def columns_of(options: dict[str, Any]) -> Columns:
    """The shared options out of all that a command was given; they are taken out of `options`."""
    return Columns(**{name: options.pop(name) for name in Columns.__dataclass_fields__})


language_option = click.option(
    "--language",
    type=click.Choice(["en", "ja"]),
    help="Language of what people read. Without it: that of LANG.",
)


report_option = click.option(
    "--report",
    "reports",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Write a report: HTML with a picture of each column, Markdown (.md, or GitHub's $GITHUB_STEP_SUMMARY) or "
    "JSON (.json). May be given several times.",
)


def fail_on_option(command: _Command) -> _Command:
    """`--fail-on`, for scripts that stop on a verdict."""
    return click.option(
        "--fail-on",
        metavar="VERDICTS",
        multiple=True,
        callback=_verdicts,
        help=f"Exit with {FAILED} for these verdicts, e.g. drift,incident.",
    )(command)


def _verdicts(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
    names = [name.strip().lower() for each in given for name in each.split(",")]
    for name in names:
        if name not in VERDICTS:
            raise click.BadParameter(f"no verdict {name!r}{nearest(name, VERDICTS)}")
    return frozenset(names)


def printed_once(*, quiet: bool, as_json: bool) -> None:
    """Raises InputError where the two contradict each other."""
    if quiet and as_json:
        raise InputError("--quiet and --json: one prints nothing, the other JSON: choose one")


def _importances(path: Path) -> dict[str, float]:
    import msgspec

    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): check the path") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f'{path}: not importances in JSON, such as {{"age": 0.4}}: {error}') from None
