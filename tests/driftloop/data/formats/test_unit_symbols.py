"""Numbers with a percent or currency sign are numbers; another sign than the reference's is a broken feed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import driftloop
from driftloop import Column, Schema
from driftloop.data.formats.unit_symbols import (
    is_symbol,
    split_symbol,
    symbol_of,
    unit_word_of,
    without_symbol,
    without_unit,
)


@pytest.mark.parametrize(
    ("text", "number", "symbol"),
    [
        ("12.5%", "12.5", "%"),
        ("12,5 %", "12,5", "%"),
        ("$1,234.50", "1,234.50", "$"),
        ("-$3", "-3", "$"),
        ("$-3", "-3", "$"),
        ("1.234,50\u00a0€", "1.234,50", "€"),
        ("CHF 12", "12", "CHF"),
        ("12EUR", "12", "EUR"),
        ("7", "7", ""),
        ("%", "%", ""),
        ("mg 12", "mg 12", ""),
        ("12 kg", "12 kg", ""),
        ("EURO 5", "EURO 5", ""),
        ("", "", ""),
    ],
)
def test_a_sign_before_or_behind_a_number_is_split_off(text: str, number: str, symbol: str) -> None:
    assert split_symbol(text) == (number, symbol)


def test_only_the_columns_own_sign_is_taken_off() -> None:
    assert without_symbol("$5", "$") == "5"
    assert without_symbol("$5", "€") == "$5"


def test_a_column_has_a_sign_when_19_of_20_texts_carry_it() -> None:
    assert symbol_of(["5%"] * 19 + ["5"]) == "%"
    assert symbol_of(["5%"] * 18 + ["5"] * 2) == ""
    assert symbol_of([]) == ""


def test_a_unit_of_measurement_is_no_sign() -> None:
    assert not is_symbol("mg/dL")
    assert not is_symbol("")


def amounts(rng: np.random.Generator, rows: int, sign: str, shift: float = 0.0) -> pa.Table:
    return pa.table(
        {"x": rng.normal(size=rows), "paid": [f"{sign}{v:,.2f}" for v in rng.normal(2000 + shift, 300, rows)]}
    )


def test_amounts_of_money_are_compared_as_numbers(rng: np.random.Generator) -> None:
    check = driftloop.check(amounts(rng, 300, "€"), amounts(rng, 100, "€", shift=400.0))
    assert check.verdict == "drift"
    found = check["paid"]
    assert (found.kind, found.unit, found.drift) == ("numeric", "€", True)
    assert any("'paid' are read without their €" in note for note in check.notes)


def test_another_sign_is_an_incident(rng: np.random.Generator) -> None:
    check = driftloop.check(amounts(rng, 300, "€"), amounts(rng, 100, "$"))
    assert check.verdict == "incident"
    assert "paid: 100% of the values are not numeric" in check.reasons[0]


def test_the_sign_may_be_missing_in_the_window(rng: np.random.Generator) -> None:
    assert driftloop.check(amounts(rng, 300, "€"), amounts(rng, 100, "")).verdict == "stable"


def test_a_percentage_and_a_fraction_are_two_units(rng: np.random.Generator) -> None:
    reference, current = (
        pa.table({"x": rng.normal(size=len(parts)), "share": [form(part) for part in parts]})
        for parts, form in ((rng.beta(2, 5, 300), "{:.1%}".format), (rng.beta(2, 5, 100), "{:.4f}".format))
    )
    check = driftloop.check(reference, current)
    assert check.verdict == "incident"
    assert "look like 1/100" in check.reasons[0]


def test_a_saved_baseline_knows_the_sign(rng: np.random.Generator, tmp_path: Path) -> None:
    (tmp_path / "baseline.parquet").write_bytes(driftloop.Baseline(amounts(rng, 300, "€")).to_bytes())
    assert driftloop.check(tmp_path / "baseline.parquet", amounts(rng, 100, "€")).verdict == "stable"
    assert driftloop.check(tmp_path / "baseline.parquet", amounts(rng, 100, "$")).verdict == "incident"


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        ([f"{60 + step / 10:.1f} kg" for step in range(100)], "kg"),
        ([f"{60 + step / 10:.1f}kg" for step in range(100)], "kg"),
        ([f"{step / 10:.1f} mg/dL" for step in range(100)], "mg/dL"),
        ([f"{step / 10:.1f} °C" for step in range(-50, 50)], "°C"),
        ([f"{60 + step},5 km/h" for step in range(100)], "km/h"),
        ([f"{step} km" for step in range(51)], "km"),
        ([f"{step} km" for step in range(50)], ""),  # may be kinds
        ([f"{step}A" for step in range(1000, 1100)], ""),  # an identifier
        ([f"{litres} TDI" for litres in ("1.6", "1.9", "2.0", "3.0")], ""),
        ([f"{step / 10:.1f} l" for step in range(10)], "l"),
        ([f"{step / 10:.1f} l" for step in range(9)], ""),
        ([f"{step / 10:.1f}e5" for step in range(100)], ""),  # numbers as they are
        ([f"{step / 10:.1f} kg" for step in range(95)] + ["?"] * 5, "kg"),
        ([f"{step / 10:.1f} kg" for step in range(94)] + ["?"] * 6, ""),
        ([f"{step / 10:.1f} {unit}" for step in range(50) for unit in ("kg", "lb")], ""),
        ([f"{step} Main Street" for step in range(100)], ""),
        ([], ""),
    ],
)
def test_a_word_behind_nearly_all_numbers_is_their_unit_where_they_measure(texts: list[str], unit: str) -> None:
    assert unit_word_of(texts) == unit


@pytest.mark.parametrize(
    ("text", "number"), [("70.5 kg", "70.5"), ("70.5kg", "70.5"), ("70.5", "70.5"), ("155 lb", "155 lb"), ("kg", "kg")]
)
def test_only_the_columns_own_unit_is_taken_off(text: str, number: str) -> None:
    assert without_unit(text, "kg") == number


def weights(rng: np.random.Generator, rows: int, unit: str, factor: float = 1.0, shift: float = 0.0) -> pa.Table:
    kilograms = rng.normal(75 + shift, 12, rows)
    return pa.table({"x": rng.normal(size=rows), "weight": [f"{value * factor:.1f}{unit}" for value in kilograms]})


def test_measurements_with_a_unit_are_compared_as_numbers(rng: np.random.Generator) -> None:
    check = driftloop.check(weights(rng, 400, " kg"), weights(rng, 100, " kg", shift=8.0))
    found = check["weight"]
    assert (found.kind, found.unit, found.drift) == ("numeric", "kg", True)
    assert "mean +" in found.effect_text
    assert any("'weight' are read without their kg" in note for note in check.notes)


def test_another_unit_is_an_incident_and_none_is_read(rng: np.random.Generator) -> None:
    reference = weights(rng, 400, " kg")
    for window in (weights(rng, 100, " lb", 2.20462), weights(rng, 100, " g", 1000.0)):
        check = driftloop.check(reference, window)
        assert check.verdict == "incident"
        assert "weight: 100% of the values are not numeric" in check.reasons[0]
    assert driftloop.check(reference, weights(rng, 100, "")).verdict == "stable"
    assert driftloop.check(reference, weights(rng, 100, "", 2.20462)).verdict == "incident"


def test_a_declared_unit_alone_is_not_looked_for_in_texts(rng: np.random.Generator) -> None:
    """A feed that begins to write units has changed: the schema says when they belong there."""
    reference = weights(rng, 400, "")
    for in_text, verdict in ((False, "incident"), (True, "stable")):
        schema = Schema((Column("x"), Column("weight", unit="kg", unit_in_text=in_text)))
        assert driftloop.check(reference, weights(rng, 100, " kg"), schema=schema).verdict == verdict


def test_a_saved_baseline_knows_the_unit(rng: np.random.Generator, tmp_path: Path) -> None:
    (tmp_path / "baseline.parquet").write_bytes(driftloop.Baseline(weights(rng, 400, " kg")).to_bytes())
    assert driftloop.check(tmp_path / "baseline.parquet", weights(rng, 100, " kg")).verdict == "stable"
    assert driftloop.check(tmp_path / "baseline.parquet", weights(rng, 100, " lb", 2.20462)).verdict == "incident"
