"""The two command line programs that infra.identities calls, as fixtures: in this process, or from PATH."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.identities import shell
from tests.infra.recorded_clouds import answer, install


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AZURE_RESOURCE_GROUP", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(install(tmp_path)))
    monkeypatch.setattr(shell, "PAUSE", 0.0)
    return tmp_path


@pytest.fixture
def cloud(on_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def run(command: Sequence[str], stdin: str | None = None) -> str:
        code, out, err = answer(on_path, command[0], list(command[1:]), stdin or "")
        if code:
            raise shell.CommandError(command, err)
        return out

    monkeypatch.setattr(shell, "_run", run)
    return on_path
