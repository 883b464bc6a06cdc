"""The JSON of a check keeps to its published schema, whatever the verdict."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from driftloop import Evidence
from driftloop.report.document import SCHEMA_VERSION, CheckDocument
from tests.driftloop.report.pages import WHOLE, broken, hostile, moved, records, result_of

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "check.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("evidence", [None, Evidence()], ids=["alone", "with evidence"])
@pytest.mark.parametrize(
    ("window", "verdict"),
    [(moved(), "drift"), (records(60, 5), "stable"), (broken(), "incident"), (records(5, 1), "insufficient")],
    ids=["drift", "stable", "incident", "insufficient"],
)
def test_every_verdict_fits_the_schema(window, verdict, evidence):
    document = json.loads(result_of(records(350, 1), window, WHOLE, evidence).to_json())
    VALIDATOR.validate(document)
    assert document["verdict"] == verdict
    assert document["schema_version"] == SCHEMA_VERSION == 1
    assert set(document) <= set(CheckDocument.__struct_fields__)
    assert (document["evidence"] is None) is (evidence is None)
    assert (document["chance"] is None) is (verdict in ("incident", "insufficient"))


def test_hostile_and_infinite_values_fit_too():
    reference, window, schema = hostile()
    VALIDATOR.validate(json.loads(result_of(reference, window, schema).to_json()))
    frame = pd.DataFrame({"x": [np.inf, 1e300, -1e300, np.nan] * 20})
    VALIDATOR.validate(json.loads(result_of(frame, frame[::-1]).to_json()))


def test_the_schema_refuses_another_version_and_a_wrong_verdict():
    document = json.loads(result_of(records(350, 1), records(60, 5), WHOLE).to_json())
    for wrong in ({"schema_version": 2}, {"verdict": "fine"}, {"rows": "60"}, {"features": [{}]}):
        assert not VALIDATOR.is_valid({**document, **wrong})
    assert VALIDATOR.is_valid({**document, "check_id": "chk-1", "model": "m", "baseline_version": "3", "new": 1})
