"""Bicep's own compiler, linter and formatter on infra/, and that the committed snapshots are what the templates give.

All other tests read the snapshots, so they run without a compiler.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.infra import bicep_compiler
from tests.infra.bicep_compiler import (
    DEPLOYMENTS,
    ENVIRONMENT,
    HOW_TO_GET_ONE,
    INFRA,
    ROOT,
    bicep,
    copied,
    deployments,
    find,
    snapshot,
    unformatted,
)
from tests.infra.deployed import small

compiled = pytest.mark.skipif(find() is None, reason=HOW_TO_GET_ONE)


@compiled
@pytest.mark.parametrize("parameters", deployments(), ids=lambda path: path.stem)
def test_a_snapshot_is_what_the_template_gives(parameters: Path) -> None:
    difference = snapshot(parameters, "validate")
    assert not difference, f"make snapshots writes them anew:\n{difference}"


@compiled
def test_an_old_snapshot_is_found(tmp_path: Path) -> None:
    old = copied(tmp_path) / DEPLOYMENTS.relative_to(ROOT)
    file = old / "events-small.snapshot.json"
    file.write_text(file.read_text().replace('"maxDeliveryAttempts": 30', '"maxDeliveryAttempts": 29'))
    assert "maxDeliveryAttempts" in snapshot(old / "events-small.bicepparam", "validate")


@compiled
def test_compiler_and_linter_find_nothing() -> None:
    assert bicep("lint", "--pattern", f"{INFRA}/*.bicep") == (0, "")


@compiled
def test_mistakes_are_found(tmp_path: Path) -> None:
    shutil.copy(INFRA / "bicepconfig.json", tmp_path)
    for name, wrong in {
        "linter": "param adminPassword string\n",
        "types": "resource x 'Microsoft.Storage/storageAccounts@2025-06-01' = { name: 'x' }\n",
        "syntax": "output a string = 'x\n",
    }.items():
        (tmp_path / f"{name}.bicep").write_text(wrong)
    code, said = bicep("lint", "--pattern", f"{tmp_path}/*.bicep")
    assert code == 1
    assert "secure-secrets-in-params" in said
    assert "BCP035" in said
    assert "BCP004" in said


@compiled
def test_every_file_is_formatted() -> None:
    assert unformatted() == []


@compiled
def test_a_file_that_is_not_formatted_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied(tmp_path)
    (tmp_path / "infra" / "modules" / "names.bicep").write_text("var  a = 1\n")
    for name, folder in {"ROOT": "", "INFRA": "infra", "DEPLOYMENTS": "tests/infra/deployments"}.items():
        monkeypatch.setattr(bicep_compiler, name, tmp_path / folder)
    assert unformatted() == ["infra/modules/names.bicep"]


@compiled
def test_the_parameter_file_alone_deploys_the_smallest(tmp_path: Path) -> None:
    """With nothing set but what must be, it gives the snapshot that the other tests look at."""
    file = copied(tmp_path) / "infra" / "main.bicepparam"
    assert snapshot(file, "overwrite", **ENVIRONMENT) == ""
    made = json.loads(file.with_suffix(".snapshot.json").read_text())
    assert [one["id"] for one in made["predictedResources"]] == [one.body["id"] for one in small().resources]
