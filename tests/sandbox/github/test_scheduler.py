import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.github.records import RunRecord
from sandbox.github.scheduler import QUEUE_LIMIT, Claim, Scheduler
from sandbox.github.workflow_files import Event
from sandbox.waiting import HANG_SECONDS


class Work:
    """A run that ends when the test says so."""

    def __init__(self, scheduler: Scheduler, identity: int) -> None:
        self.run = RunRecord(identity, 1, 1, "w.yml", "w", f"run {identity}", Event("push", {}, "main", "0"), Path())
        self.started, self.may_end = threading.Event(), threading.Event()
        self.job_done: Callable[[str], None] = lambda _: None
        self._scheduler = scheduler

    def submit(self, *claims: Claim) -> "Work":
        self._scheduler.submit(self.run, list(claims), self._go)
        return self

    def _go(self, job_done: Callable[[str], None]) -> None:
        self.job_done = job_done
        self.started.set()
        while not self.may_end.wait(0.01):
            if self.run.cancelled.is_set():
                self.run.complete("cancelled")
                return
        self.run.complete("success")

    def runs(self) -> bool:
        return self.started.wait(HANG_SECONDS)


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler(runners=10)


def test_one_runs_one_waits_and_the_older_of_two_that_wait_is_cancelled(scheduler: Scheduler) -> None:
    first, second, third = (Work(scheduler, n).submit(Claim("Deploy")) for n in (1, 2, 3))
    assert first.runs()
    assert (second.run.status, second.run.conclusion) == ("completed", "cancelled")
    assert third.run.status == "pending"
    first.may_end.set()
    assert third.runs()
    third.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)
    assert [work.run.conclusion for work in (first, second, third)] == ["success", "cancelled", "success"]


def test_the_names_of_groups_do_not_depend_on_case_and_groups_do_not_disturb_each_other(scheduler: Scheduler) -> None:
    first = Work(scheduler, 1).submit(Claim("Train-A"))
    same = Work(scheduler, 2).submit(Claim("train-a"))
    other = Work(scheduler, 3).submit(Claim("train-b"))
    assert first.runs()
    assert other.runs()
    assert same.run.status == "pending"
    for work in (first, same, other):
        work.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)


def test_a_queue_keeps_everybody_and_serves_them_in_order(scheduler: Scheduler) -> None:
    works = [Work(scheduler, n).submit(Claim("train", queue="max")) for n in range(4)]
    for work, later in zip(works, [*works[1:], None], strict=True):
        assert work.runs()
        assert later is None or later.run.status == "pending"
        work.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)
    assert {work.run.conclusion for work in works} == {"success"}


def test_a_full_queue_turns_the_newest_away(scheduler: Scheduler) -> None:
    works = [Work(scheduler, n).submit(Claim("train", queue="max")) for n in range(QUEUE_LIMIT + 2)]
    assert works[0].runs()
    assert works[-1].run.conclusion == "cancelled"
    assert works[-2].run.status == "pending"
    scheduler.stop()
    assert {work.run.conclusion for work in works} == {"cancelled"}


def test_cancel_in_progress_ends_the_one_that_runs(scheduler: Scheduler) -> None:
    first = Work(scheduler, 1).submit(Claim("ci"))
    assert first.runs()
    second = Work(scheduler, 2).submit(Claim("ci", cancel_in_progress=True))
    assert second.runs()
    assert first.run.conclusion == "cancelled"
    second.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)


def test_a_jobs_group_is_free_again_when_that_job_has_ended(scheduler: Scheduler) -> None:
    first = Work(scheduler, 1).submit(Claim("train", queue="max", job="train"))
    second = Work(scheduler, 2).submit(Claim("train", queue="max", job="train"))
    assert first.runs()
    assert second.run.status == "pending"
    first.job_done("train")
    assert second.runs()
    assert first.run.status == "in_progress"
    first.may_end.set()
    second.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)


def test_no_more_run_at_once_than_there_are_runners() -> None:
    scheduler = Scheduler(runners=1)
    first, second = (Work(scheduler, n).submit() for n in (1, 2))
    assert first.runs()
    assert second.run.status == "queued"
    with pytest.raises(TimeoutError, match="run 2"):
        scheduler.wait_idle(0.05)
    first.may_end.set()
    assert second.runs()
    second.may_end.set()
    scheduler.wait_idle(HANG_SECONDS)


def test_a_run_whose_runner_breaks_is_a_failure_and_not_a_success(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    work = Work(scheduler, 1)

    def broken(_: Callable[[str], None]) -> None:
        raise OSError("no disk")

    scheduler.submit(work.run, [], broken)
    scheduler.wait_idle(HANG_SECONDS)
    assert work.run.conclusion == "failure"
