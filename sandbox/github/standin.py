"""GitHub on loopback: one repository whose own workflow files really run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.github.act import Act, Runner
from sandbox.github.api import Api
from sandbox.github.auth import Tokens
from sandbox.github.faults import Faults, with_faults
from sandbox.github.issues import Issues
from sandbox.github.limits import Limits, with_limits
from sandbox.github.records import RunRecord
from sandbox.github.repository import Repository
from sandbox.github.scheduler import Scheduler
from sandbox.github.startup import granted
from sandbox.serving import Server
from sandbox.waiting import HANG_SECONDS

STOP_SECONDS = 1.0
DISPATCHER = {"contents": "write", "actions": "write", "issues": "write", "metadata": "read"}


class GitHubStandIn:
    """`with GitHubStandIn(folder_of_a_clone, ...) as github: github.push()`.

    `environment` is what runners have (beside PATH), `variables` and `secrets` are the repository's, `environments` the
    variables of its environments. `actions` are folders of other repositories' actions that really run, by
    `owner/name@ref`; all others do nothing. `folder` takes copies of the tree and a folder for every run. `token` may
    dispatch and read runs; `tokens`, `faults`, `limits`, `issues` and `api` are the controls.
    """

    def __init__(
        self,
        repository_folder: Path,
        owner_repo: str = "proseware/driftloop",
        environment: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        environments: Mapping[str, Mapping[str, str]] | None = None,
        actions: Mapping[str, Path] | None = None,
        folder: Path | None = None,
        *,
        runner: Runner | None = None,
        runners: int = 2,
        minute_seconds: float = 60.0,
    ) -> None:
        folder = (folder or repository_folder / "out" / "github").resolve()
        self.tokens = Tokens()
        self.token = self.tokens.issue(DISPATCHER)
        self.faults = Faults()
        self.issues = Issues()
        self._scheduler = Scheduler(runners)
        self._runner: Runner = runner or Act(
            repository=owner_repo,
            environment=environment or {},
            variables=variables or {},
            secrets=secrets or {},
            token=self._run_token,
            url=lambda: self.url,
            folder=folder,
            minute_seconds=minute_seconds,
        )
        self.repository = Repository(
            repository_folder,
            owner_repo,
            variables=variables or {},
            environments=environments,
            actions=actions,
            folder=folder,
            runner=self._runner,
            scheduler=self._scheduler,
            url=lambda: self.url,
        )
        self.api = Api(self.repository, self.tokens, self.issues, self._scheduler, lambda: self.url)
        self.limits = Limits()
        self._server = Server(with_faults(with_limits(self.api.app, self.limits), self.faults))
        self.url = self._server.url

    @property
    def runs(self) -> list[RunRecord]:
        """Every run so far, oldest first."""
        return list(self.repository.runs)

    def start(self) -> None:
        """Serve."""
        self._server.start()

    def stop(self) -> None:
        """Cancel what runs, more quickly than a person would, and stop serving; harmless when repeated."""
        if isinstance(self._runner, Act):
            self._runner.cancel_seconds = STOP_SECONDS
        self._scheduler.stop()
        self._server.stop()

    def push(
        self,
        branch: str = Repository.default_branch,
        paths: Sequence[str] | None = None,
        sha: str | None = None,
        message: str = "",
    ) -> list[RunRecord]:
        """Push the repository's folder as it is now. Returns the runs that it started."""
        return self.repository.push(branch, paths, sha, message)

    def disable(self, *workflows: str) -> None:
        """Disable workflow files by name, as one can on GitHub: events no longer start them."""
        self.repository.disabled.update(workflows)

    def schedule(self, workflow: str) -> RunRecord:
        """Let the clock strike for one workflow file."""
        return self.repository.schedule(workflow)

    def wait_idle(self, timeout: float = HANG_SECONDS) -> None:
        """Return when every run has ended. Raises TimeoutError that names those that have not."""
        self._scheduler.wait_idle(timeout)

    def __enter__(self) -> "GitHubStandIn":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run_token(self, run: RunRecord) -> str:
        """GITHUB_TOKEN of a run. act hands one token to all of its jobs, so it may do what any of them may."""
        permissions: dict[str, str] = {}
        workflow = self.repository.branches[run.happened.branch].workflows[run.workflow]
        for job in workflow.jobs.values():
            for scope, level in granted(workflow, job).items():
                if permissions.get(scope) != "write":
                    permissions[scope] = level
        return self.tokens.issue(permissions, kind="integration", lifetime=24 * 3600)
