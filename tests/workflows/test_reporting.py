import re
from pathlib import Path

import pytest

from workflows.reporting import Report, harmless, link, plain, table


def test_a_line_break_in_a_value_forges_no_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    Report({"GITHUB_OUTPUT": str(file)}).output(model_version="1\npromoted=true", promoted="false")
    assert file.read_text() == "model_version=1promoted=true\npromoted=false\n"


def runs_a_command(line: str) -> bool:
    """As the runner of GitHub and the agent of Azure DevOps read a line of a step's output."""
    return line.lstrip().startswith("::") or "##[" in line or "##vso[" in line


@pytest.mark.parametrize(
    "text",
    [
        "::set-output name=x::y",
        "  ::add-mask::a",
        "\t\u00a0::error::a",
        "a ##vso[task.setvariable variable=x]y",
        "before ##[error]after",
        "one\n::error::two",
        "one\r::error::two",
        "one\r\n  ##[debug]two",
        "one\u2028::error::two",
        "one\x0b::error::two",
        "::::error::a",
        "##[##[a]",
    ],
)
@pytest.mark.parametrize("method", ["line", "lines"])
def test_what_a_service_said_is_never_taken_for_a_command(
    text: str, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    getattr(Report({"GITHUB_ACTIONS": "true"}), method)(text)
    out = capsys.readouterr().out
    assert out.endswith("\n")
    lines = out.replace("\r", "\n").split("\n")  # .NET's ReadLine, which both runners use, ends a line at either
    assert not any(map(runs_a_command, lines)), lines
    assert method == "lines" or len(lines) == 2


def test_a_harmless_line_stays_as_it_is() -> None:
    assert harmless("  1.2 s  canary 10 % :: all # fine") == "  1.2 s  canary 10 % :: all # fine"


@pytest.mark.parametrize("variables", [{"GITHUB_ACTIONS": "true"}, {"TF_BUILD": "true"}], ids=["github", "devops"])
def test_an_error_is_one_command_whatever_is_in_it(
    variables: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    Report(variables).error(
        "100 % wrong\n::set-env name=a::b ##vso[task.setvariable variable=x]y ##[group]z\r::debug::w"
    )
    (line,) = capsys.readouterr().out.splitlines()
    start = "::error::" if "GITHUB_ACTIONS" in variables else "##vso[task.logissue type=error]"
    assert line.startswith(start)
    assert "##[" not in line.removeprefix(start)
    assert "##vso[" not in line.removeprefix(start)
    assert "100 %25 wrong" in line or "100 %AZP25 wrong" in line


MARKDOWN = [
    "[click](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "https://evil.example and www.evil.example",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "# Heading",
    "- [x] done",
    "1. first",
    "> quoted",
    "```sh",
    "**bold** _it_ ~~gone~~ `code`",
    "| a | b |",
    "one\n\n# two\r\n---\nthree",
    "@everyone :tada: &lt;script&gt;",
    "[ref]: https://evil.example",
    "back\\slash",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_plain_text_is_one_line_of_which_every_mark_is_escaped(text: str) -> None:
    escaped = plain(text)
    assert "\n" not in escaped
    assert "\r" not in escaped
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)  # without what CommonMark reads as escaped
    assert not set(bare) & set("\\`*_{}[]<>()#+-.!|~&:@")
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "http://x.example",
        "https://x.example/) [a](b",
        "https://x.example/a b",
        "https://x<y>",
        "",
    ],
)
def test_a_link_leads_to_an_https_address_or_is_none(address: str) -> None:
    assert link("job-1", address) == r"job\-1"
    assert link("a]b", "https://ml.azure.com/runs/1?wsid=/s/x") == r"[a\]b](https://ml.azure.com/runs/1?wsid=/s/x)"


def test_azure_devops_gets_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report({"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path), "BUILD_BUILDID": "7"})
    report.output(promoted="true")
    report.summary("# page")
    report.error("one\nline")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "##vso[task.setvariable variable=promoted;isOutput=true]true"
    assert Path(lines[1].removeprefix("##vso[task.uploadsummary]")).read_text() == "# page\n"
    assert lines[2] == "##vso[task.logissue type=error]one line"
    assert report.run_url is not None
    assert report.run_url.endswith("/_build/results?buildId=7")


def test_by_hand_an_error_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Report({}).error("what was wrong")
    assert capsys.readouterr().err == "what was wrong\n"
    assert Report({}).run_url is None


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert table(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"
    assert table(("a",), [("x\\|y",)]).splitlines()[-1] == "| x\\|y |"


def test_a_line_end_in_a_cell_does_not_break_the_table() -> None:
    assert len(table(("a", "b"), [("x\ny", "z")]).splitlines()) == 3
