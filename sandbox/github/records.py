"""What GitHub remembers of a run: its jobs, their steps, and how each ended, in GitHub's words."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from driftloop.times import format_time
from sandbox.github.workflow_files import Event


def now() -> datetime:
    """The present, to the second, as GitHub's timestamps are."""
    return datetime.now(UTC).replace(microsecond=0)


def stamp(moment: datetime | None) -> str | None:
    """A timestamp as GitHub writes it."""
    return format_time(moment, "seconds") if moment else None


@dataclass
class StepRecord:
    """A step that its workflow file names; what composite actions do inside is in the log."""

    name: str
    number: int
    started_at: datetime
    completed_at: datetime | None = None
    conclusion: str | None = None


@dataclass
class JobRecord:
    """A job of a run. A job of a called workflow is named `caller / job`."""

    id: int
    name: str
    key: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    conclusion: str | None = None
    steps: list[StepRecord] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    annotations: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """queued, in_progress or completed."""
        if self.conclusion:
            return "completed"
        return "in_progress" if self.started_at else "queued"


@dataclass
class RunRecord:
    """A run of one workflow file; it changes while the run goes on.

    `status` is queued, pending (behind its concurrency group), in_progress or completed; then `conclusion` is success,
    failure, cancelled, skipped or startup_failure. `notes` says why where no log can.
    """

    id: int
    number: int
    workflow_id: int
    workflow: str
    name: str
    display_title: str
    happened: Event
    folder: Path
    contexts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[JobRecord] = field(default_factory=list)
    created_at: datetime = field(default_factory=now)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    notes: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def event(self) -> str:
        """GitHub's word for what started it: push, repository_dispatch, workflow_dispatch, schedule."""
        return self.happened.name

    @property
    def summary(self) -> str:
        """What the run's steps wrote to their job summary."""
        file = self.folder / "summary.md"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def job(self, name: str) -> JobRecord:
        """The job of that name. Raises KeyError when there is none."""
        for job in self.jobs:
            if job.name == name:
                return job
        raise KeyError(f"run {self.id} has no job {name!r}; it has {[job.name for job in self.jobs]}")

    def complete(self, conclusion: str, note: str | None = None) -> None:
        """End the run."""
        if note:
            self.notes.append(note)
        self.finished_at = now()
        self.status, self.conclusion = "completed", conclusion

    def as_dict(self) -> dict[str, Any]:
        """The run for a report: ids, words, times and jobs, without paths of this machine."""
        return {
            "id": self.id,
            "workflow": self.workflow,
            "event": self.event,
            "display_title": self.display_title,
            "status": self.status,
            "conclusion": self.conclusion,
            "run_attempt": self.attempt,
            "head_sha": self.happened.sha,
            "created_at": stamp(self.created_at),
            "started_at": stamp(self.started_at),
            "finished_at": stamp(self.finished_at),
            "notes": list(self.notes),
            "jobs": [
                {"name": job.name, "conclusion": job.conclusion, "outputs": dict(job.outputs)} for job in self.jobs
            ],
        }
