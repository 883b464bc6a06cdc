"""What a run tells the system that runs it: lines, outputs, a summary, an error. By hand it is only lines."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path


class Report:
    """GitHub Actions, Azure DevOps or a terminal, told apart by their own variables."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._devops = environment.get("TF_BUILD", "").lower() == "true"
        self._github = environment.get("GITHUB_ACTIONS") == "true"

    def line(self, text: str) -> None:
        """One line in the log. What a service said may be in it, so nothing in it is taken for a command."""
        text = " ".join(text.split("\n"))
        sys.stdout.write((text.replace("##vso[", "##vso [") if not text.startswith("::") else f" {text}") + "\n")
        sys.stdout.flush()

    def error(self, text: str) -> None:
        """One line that says what was wrong and what to do, marked as an error where the log has marks."""
        text = " ".join(text.split())
        if self._github:
            sys.stdout.write(f"::error::{text.replace('%', '%25')}\n")
        elif self._devops:
            sys.stdout.write(f"##vso[task.logissue type=error]{text.replace('%', '%AZP25')}\n")
        else:
            sys.stderr.write(text + "\n")
        sys.stdout.flush()

    def output(self, **values: str) -> None:
        """Values for the steps and jobs that follow. A line break would forge another output, so there is none."""
        clean = {name: "".join(value.split()) for name, value in values.items()}
        if path := self._environment.get("GITHUB_OUTPUT"):
            with Path(path).open("a", encoding="utf-8") as file:
                file.writelines(f"{name}={value}\n" for name, value in clean.items())
        if self._devops:
            for name, value in clean.items():
                sys.stdout.write(f"##vso[task.setvariable variable={name};isOutput=true]{value}\n")
            sys.stdout.flush()

    def summary(self, markdown: str) -> None:
        """A page about the run."""
        if path := self._environment.get("GITHUB_STEP_SUMMARY"):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(markdown + "\n")
        if self._devops:
            folder = self._environment.get("AGENT_TEMPDIRECTORY") or tempfile.gettempdir()
            with tempfile.NamedTemporaryFile("w", suffix=".md", dir=folder, delete=False, encoding="utf-8") as page:
                page.write(markdown + "\n")
            sys.stdout.write(f"##vso[task.uploadsummary]{page.name}\n")
            sys.stdout.flush()

    @property
    def run_url(self) -> str | None:
        """Where a person finds this run."""
        environment = self._environment
        if run := environment.get("GITHUB_RUN_ID"):
            repository = environment.get("GITHUB_REPOSITORY", "")
            return f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}/actions/runs/{run}"
        if build := environment.get("BUILD_BUILDID"):
            collection = environment.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
            return f"{collection}{environment.get('SYSTEM_TEAMPROJECT', '')}/_build/results?buildId={build}"
        return None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
