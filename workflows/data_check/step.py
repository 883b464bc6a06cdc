"""The action `driftloop-check`: compares two tables of any repository, and tells the run what it found.

Its inputs come by the environment (`CHECK_REFERENCE`, ...): no text of a workflow's author or of the data is part of a
script. The check itself is the command `driftloop check`, with its exit codes: 0 for a verdict, 3 for one that
`fail-on` names, 2 for bad input.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflows.reporting import Report, plain, table

ANSWERED = (0, 3)
"""Exit codes of `driftloop check` with which it has printed its result."""
BAD_INPUT = 2
SHOWN = 50
"""Columns and reasons in a summary: GitHub keeps one megabyte of it."""
VERDICTS = frozenset({"stable", "drift", "incident", "insufficient"})
PLAIN_OPTIONS = ("config", "model", "target", "id", "time")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class WrongInputError(Exception):
    """An input of the action that cannot be used; one line."""


@dataclass(frozen=True)
class Inputs:
    """What the workflow's author wrote under `with:`."""

    reference: str
    current: str
    report: str
    options: tuple[str, ...]
    """Further options of `driftloop check`."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Inputs:
        """From the environment. Raises WrongInputError."""
        said = {
            name: _line(name, environment) for name in ("reference", "current", "report", "fail_on", *PLAIN_OPTIONS)
        }
        for name in ("reference", "current", "report"):
            if not said[name]:
                raise WrongInputError(f"the input {name} is missing: name a file, a folder or a pattern")
        # `--name=value`, so that a value which begins with a dash is no option
        options = [f"--{name}={said[name]}" for name in PLAIN_OPTIONS if said[name]]
        options += [f"--fail-on={said['fail_on']}"] if said["fail_on"] else []
        ignored = environment.get("CHECK_IGNORE", "").splitlines()
        options += [f"--ignore={name.strip()}" for name in ignored if name.strip()]
        return cls(said["reference"], said["current"], said["report"], tuple(options))

    @property
    def command(self) -> list[str]:
        """The check, in the interpreter that runs this."""
        return [
            *(sys.executable, "-P", "-m", "driftloop", "check", "--json"),
            *(f"--reference={self.reference}", f"--current={self.current}", f"--report={self.report}", *self.options),
        ]


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Check, and report. Returns the step's exit code."""
    report = Report(environment)
    try:
        inputs = Inputs.read(environment)
    except WrongInputError as error:
        report.error(str(error))
        return BAD_INPUT
    done = subprocess.run(
        inputs.command, capture_output=True, check=False, env={**environment, "PYTHONUTF8": "1", "NO_COLOR": "1"}
    )
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode not in ANSWERED:
        report.error(said.splitlines()[-1] if said else f"driftloop check ended with {done.returncode}")
        return done.returncode
    result = json.loads(done.stdout)
    verdict = str(result["verdict"])
    if verdict not in VERDICTS:
        raise ValueError(f"driftloop check gave the verdict {verdict[:40]!r}")
    _output(environment, verdict=verdict, report=inputs.report)
    report.summary(summary_of(result))
    report.line(f"{verdict}: {'; '.join(result['reasons'][:SHOWN])}")
    if done.returncode:
        report.error(f"{verdict}: {'; '.join(result['reasons'][:3])}")
    return done.returncode


def summary_of(result: Mapping[str, Any]) -> str:
    """A check as a page of Markdown; every text from the data is shown as it is and does nothing."""
    p_value = result["p_value"]
    counted = f", p {p_value:.3g}" if p_value is not None and result["verdict"] != "incident" else ""
    lines = [
        f"### Driftloop: {result['verdict']}",
        "",
        f"{result['rows']:,} records against {result['baseline_rows']:,}{counted}",
        "",
        *_listed(result["reasons"]),
        *_listed(result["notes"]),
        "",
    ]
    features = sorted(result["features"], key=lambda row: (not row["drift"], row["p_value"] or 0.0))
    if features:
        rows = [
            (
                f"**{plain(row['name'])}**" if row["drift"] else plain(row["name"]),
                plain(row["kind"]),
                plain(row["effect_text"]),
                "" if row["p_value"] is None else f"{row['p_value']:.3g}",
            )
            for row in features[:SHOWN]
        ]
        lines.append(table(("column", "read as", "change", "p"), rows))
        if len(features) > SHOWN:
            lines += ["", f"and {len(features) - SHOWN} more columns, in the report"]
    left_out = result["columns_not_compared"]
    if left_out:
        names = ", ".join(f"{plain(each['name'])} ({plain(each['reason'])})" for each in left_out[:SHOWN])
        lines += ["", f"Not compared: {names}{'' if len(left_out) <= SHOWN else ' and others'}"]
    return "\n".join(lines)


def _listed(texts: Sequence[str]) -> list[str]:
    return [f"- {plain(text)}" for text in texts[:SHOWN]]


def _line(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(f"CHECK_{name.upper()}", "").strip()
    if _CONTROL.search(value):
        raise WrongInputError(f"the input {name.replace('_', '-')} has more than one line, or a control character")
    return value


def _output(environment: Mapping[str, str], **values: str) -> None:
    """For the steps that follow. The values have no line break (`_line`), which would forge another output."""
    if path := environment.get("GITHUB_OUTPUT"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())
