"""The dashboard's pages over a large ledger: `python -m benchmarks.pages --models 1000 --checks 10000`.

The ledger lies in Azurite on the same machine, so its work is in the time as well. A page is asked for as a browser
asks, by HTTP from the function app's process.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import click
import msgspec
import numpy as np

from benchmarks.account import UPLOADERS, account, cpu_seconds
from driftloop.events import InService
from driftloop.ledger.drifts import Drift, open_drift
from driftloop.ledger.ledger import CheckRecord
from driftloop.ledger.model_state import ModelState, Watermark
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from sandbox.functions_host import FunctionsHost

ROOT = Path(__file__).resolve().parent.parent
SEEN = 200  # files that a model's state remembers, as after months
SUMMARY_COLUMNS = 30


@dataclass(frozen=True)
class PageTime:
    """One page: the median and the longest of the repetitions in seconds, and the size of its HTML in kB.

    The CPU is that of the app's process for one repetition. What other work on the machine takes is in the first two.
    """

    name: str
    cpu: float
    median: float
    longest: float
    kilobytes: float


def page_times(models: int, checks: int, repetitions: int) -> list[PageTime]:
    """Fills a ledger, and asks for each page."""
    with tempfile.TemporaryDirectory() as name, account(folder := Path(name)) as (storage, variables):
        names = [f"model-{number:04}" for number in range(models)]
        fill(storage, names, checks)
        (folder / "driftloop.toml").write_text("".join(f'[[model]]\nname = "{each}"\n' for each in names))
        environment = {
            "PATH": os.environ["PATH"],
            **variables,
            "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
            "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml"),
        }
        with FunctionsHost(ROOT, environment, folder / "functions") as host:
            pages = {**_pages(host, names), "metrics": "/api/metrics"}
            return [_timed(host, title, path, repetitions) for title, path in pages.items()]


def fill(storage: Storage, names: list[str], checks: int) -> None:
    """Models with as many checks each, every tenth with an open drift, every hundredth with a file set aside."""
    ledger, each = TableLedger(storage.tables), max(checks // len(names), 1)
    now = datetime.now(UTC)

    def one(item: tuple[int, str]) -> None:
        number, name = item
        dice = np.random.default_rng(number)
        state = ledger.state(name, now - timedelta(days=40))
        for day in range(each):
            at = now - timedelta(days=each - 1 - day, seconds=number)
            check = _check(name, number * each + day, float(dice.uniform(0.05, 1)), at)
            drift = _drift(check) if number % 10 == 0 and day == each - 1 else None
            state = ledger.commit(_after(state, check, drift), check, drift)
        pointer = InService(name, "3", "b" * 64, deployment="blue", deployed_at="2026-11-01T06:00:00Z")
        storage.container("baselines").upload_blob(f"{name}/in-service.json", msgspec.json.encode(pointer))
        if number % 100 == 0:
            note = {"file": f"incoming/{name}/records/day.csv", "reason": "bmi: blank: no value at all"}
            storage.container("quarantine").upload_blob(f"{name}/records/day.csv.json", msgspec.json.encode(note))

    with ThreadPoolExecutor(UPLOADERS) as pool:
        list(pool.map(one, enumerate(names)))


def _check(model: str, number: int, p: float, at: datetime) -> CheckRecord:
    """A check with a summary of many columns, as a real one has."""
    column = {"kind": "numeric", "effect_text": "mean +0.12 kg/m2 (26.2 to 26.3)", "p_value": p, "drift": False}
    return CheckRecord(
        check_id=f"chk-{number:012x}",
        model=model,
        at=at,
        verdict="incident" if number % 97 == 0 else "stable",
        reasons=("no change beyond chance",),
        rows=1000,
        files=1,
        baseline_version="3",
        baseline_sha256="b" * 64,
        window_sha256="a" * 64,
        evidence=1 - p,
        report=f"reports/{model}/{number}.html",
        summary={"p_value": p, "features": [{"name": f"x{n}", **column} for n in range(SUMMARY_COLUMNS)]},
    )


def _drift(check: CheckRecord) -> Drift:
    found = Drift(
        drift_id=f"drift-{check.check_id[4:]}",
        check_id=check.check_id,
        model=check.model,
        baseline_version="3",
        baseline_sha256="b" * 64,
        epoch=0,
        reason="drift",
        as_of="2026-11-22T00:00:00Z",
        since="2026-11-20T00:00:00Z",
    )
    return open_drift(found, check.at, "found")


def _after(state: ModelState, check: CheckRecord, drift: Drift | None) -> ModelState:
    """The state after a check, with the files that months have left in it."""
    seen = {f"{check.check_id}{number:04}"[-16:]: check.at for number in range(SEEN)}
    return msgspec.structs.replace(
        state,
        watermark=Watermark(high=check.at, seen=seen),
        evidence=msgspec.json.encode({"p": 1 - (check.evidence or 0.0), "checks": 10}).decode(),
        baseline_version="3",
        last_verdict=check.verdict,
        last_checked_at=check.at,
        last_check_id=check.check_id,
        drift_id=None if drift is None else drift.drift_id,
    )


def _pages(host: FunctionsHost, names: list[str]) -> dict[str, str]:
    """What is asked for, by what it is called."""
    first = host.http("GET", "/api/dashboard?view=checks").text
    older = re.search(r'href="(\?[^"]*)" rel="next"', first)
    found = {
        "models, first page": "",
        "models, last page": f"?page={-(-len(names) // 50)}",
        "models, a search": f"?q={names[-1][-2:]}",
        "models, one status": "?status=drift",
        "a model": f"?model={names[0]}",
        "checks, first page": "?view=checks",
        "checks, incidents": "?view=checks&verdict=incident",
    }
    return found if older is None else {**found, "checks, an older page": unescape(older[1])}


def _timed(host: FunctionsHost, title: str, query: str, repetitions: int) -> PageTime:
    path = query if query.startswith("/") else f"/api/dashboard{query}"
    answer = host.http("GET", path)  # the first one imports and compiles
    seconds, used = [], cpu_seconds(host.pid)
    for _ in range(repetitions):
        began = time.perf_counter()
        answer = host.http("GET", path)
        seconds.append(time.perf_counter() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}: {answer.text[:500]}")
    cpu = (cpu_seconds(host.pid) - used) / repetitions
    return PageTime(title, cpu, statistics.median(seconds), max(seconds), len(answer.content) / 1000)


@click.command()
@click.option("--models", type=click.IntRange(1, 10_000), default=1000)
@click.option("--checks", type=click.IntRange(1, 1_000_000), default=10_000)
@click.option("--repetitions", type=click.IntRange(1, 1000), default=20)
def main(models: int, checks: int, repetitions: int) -> None:
    """Measure the pages."""
    load = os.getloadavg()[0]
    for found in page_times(models, checks, repetitions):
        click.echo(
            f"{found.name:24} {1000 * found.median:5.0f} ms median, {1000 * found.longest:5.0f} at most, "
            f"{1000 * found.cpu:4.0f} of CPU, {found.kilobytes:4.0f} kB"
        )
    after = os.getloadavg()[0]
    click.echo(
        f"{models} models, {checks} checks, {os.cpu_count()} cores, load {load:.1f} before and {after:.1f} after"
    )


if __name__ == "__main__":
    main()
