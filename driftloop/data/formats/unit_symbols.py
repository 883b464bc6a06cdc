"""Numbers that are written with their unit: a sign (`12.5 %`, `€1,234.50`, `-$3`, `CHF 12`), or a word (`70.5 kg`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from driftloop.data.formats.patterns import Pattern

__all__ = ["is_symbol", "symbol_of", "unit_word_of", "without_symbol", "without_unit"]

_SIGNS = "%‰$€£¥₹₩₽₺₫₪฿₴₦₱"
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|INR|KRW|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|SGD|HKD"
"""Currencies that are traded most, by their ISO 4217 codes. Other words behind a number may name a kind of thing."""
_SYMBOL = rf"[{_SIGNS}]|{_CODES}"
_IS_SYMBOL = Pattern(_SYMBOL)
_BEFORE = Pattern(rf"(?P<sign>[+-]?)(?P<symbol>{_SYMBOL})\s?(?P<rest>[+-]?[\d.,].*)", re.DOTALL)
_AFTER = Pattern(rf"(?P<sign>)(?P<rest>[+-]?[\d.,].*?)\s?(?P<symbol>{_SYMBOL})", re.DOTALL)
_WORD = Pattern(
    r"(?P<number>[+-]?\d[\d.,]*)(?P<space>\s?)(?!e\d)(?P<unit>(?:[^\W\d_]|°)[\w°/²³^*·%-]{0,11})", re.IGNORECASE
)
"""A number and one word; not `1e5`, which is a number."""
MOST_CODES = 50
"""Distinct whole numbers with a word behind them that may still be names of kinds (`2 rooms`): as for codes."""
FEWEST_DECIMALS = 10
"""Distinct texts from which on numbers with decimals are measurements; engines of `1.6 TDI` and `2.0 TDI` are kinds."""
MOSTLY = 0.95
"""Part of the distinct texts that carry one sign where it is the column's: as many as make a column one of numbers."""


def is_symbol(unit: str) -> bool:
    """Whether a unit is a sign that numbers in text may carry.

    >>> is_symbol("%"), is_symbol("EUR"), is_symbol("mg/dL")
    (True, True, False)
    """
    return _IS_SYMBOL.fullmatch(unit) is not None


def split_symbol(text: str) -> tuple[str, str]:
    """A text without its unit sign, and the sign; the text as it is, and an empty sign, where it has none.

    Examples
    --------
    >>> split_symbol("12.5 %"), split_symbol("-€1,234"), split_symbol("7")
    (('12.5', '%'), ('-1,234', '€'), ('7', ''))
    """
    found = _BEFORE.fullmatch(text) or _AFTER.fullmatch(text)
    return (text, "") if found is None else (found["sign"] + found["rest"], found["symbol"])


def without_symbol(text: str, symbol: str) -> str:
    """A text without this unit sign; a text with another sign stays as it is, and so is no number.

    Examples
    --------
    >>> without_symbol("€12", "€"), without_symbol("12", "€"), without_symbol("$12", "€")
    ('12', '12', '$12')
    """
    rest, found = split_symbol(text)
    return rest if found == symbol else text


def symbol_of(texts: Sequence[str]) -> str:
    """The unit sign that nearly all of a column's distinct texts carry; empty where there is none.

    Examples
    --------
    >>> symbol_of(["12 %", "7.5 %"]), symbol_of(["$12", "€7"]), symbol_of(["12"])
    ('%', '', '')
    """
    found = Counter[str]()
    for text in texts:
        found[split_symbol(text)[1]] += 1
        if found[""] > (1 - MOSTLY) * len(texts):
            return ""
    symbol, count = max(found.items(), key=lambda item: item[1], default=("", 0))
    return symbol if count >= MOSTLY * len(texts) else ""


def without_unit(text: str, unit: str) -> str:
    """A text without this word behind its number; a text with another word stays as it is, and so is no number.

    Examples
    --------
    >>> without_unit("70.5 kg", "kg"), without_unit("70.5", "kg"), without_unit("155 lb", "kg")
    ('70.5', '70.5', '155 lb')
    """
    number = text.removesuffix(unit).rstrip()
    return number if number[-1:].isdigit() else text


def unit_word_of(texts: Sequence[str]) -> str:
    """The unit that nearly all of a column's distinct texts carry behind a number; empty where there is none.

    A word behind a few numbers may name a kind of thing. One that follows whole numbers without a space belongs to an
    identifier (`1001A`).

    Examples
    --------
    >>> unit_word_of([f"{60 + step / 10:.1f} kg" for step in range(100)]), unit_word_of(["2 rooms", "3 rooms"])
    ('kg', '')
    """
    found: list[re.Match[str]] = []
    for looked_at, text in enumerate(texts):
        if looked_at - len(found) > (1 - MOSTLY) * len(texts):
            return ""
        if (match := _WORD.fullmatch(text.strip())) is not None:
            found.append(match)
    units = Counter(match["unit"] for match in found)
    unit, count = max(units.items(), key=lambda item: item[1], default=("", 0))
    if count < MOSTLY * len(texts):
        return ""
    own = [match for match in found if match["unit"] == unit]
    if any("." in match["number"] or "," in match["number"] for match in own):
        return unit if len(texts) >= FEWEST_DECIMALS else ""
    return unit if len(texts) > MOST_CODES and all(match["space"] for match in own) else ""
