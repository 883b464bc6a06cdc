"""A storage account and a workspace on the stand-ins, as a hospital would have them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from sandbox.arm import AzureStandIn
from sandbox.principals import CLUSTER, DEPLOY, TRAIN, Principal
from sandbox.waiting import HANG_SECONDS
from sandbox.world import MODEL as EXAMPLE
from sandbox.world import World
from training import models

CONTAINERS = ("incoming", "training-data", "baselines", "quarantine", "outcomes", "reports")
ROOT = Path(__file__).resolve().parents[2]
WHO = {"workflows.train": TRAIN, "workflows.deploy": DEPLOY}


@dataclass(frozen=True)
class Place:
    """A model of its own in a stand-in that others use too."""

    azure: AzureStandIn
    blobs: BlobServiceClient
    model: str
    models: Path
    """A folder with the example under this model's name: a stand-in's models need names of their own."""

    def environment(self, principal: Principal, **more: str) -> dict[str, str]:
        """Variables of a run that acts as one of the two applications."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        settings = {
            "DRIFTLOOP_MODEL": self.model,
            models.FOLDER: str(self.models),
            "DRIFTLOOP_POLL_SECONDS": "0.2",
            "DRIFTLOOP_CANARY_SECONDS": "0.2",
            "DRIFTLOOP_READY_SECONDS": f"{HANG_SECONDS:.0f}",
        }
        return {**kept, **self.azure.environment(principal), **settings, **more}

    def start(self, module: str, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment(WHO[module], **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, module: str, *arguments: str, **more: str) -> tuple[int, str]:
        """Exit code and output."""
        process = self.start(module, *arguments, **more)
        output, _ = process.communicate(timeout=HANG_SECONDS)
        return process.returncode, output

    def put(self, container: str, path: str, content: bytes) -> None:
        self.blobs.get_blob_client(container, path).upload_blob(content, overwrite=True)

    def read(self, container: str, path: str) -> Any:
        return json.loads(self.blobs.get_blob_client(container, path).download_blob().readall())

    def table(self) -> None:
        """The example's own table as the historic records."""
        import io

        import pandas as pd

        buffer = io.BytesIO()
        pd.read_csv(self.models / self.model / "table.csv").to_parquet(buffer, index=False)
        self.put("training-data", f"{self.model}/historic.parquet", buffer.getvalue())

    def world(self, last_day: int) -> None:
        """The demo world's files up to a day."""
        import io

        made, buffer = World(), io.BytesIO()
        made.historic().to_parquet(buffer, index=False)
        self.put("training-data", f"{self.model}/historic.parquet", buffer.getvalue())
        for day in made.days():
            for file in day.files if day.number <= last_day else ():
                name = file.path.split("/", 1)[1]
                self.put("incoming", f"{self.model}/{name}", file.content)
                if day.kind == "broken feed":
                    self.put("quarantine", f"{self.model}/{name}.json", b"{}")


@contextmanager
def place(azure: AzureStandIn, model: str, example: str = EXAMPLE) -> Iterator[Place]:
    """A place whose model is a copy of a shipped example."""
    azurite = azure.azurite
    with BlobServiceClient.from_connection_string(
        azurite.connection_string, connection_verify=str(azurite.certificate.authority)
    ) as blobs:
        for container in CONTAINERS:
            try:
                blobs.create_container(container)
            except ResourceExistsError:
                continue
        azure.create_cluster("driftloop-cluster", CLUSTER)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(models.ROOT / "models" / example, Path(folder) / model)
            yield Place(azure, blobs, model, Path(folder))


def outputs(file: Path) -> dict[str, str]:
    """What a run wrote to $GITHUB_OUTPUT."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


@pytest.fixture
def github_files(tmp_path: Path) -> dict[str, str]:
    """Where GitHub lets a step write."""
    return {
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_RUN_ID": "17",
        "GITHUB_REPOSITORY": "proseware/driftloop",
        "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
    }
