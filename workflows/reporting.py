"""What a run tells the system that runs it: lines, outputs, a summary, an error. Manually it is only lines."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&:@])")
_ADDRESS = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+")  # no bracket, space or quote: it ends no link


class Report:
    """GitHub Actions, Azure DevOps or a terminal, distinguished by their own variables."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._devops = environment.get("TF_BUILD", "").lower() == "true"
        self._github = environment.get("GITHUB_ACTIONS") == "true"

    def line(self, text: str) -> None:
        """One line in the log. What a service said may be in it, so nothing in it is taken for a command."""
        sys.stdout.write(harmless(text) + "\n")
        sys.stdout.flush()

    def lines(self, text: str) -> None:
        """Several lines in the log, such as a traceback."""
        for line in text.splitlines():
            self.line(line)

    def error(self, text: str) -> None:
        """One line that says what was wrong and what to do, marked as an error where the log has marks."""
        text = " ".join(harmless(text).split())
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
                escaped = value.replace("%", "%AZP25")
                sys.stdout.write(f"##vso[task.setvariable variable={name};isOutput=true]{escaped}\n")
            sys.stdout.flush()

    def summary(self, markdown: str) -> None:
        """A page about the run. Text of others goes through `plain` before it comes here."""
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


def harmless(text: str) -> str:
    """The text as one line that no runner takes for a command.

    GitHub's runner takes `::name::` at a line's start, whatever white space stands before it, and `##[name]` anywhere.
    The agent of Azure DevOps takes `##vso[` and `##[` anywhere. Both see a new line behind every line end.
    """
    text = " ".join(text.splitlines()).replace("##vso[", "##vso [").replace("##[", "## [")
    return f"> {text.lstrip()}" if text.lstrip().startswith("::") else text


def plain(text: str) -> str:
    r"""The text of somebody else as Markdown that shows it and does nothing: one line without links, images, mentions,
    headings or HTML.

    Examples
    --------
    >>> print(plain("[click](https://x.example)"))
    \[click\]\(https\://x\.example\)
    """
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def link(text: str, address: str | None) -> str:
    """A Markdown link with plain text; the text alone where the address is none that a browser should be sent to."""
    return f"[{plain(text)}]({address})" if address and _ADDRESS.fullmatch(address) else plain(text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table. A bar in a cell is escaped, a line end becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    cells = [[re.sub(r"(?<!\\)\|", r"\\|", " ".join(cell.split())) for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)
