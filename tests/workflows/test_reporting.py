from pathlib import Path

import pytest

from workflows.reporting import Report, table


def test_a_line_break_in_a_value_forges_no_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    Report({"GITHUB_OUTPUT": str(file)}).output(model_version="1\npromoted=true", promoted="false")
    assert file.read_text() == "model_version=1promoted=true\npromoted=false\n"


@pytest.mark.parametrize(
    "text", ["::set-output name=x::y", "a ##vso[task.setvariable variable=x]y", "one\n::error::two"]
)
def test_what_a_service_said_is_never_taken_for_a_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Report({"GITHUB_ACTIONS": "true"}).line(text)
    (line,) = capsys.readouterr().out.splitlines()
    assert not line.startswith("::")
    assert "##vso[" not in line


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
