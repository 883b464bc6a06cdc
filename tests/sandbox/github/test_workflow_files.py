from textwrap import dedent

import pytest

from sandbox.github.startup import granted, startup_problems
from sandbox.github.workflow_files import Event, Workflow, WorkflowFileError, parse

JOBS = "jobs: {one: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"


def workflow(text: str, path: str = ".github/workflows/w.yml") -> Workflow:
    return parse(path, dedent(text))


def push(branch: str, *paths: str) -> Event:
    return Event("push", {}, branch, "0" * 40, paths)


@pytest.mark.parametrize(
    ("on", "event", "starts"),
    [
        ("push", push("main", "a"), True),
        ("[push, workflow_dispatch]", push("any", "a"), True),
        ("workflow_dispatch", push("main", "a"), False),
        ("{push: {branches: [main, 'release/**']}}", push("release/1/2", "a"), True),
        ("{push: {branches: [main]}}", push("dev", "a"), False),
        ("{push: {branches-ignore: [dev]}}", push("dev", "a"), False),
        ("{push: {branches-ignore: [dev]}}", push("main", "a"), True),
        ("{push: {tags: ['v*']}}", push("main", "a"), False),
        ("{push: {branches: [main], paths: ['training/**']}}", push("main", "training/x.py"), True),
        ("{push: {branches: [main], paths: ['training/**']}}", push("main", "docs/x.md"), False),
        ("{push: {branches: [main], paths: ['training/**']}}", push("dev", "training/x.py"), False),
        ("{push: {paths-ignore: ['**.md']}}", push("main", "a.md", "b.md"), False),
        ("{push: {paths-ignore: ['**.md']}}", push("main", "a.md", "b.py"), True),
        ("repository_dispatch", Event("repository_dispatch", {}, "main", "0", action="any"), True),
        (
            "{repository_dispatch: {types: [drift-detected]}}",
            Event("repository_dispatch", {}, "main", "0", action="x"),
            False,
        ),
        (
            "{repository_dispatch: {types: drift-detected}}",
            Event("repository_dispatch", {}, "main", "0", action="drift-detected"),
            True,
        ),
    ],
)
def test_a_file_starts_on_what_its_filters_select(on: str, event: Event, starts: bool) -> None:
    assert workflow(f"on: {on}\n" + JOBS).listens(event) is starts


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("on: push\njobs: [", "not YAML"),
        ("- a", "a workflow is a mapping"),
        (JOBS, "`on` and `jobs` are required"),
        ("on: push\njobs: {one: {runs-on: ubuntu-latest}}\n", "job one needs"),
        ("on: push\nconcurrency: {group: g, queue: some}\n" + JOBS, "queue"),
        ("on: push\nconcurrency: {group: g, queue: max, cancel-in-progress: true}\n" + JOBS, "exclude each other"),
    ],
)
def test_a_file_that_github_would_refuse_says_why(text: str, problem: str) -> None:
    with pytest.raises(WorkflowFileError, match=problem):
        workflow(text)


def called(permissions: str = "{}") -> Workflow:
    return workflow(
        f"""
        on:
          workflow_call:
            inputs: {{version: {{type: string, required: true}}}}
        permissions: {permissions}
        {JOBS}
        """,
        ".github/workflows/called.yml",
    )


def problems(job: str, others: dict[str, Workflow] | None = None, permissions: str = "{contents: read}") -> list[str]:
    found = workflow(f"on: push\npermissions: {permissions}\njobs: {{one: {job}}}\n")
    return list(startup_problems(found, others or {}))


def test_what_act_would_pass_over_is_a_problem_before_the_start() -> None:
    others = {".github/workflows/called.yml": called()}
    call = "{uses: ./.github/workflows/called.yml, with: {version: 1}}"
    assert problems(call, others) == []
    assert "no runner" in problems("{runs-on: windows-latest, steps: [{run: x}]}")[0]
    assert "not a job of this file" in problems("{runs-on: ubuntu-latest, needs: two, steps: [{run: x}]}")[0]
    assert "missing or has no workflow_call" in problems("{uses: ./.github/workflows/none.yml}")[0]
    assert "requires" in problems("{uses: ./.github/workflows/called.yml}", others)[0]
    assert "does not declare" in problems("{uses: ./.github/workflows/called.yml, with: {version: 1, x: 2}}", others)[0]
    assert "only workflows of this repository" in problems("{uses: o/r/.github/workflows/x.yml@v1}")[0]


def test_calls_in_a_circle_are_refused() -> None:
    circle = workflow(
        "on: workflow_call\njobs: {one: {uses: ./.github/workflows/called.yml}}\n", ".github/workflows/called.yml"
    )
    (problem,) = problems("{uses: ./.github/workflows/called.yml}", {".github/workflows/called.yml": circle})
    assert "that is a circle" in problem


def test_a_called_workflow_cannot_have_more_permissions_than_its_caller() -> None:
    call = "{uses: ./.github/workflows/called.yml, with: {version: 1}}"
    wants = {".github/workflows/called.yml": called("{id-token: write}")}
    (problem,) = problems(call, wants)
    assert "id-token: write, more than the caller has" in problem
    assert problems(call, wants, "{contents: read, id-token: write}") == []


def test_a_job_has_its_own_permissions_or_the_files_or_the_restricted_default() -> None:
    found = workflow(
        """
        on: push
        permissions: {contents: read, issues: write}
        jobs:
          own: {runs-on: ubuntu-latest, permissions: {actions: read}, steps: [{run: x}]}
          files: {runs-on: ubuntu-latest, steps: [{run: x}]}
        """
    )
    assert granted(found, found.jobs["own"]) == {"actions": "read"}
    assert granted(found, found.jobs["files"]) == {"contents": "read", "issues": "write"}
    bare = workflow("on: push\n" + JOBS)
    assert granted(bare, bare.jobs["one"]) == {"contents": "read", "packages": "read"}
