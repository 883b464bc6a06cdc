"""Numbers with a percent or currency sign are numbers; another sign than the reference's is a broken feed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import driftloop
from driftloop.data.formats.unit_symbols import is_symbol, split_symbol, symbol_of, without_symbol


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
