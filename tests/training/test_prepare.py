import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pandas as pd
import pytest
from click.testing import CliRunner

from driftloop.errors import InputError
from tests.training.conftest import HOW, MODEL, SCHEMA, Hospital, Trained, hospital, ids, labels, records
from training import model_card, model_file, prepare, step
from training.data.collect import Source
from training.data.provenance import Provenance


def test_the_first_model_learns_from_the_historic_records_and_is_judged_by_some_it_never_sees(first: Trained) -> None:
    parts = first.parts
    assert parts.data.rows["train"] + parts.data.rows["holdout"] == 350
    assert 50 <= parts.data.rows["holdout"] <= 90  # 20 % of 350, binomial
    assert not ids(parts.train) & ids(parts.holdout)
    assert len(parts.holdout_old) == 0
    assert len(parts.regime) == 350


def test_no_model_of_any_generation_sees_what_judges_another(first: Trained, retrained: Trained) -> None:
    held_out = ids(retrained.parts.holdout) | ids(retrained.parts.holdout_old) | ids(first.parts.holdout)
    assert not held_out & (ids(first.parts.train) | ids(retrained.parts.train))


def test_the_new_regime_is_found_and_both_judges_and_teaches(retrained: Trained) -> None:
    """The change begins on day 8 of 11; 120 of its records have labels, and the search may be off by a few."""
    parts = retrained.parts
    assert parts.data.regime_found
    days = {name[:3] for name in ids(parts.holdout)}
    assert days <= {"D07", "D08", "D09"}
    assert 110 <= len(parts.holdout) + parts.data.rows["recent"] <= 130
    assert not {name[:3] for name in ids(parts.holdout_old)} & {"D08", "D09"}


def test_the_baseline_is_built_from_the_new_regime_with_and_without_labels(retrained: Trained) -> None:
    found = ids(retrained.parts.regime)
    assert 225 <= len(found) <= 250  # 4 days of 60
    assert {name[:3] for name in found} >= {"D08", "D09", "D10", "D11"}


def test_a_quarantined_day_is_not_learnt(retrained: Trained) -> None:
    assert not {name for name in ids(retrained.parts.train) if name.startswith("D05")}


def test_a_change_of_the_outcome_alone_is_a_change_too(small: Hospital) -> None:
    frame = records(200, day="2030-01-01")
    small.add("records/1.parquet", frame)
    historic = pd.read_parquet(small.source.historic)
    shifted = pd.DataFrame(
        {
            "record_id": frame["record_id"],
            "progression": historic["progression"].sample(200, random_state=3).to_numpy() + 150,
        }
    )
    small.add("labels/1.csv", shifted)
    parts = prepare.prepare(SCHEMA, small.source, HOW)
    assert {name[0] for name in ids(parts.holdout)} == {"N"}
    assert abs(parts.data.rows["recent"] + len(parts.holdout) - 200) <= 10


def test_without_a_change_the_newest_records_are_recent(small: Hospital) -> None:
    first_hospital = hospital(small.folder / "calm", last_day=4)
    parts = prepare.prepare(SCHEMA, first_hospital.source, HOW)
    assert not parts.data.regime_found
    assert parts.data.rows["regime"] == 350 + 240
    assert len(parts.holdout) >= HOW.split.smallest_holdout


def test_what_the_drift_check_saw_stands_in_where_no_change_is_found(small: Hospital) -> None:
    calm = hospital(small.folder / "calm", last_day=4).source
    times = pd.read_csv(small.folder / "calm" / "incoming" / "records" / _day(small, 2), parse_dates=["recorded_at"])
    since = times["recorded_at"].min().to_pydatetime()
    parts = prepare.prepare(SCHEMA, Source(calm.historic, calm.incoming, calm.quarantine, since=since), HOW)
    assert {name[:3] for name in ids(parts.regime)} == {"D02", "D03", "D04"}


def _day(small: Hospital, number: int) -> str:
    return sorted(path.name for path in (small.folder / "calm" / "incoming" / "records").iterdir())[number - 1]


def test_too_few_new_labels_say_so(small: Hospital) -> None:
    strict = msgspec.structs.replace(HOW, split=msgspec.structs.replace(HOW.split, smallest_holdout=300))
    with pytest.raises(InputError, match="300 are needed"):
        prepare.prepare(SCHEMA, small.source, strict)


def test_a_champion_that_was_split_by_another_rule_is_judged_on_newer_records_only(
    small: Hospital, first: Trained
) -> None:
    champion = small.folder / "champion"
    champion.mkdir()
    metrics = step.read_json(first.model / "metrics.json")
    metrics["data"] |= {"holdout": "another rule", "data_end": "2030-01-01T12:00:00+00:00"}
    step.write_json(champion / "metrics.json", metrics)
    frame = records(300, day="2030-01-01")
    small.add("records/1.parquet", frame)
    small.add("labels/1.csv", labels(frame))
    parts = prepare.prepare(SCHEMA, small.source, HOW, champion)
    assert min(parts.holdout["recorded_at"].to_pylist()) > datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_the_hash_names_the_data_and_not_the_files(tmp_path: Path) -> None:
    one, two = hospital(tmp_path / "one", 3), hospital(tmp_path / "two", 3)
    for path in list((two.folder / "incoming" / "records").iterdir()):
        path.rename(path.with_name("renamed-" + path.name))
    first, second = (prepare.prepare(SCHEMA, each.source, HOW).data.sha256 for each in (one, two))
    other = prepare.prepare(SCHEMA, hospital(tmp_path / "three", 2).source, HOW).data.sha256
    assert first == second != other


def test_the_command_writes_its_files_and_says_in_one_line_what_is_wrong(small: Hospital, tmp_path: Path) -> None:
    runner = CliRunner()
    historic = str(small.source.historic)
    done = runner.invoke(
        prepare.main, ["--model-name", MODEL, "--historic", historic, "--data", str(tmp_path / "data")]
    )
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "data" / "data.json").read_text())["rows"]["train"] > 250
    bad = runner.invoke(
        prepare.main,
        ["--model-name", MODEL, "--historic", historic, "--as-of", "tomorrow", "--data", str(tmp_path / "x")],
    )
    assert (bad.exit_code, bad.stderr.count("\n")) == (1, 1)
    assert "tomorrow" in bad.stderr


def test_what_is_impossible_by_the_schema_is_said_in_the_data_the_log_and_the_card(
    first: Trained, tmp_path: Path
) -> None:
    made = hospital(tmp_path / "hospital", last_day=0)
    historic = pd.read_parquet(made.source.historic)
    historic.loc[0, "bmi"] = 999.0
    historic.to_parquet(made.source.historic)
    arguments = ["--model-name", MODEL, "--historic", str(made.source.historic), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(prepare.main, arguments)
    assert done.exit_code == 0, done.output
    data = step.read_json(tmp_path / "data" / "data.json", Provenance)
    assert (data.left_out["impossible"], data.impossible) == (1, {"bmi": 1})
    said = [json.loads(line) for line in done.output.splitlines()]
    assert [(line["column"], line["count"]) for line in said if line["event"] == "records left out"] == [("bmi", 1)]
    metrics = msgspec.structs.replace(first.metrics, data=data)
    model = model_file.load(first.model)
    card = model_card.render("m", model, metrics)
    assert "Impossible by the schema, though a drift check may take them for fine: 1 in bmi." in card
    assert "Impossible by the schema" not in model_card.render("m", model, first.metrics)
