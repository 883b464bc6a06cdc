"""One world of the campaign: real processes of the function app, Azurite and a GitHub behind fault proxies, a feed with
bad files, kills; first everything fails at random, then all is well until every drift has ended.
"""

import hashlib
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import requests

from driftloop import Baseline
from driftloop.errors import LedgerError
from driftloop.events import InService
from driftloop.ledger.drifts import Drift
from driftloop.ledger.ledger import CheckRecord
from function_app.common_cause.rows import CAUSES, FOUND, TURNS
from function_app.storage.accounts import Storage
from function_app.storage.ledger_table import TableLedger
from sandbox.azurite import Azurite
from sandbox.functions_host import FunctionFailedError, FunctionsHost
from sandbox.github import GitHubStandIn
from sandbox.waiting import HANG_SECONDS
from tests.function_app.conftest import SCHEMA
from tests.function_app.outside.fault_proxy import FaultProxy, Faults
from tests.function_app.outside.feed import Feed
from tests.function_app.outside.trainer import Trainer
from training.cloud.blobs import Blobs

ROOT = Path(__file__).resolve().parents[3]
COMPRESSED = Path(__file__).with_name("compressed")
ROUNDS = 6
CONFIG = """
[[model]]
name = "{name}"
labels_required = 0
cooldown_hours = 0.0005
max_attempts = 3
[model.dispatch]
target = "github"
repository = "proseware/driftloop"
api_url = "{github}"
"""


@dataclass
class Services:
    """What worlds share, one after the other: they keep apart by the names of their models."""

    azurite: Azurite
    storage: Storage
    blobs: Blobs
    identity: dict[str, str]


@dataclass
class Told:
    """What a world left behind, for the invariants."""

    seed: int
    name: str
    feed: Feed
    checks: list[CheckRecord]
    drifts: list[Drift]
    trainer: Trainer
    runs: list[str]
    seen: int
    logs: str
    outputs: dict[str, str]
    notes: set[str]
    label_notes: set[str]
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    processes: int = 1
    ended: bool = True
    seconds: float = 0.0


class World:
    """Plays one seed."""

    def __init__(self, seed: int, services: Services, folder: Path) -> None:
        self.seed, self.services, self.folder = seed, services, folder
        self.dice = random.Random(seed)
        self.name = f"world-{seed}-{os.getpid()}-{time.time_ns() % 10_000}"
        self.ledger = TableLedger(services.storage.tables)
        self.feed = Feed(services.storage.container("incoming"), self.name, seed)
        self.hosts: list[FunctionsHost] = []
        self.answers: list[str] = []
        self.kills = 0
        self._versions = 0
        self._lock = threading.Lock()

    def _forget_other_worlds(self) -> None:
        """What was counted over all models: drifts of worlds that are over are no common cause of this one's."""
        table = self.services.storage.tables.get_table_client("drifts")
        for partition in (FOUND, CAUSES, TURNS):
            for row in table.query_entities("PartitionKey eq @partition", parameters={"partition": partition}):
                table.delete_entity(row["PartitionKey"], row["RowKey"])

    def play(self) -> Told:
        """The whole story."""
        started = time.monotonic()
        self._forget_other_worlds()
        trainer = Trainer(self.seed, self.services.blobs, self._deploy)
        with ExitStack() as stack:
            github = stack.enter_context(GitHubStandIn(ROOT, folder=self.folder / "github", runner=trainer, runners=8))
            faults = self._faults()
            proxies = {
                "blob": (self.services.azurite.blob_url, self.services.azurite.certificate),
                "queue": (self.services.azurite.queue_url, self.services.azurite.certificate),
                "table": (self.services.azurite.table_url, self.services.azurite.certificate),
                "github": (github.url, None),
            }
            urls = {
                name: stack.enter_context(FaultProxy(url, faults[name], certificate)).url
                for name, (url, certificate) in proxies.items()
            }
            self._deploy("")
            environment = self._environment(urls, github.token)
            for number in range(self.dice.choice([1, 2, 2, 3])):
                host = FunctionsHost(ROOT, environment, self.folder / f"host-{number}", 1, 15)
                stack.callback(host.stop)
                host.start()
                self.hosts.append(host)
            self._faulty_phase(faults)
            for fault in faults.values():
                fault.rate = 0.0
            ended = self._quiet_phase()
            for host in self.hosts:
                host.stop()
            github.wait_idle()
            return self._told(trainer, [run.display_title for run in github.runs], faults, ended, started)

    def _faulty_phase(self, faults: dict[str, Faults]) -> None:
        rate = self.dice.choice([0.02, 0.05, 0.1])
        for fault in faults.values():
            fault.rate = rate
        for number in range(ROUNDS):
            if number == 2:
                self.feed.shift = 2.0  # the population moves
            for _ in range(self.dice.randrange(1, 4)):
                self.feed.good()
            others = (self.feed.bad, 0.5), (self.feed.copy, 0.3), (self.feed.corrected, 0.3), (self.feed.labels, 0.2)
            for deliver, chance in others:
                if self.dice.random() < chance:
                    deliver()
            for _ in range(self.dice.choice([1, 1, 2, 3])):
                self._ask()
            time.sleep(self.dice.uniform(0.3, 2.0))
            if self.dice.random() < 0.5:
                self._kill(self.dice.choice(self.hosts))

    def _quiet_phase(self) -> bool:
        """Until every drift has ended and every good file is read; False where that never comes."""
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            with suppress(FunctionFailedError):
                self._post(self.hosts[0])
            time.sleep(1.5)
            with suppress(LedgerError):
                if self._done():
                    return True
        return False

    def _done(self) -> bool:
        # The rows first: a check stores its row and its drift together, so a drift of what is counted is seen below.
        notes = self._notes()
        read = self._rows_checked() >= self.feed.rows_to_check(notes["records"])
        state = self.ledger.state(self.name, self._now())
        open_drifts = self.ledger.drifts(self.name, open_only=True)
        told = not state.outbox and not any(drift.outbox for drift in self.ledger.drifts(self.name))
        rest = told and not open_drifts and state.drift_id is None
        return rest and read and len(notes["labels"]) >= len(self.feed.bad_labels)

    def _rows_checked(self) -> int:
        return sum(check.rows for check in self.ledger.checks(self.name, 500) if check.verdict in ("stable", "drift"))

    def _ask(self) -> None:
        """A tick, a request or an event, at one process or at two at once."""
        ways = [self._post, self._tick, self._event]
        chosen = [(self.dice.choice(ways), self.dice.choice(self.hosts)) for _ in range(self.dice.choice([1, 1, 2]))]
        threads = [threading.Thread(target=_quietly, args=(way, host)) for way, host in chosen]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post(self, host: FunctionsHost) -> None:
        self._keep(host.http("POST", "/api/checks", json={"model": self.name}))
        self._keep(host.http("GET", f"/api/checks?model={self.name}&limit=5"))
        self._keep(host.http("GET", "/api/health"))

    def _tick(self, host: FunctionsHost) -> None:
        host.admin_fire("check_drift")

    def _event(self, host: FunctionsHost) -> None:
        newest = self.feed.delivered[-1].name
        event = {
            "id": str(self.dice.random()),
            "eventType": "Microsoft.Storage.BlobCreated",
            "subject": f"/blobServices/default/containers/incoming/blobs/{self.name}/records/{newest}",
            "eventTime": "2026-11-23T06:00:00Z",
            "data": {},
            "dataVersion": "1",
            "topic": "/t",
        }
        host.event_grid("incoming_data", [event])

    def _keep(self, answer: requests.Response) -> None:
        self.answers.append(answer.text)

    def _kill(self, host: FunctionsHost) -> None:
        with suppress(FunctionFailedError, ProcessLookupError):
            os.kill(host.pid, signal.SIGKILL)
        host.stop()
        self.kills += 1
        host.start()

    def _deploy(self, drift_id: str) -> str:
        """A version trained on the population as it is now takes all traffic."""
        with self._lock:
            self._versions += 1
            version = str(self._versions)
            shift = self.feed.shift if drift_id else 0.0
            content = Baseline.build(self.feed.rows(300, shift), SCHEMA).to_bytes()
            pointer = InService(self.name, version, hashlib.sha256(content).hexdigest(), drift_id=drift_id or None)
            blobs = self.services.blobs
            blobs.write("baselines", f"{self.name}/{version}.parquet", content)
            blobs.write("baselines", f"{self.name}/in-service.json", msgspec.json.encode(pointer))
        return version

    def _faults(self) -> dict[str, Faults]:
        # The stand-in of the host reads and deletes messages through the queue's URL, too: only sending is the app's.
        sending = re.compile(r"POST .*/messages.*")
        return {
            "blob": Faults(self.seed + 1),
            "queue": Faults(self.seed + 2, sending),
            "table": Faults(self.seed + 3),
            "github": Faults(self.seed + 4),
        }

    def _environment(self, urls: dict[str, str], token: str) -> dict[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "driftloop.toml"
        config.write_text(CONFIG.format(name=self.name, github=urls["github"]))
        return {
            **self.services.identity,
            **{f"DRIFTLOOP_STORAGE__{name}ServiceUri": urls[name] for name in ("blob", "queue", "table")},
            "DRIFTLOOP_CONFIG": str(config),
            "DRIFTLOOP_GITHUB_TOKEN": token,
            "DRIFT_CHECK_SCHEDULE": "0 0 6 * * *",
            "PYTHONPATH": str(COMPRESSED),
        }

    def _told(self, trainer: Trainer, runs: list[str], faults: dict[str, Faults], ended: bool, started: float) -> Told:
        storage = self.services.storage
        checks = self.ledger.checks(self.name, 500)
        drifts = self.ledger.drifts(self.name)
        outputs = {f"row {row}": msgspec.json.encode(row).decode() for row in (*checks, *drifts)}
        outputs["state"] = msgspec.json.encode(self.ledger.state(self.name, self._now())).decode()
        outputs["answers"] = "\n".join(self.answers)
        outputs["messages"] = "\n".join(
            str(message.content)
            for queue in ("checks", "checks-poison")
            for message in storage.queue(queue).peek_messages(32)
        )
        for container in ("quarantine", "reports"):
            client = storage.container(container)
            for blob in client.list_blobs(name_starts_with=self.name):
                outputs[f"{container}/{blob.name}"] = client.download_blob(blob.name).readall().decode()
        notes = self._notes()
        logs = "\n".join(host.log.read_text(encoding="utf-8", errors="replace") for host in self.hosts)
        return Told(
            seed=self.seed,
            name=self.name,
            feed=self.feed,
            checks=checks,
            drifts=drifts,
            trainer=trainer,
            runs=runs,
            seen=len(self.ledger.state(self.name, self._now()).watermark.seen),
            logs=logs,
            outputs={**outputs, "logs": logs},
            notes=notes["records"],
            label_notes=notes["labels"],
            faults=sum((fault.played for fault in faults.values()), Counter()),
            kills=self.kills,
            processes=len(self.hosts),
            ended=ended,
            seconds=time.monotonic() - started,
        )

    def _notes(self) -> dict[str, set[str]]:
        """The files that a note stands for, below `records/` and below `labels/`."""
        found: dict[str, set[str]] = {"records": set(), "labels": set()}
        for blob in self.services.storage.container("quarantine").list_blobs(name_starts_with=f"{self.name}/"):
            _, kind, file = blob.name.removesuffix(".json").split("/", 2)
            found[kind].add(file)
        return found

    @staticmethod
    def _now() -> Any:
        from datetime import UTC, datetime

        return datetime.now(UTC)


def _quietly(way: Any, host: FunctionsHost) -> None:
    with suppress(FunctionFailedError, requests.RequestException):
        way(host)
