"""`driftloop doctor`: is a set-up as it should be, and what has to be corrected?"""

from __future__ import annotations

import os
from pathlib import Path

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import json_option
from driftloop.cli.output import say
from driftloop.cli.paths import PATH

MUST_BE_FIXED = 1


@click.command(short_help="Check a set-up: what has to be corrected, and how.")
@click.option("--config", type=PATH, default=Path("driftloop.toml"), help="The driftloop.toml of the set-up.")
@click.option("--model", metavar="NAME", help="Look at this model alone.")
@click.option(
    "--data", type=PATH, help="A table to compare its schema with. Without it: the one that model.toml names."
)
@click.option("--github", is_flag=True, help="Also ask GitHub: workflows, default branch, what the token may do.")
@click.option(
    "--azure", is_flag=True, help="Also ask Azure: role assignments, the baseline in service, the last check."
)
@json_option
def doctor(*, config: Path, model: str | None, data: Path | None, github: bool, azure: bool, as_json: bool) -> int:
    """Check a set-up: one line for each finding, the worst first, with what to do.

    Exit code 1 where something must be corrected, else 0. Runs the checks that the repository brings, estimator.py
    included.

    \b
    Examples:
      driftloop doctor
      driftloop doctor --model prices --data this_week.csv
      driftloop doctor --github --azure --json
    """
    from driftloop.checkup.checks import Needs
    from driftloop.checkup.examine import examine
    from driftloop.setup.toml_text import printable

    imports_are_done()
    needs: list[Needs] = [*(["github"] if github else []), *(["azure"] if azure else [])]  # type: ignore[list-item]
    findings = examine(config, os.environ, model=model, data=data, needs=needs)
    errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        import msgspec

        said = {"ok": not errors, "findings": [finding.to_dict() for finding in findings]}
        say(msgspec.json.format(msgspec.json.encode(said)).decode())
    else:
        for finding in findings:
            say(printable(finding.line))
        warnings = sum(finding.severity == "warning" for finding in findings)
        say("nothing to fix" if not errors + warnings else f"{errors} to fix, {warnings} to look at")
    return MUST_BE_FIXED if errors else 0
