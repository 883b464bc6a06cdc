"""Numbers that are written with a unit sign: `12.5 %`, `€1,234.50`, `-$3`, `CHF 12`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["is_symbol", "symbol_of", "without_symbol"]

_SIGNS = "%‰$€£¥₹₩₽₺₫₪฿₴₦₱"
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|INR|KRW|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|SGD|HKD"
"""Currencies that are traded most, by their ISO 4217 codes. Other words behind a number may name a kind of thing."""
_SYMBOL = rf"[{_SIGNS}]|{_CODES}"
_IS_SYMBOL = re.compile(_SYMBOL)
_BEFORE = re.compile(rf"(?P<sign>[+-]?)(?P<symbol>{_SYMBOL})\s?(?P<rest>[+-]?[\d.,].*)", re.DOTALL)
_AFTER = re.compile(rf"(?P<sign>)(?P<rest>[+-]?[\d.,].*?)\s?(?P<symbol>{_SYMBOL})", re.DOTALL)
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
    found = Counter(split_symbol(text)[1] for text in texts)
    symbol, count = max(found.items(), key=lambda item: item[1], default=("", 0))
    return symbol if count >= MOSTLY * len(texts) else ""
