import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from driftloop.errors import InputError
from tests.training.conftest import MODEL, Trained
from training import evaluate, models


def test_the_first_model_is_promoted_against_the_mean(first: Trained) -> None:
    assert first.gate.promoted
    assert first.gate.champion is None
    assert first.gate.over_constant.lower > 0


def test_after_a_real_change_the_challenger_beats_the_champion(retrained: Trained) -> None:
    found = retrained.gate
    assert found.promoted, found.reasons
    assert found.over_champion is not None
    assert found.over_champion.p_value <= found.level
    assert found.champion is not None
    assert (found.challenger["rmse"] or 0) < (found.champion["rmse"] or 0)
    assert found.forgetting is not None


def test_a_champion_is_not_replaced_by_itself(retrained: Trained) -> None:
    decision = evaluate.evaluate(models.find(MODEL), retrained.data, retrained.model, retrained.model)
    assert not decision.promoted
    assert "not better than the champion" in decision.reasons[0]


def test_a_model_that_does_not_repeat_its_smoke_test_is_an_error(first: Trained, tmp_path: Path) -> None:
    broken = shutil.copytree(first.model, tmp_path / "model")
    smoke = json.loads((broken / "smoke.json").read_text())
    smoke["predictions"][0] += 1.0
    (broken / "smoke.json").write_text(json.dumps(smoke))
    with pytest.raises(InputError, match="does not repeat"):
        evaluate.evaluate(models.find(MODEL), first.data, broken, None)


def test_a_champion_that_reads_a_column_that_is_gone_is_an_error_that_names_it(first: Trained, tmp_path: Path) -> None:
    champion = shutil.copytree(first.model, tmp_path / "champion")
    schema = json.loads((champion / "schema.json").read_text())
    schema["columns"].append({"name": "hba1c"})
    (champion / "schema.json").write_text(json.dumps(schema))
    with pytest.raises(InputError, match="hba1c"):
        evaluate.evaluate(models.find(MODEL), first.data, first.model, champion)


def test_the_command_writes_all_numbers(first: Trained, tmp_path: Path) -> None:
    arguments = [
        "--model-name",
        MODEL,
        "--data",
        str(first.data),
        "--model",
        str(first.model),
        "--gate",
        str(tmp_path / "gate"),
    ]
    done = CliRunner().invoke(evaluate.main, arguments)
    assert done.exit_code == 0, done.output
    gate = json.loads((tmp_path / "gate" / "gate.json").read_text())
    assert gate["promoted"] is True
    assert {"n", "level", "challenger", "constant", "over_constant", "subgroups", "reasons"} <= set(gate)
