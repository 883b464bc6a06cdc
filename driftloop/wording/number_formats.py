"""Numbers as people read them, the same in every place: a p-value, a rarity, a change, an error with its unit.

One event has one number. How surprising an outcome is without drift is said as a rarity ("1 in 690 checks"), never as a
certainty. On a stable day "50 % sure" reads like an alarm.
"""

from __future__ import annotations

from math import floor, isfinite, log, log10

LEAST_P = 0.001
"""A thousand permutations cannot tell a smaller p from 0; where more were made, nothing depends on how small it is."""
RAREST = 1_000_000
"""Checks. Beyond one in a million the tails of real data are not known well enough for the number to mean anything."""
PLENTY = 1.5
"""Checks: what happens more often than in two of three checks is no rarity at all."""
BEYOND = 1.25
"""How far a bar reaches beyond its alarm line, so that a passed line can be seen as passed."""


def format_p(p: float) -> str:
    """A p-value without the letter: at most three decimals, and never 0.

    Examples
    --------
    >>> [format_p(p) for p in (0.00001, 0.0123, 0.0996, 0.34, 1.0)]
    ['< 0.001', '0.012', '0.10', '0.34', '1.00']
    """
    if p < LEAST_P:
        return f"< {LEAST_P:g}"
    return f"{p:.2f}" if p >= 0.0995 else f"{p:.3f}"


def with_p(p: float) -> str:
    """A p-value with its letter.

    Examples
    --------
    >>> with_p(0.00001), with_p(0.0123)
    ('p < 0.001', 'p = 0.012')
    """
    return f"p {format_p(p)}" if p < LEAST_P else f"p = {format_p(p)}"


def once_in(p: float) -> int:
    """In how many checks without drift something as striking happens once: 1/p to two digits, at most `RAREST`.

    Examples
    --------
    >>> [once_in(p) for p in (1.0, 0.5, 0.047, 0.75 / 520, 1e-12)]
    [1, 2, 21, 690, 1000000]
    """
    checks = 1 / p if p > 1 / RAREST else RAREST
    step = 10 ** max(floor(log10(checks)) - 1, 0)
    return int(round(checks / step) * step)


def format_rarity(p: float) -> str:
    """How rare something as striking is without drift.

    Examples
    --------
    >>> [format_rarity(p) for p in (0.9, 0.5, 0.75 / 520, 1e-12)]
    ['most checks', '1 in 2 checks', '1 in 690 checks', 'under 1 in 1,000,000 checks']
    """
    if p * PLENTY > 1:
        return "most checks"
    beyond = "under " if p < 1 / RAREST else ""
    return f"{beyond}1 in {once_in(p):,} checks"


def format_short_rarity(p: float) -> str:
    """The same for a narrow column, whose title says of what.

    Examples
    --------
    >>> [format_short_rarity(p) for p in (0.9, 0.5, 0.75 / 520, 1e-12)]
    ['most', '1 in 2', '1 in 690', '< 1 in 1,000,000']
    """
    if p * PLENTY > 1:
        return "most"
    return f"{'< ' if p < 1 / RAREST else ''}1 in {once_in(p):,}"


def towards_alarm(p: float, alarm: float) -> float:
    """How far evidence has come towards its alarm line: 0 for nothing, 1 on the line, at most `BEYOND`.

    On a scale of powers: the middle is the root of the alarm's rarity.

    Examples
    --------
    >>> [round(towards_alarm(p, 0.01), 2) for p in (1.0, 0.1, 0.01, 1e-9)]
    [0.0, 0.5, 1.0, 1.25]
    """
    if p >= 1 or alarm >= 1:
        return 0.0 if p >= 1 else 1.0
    reached = min(log(max(p, 1e-300)) / log(alarm), BEYOND)
    # Just short of the line must not be drawn on it.
    return reached if p <= alarm or reached < 0.99 else 0.99


def format_number(value: float, digits: int = 4) -> str:
    """A number to so many significant digits, thousands grouped, without an exponent where it is readable.

    Examples
    --------
    >>> [format_number(x) for x in (0.0, 26.1834, 1234567.0, 0.000012, -0.5, 1e12)]
    ['0', '26.18', '1,235,000', '1.2e-05', '-0.5', '1e+12']
    """
    if not isfinite(value):
        return "no number"
    size = abs(value)
    if size and not 1e-4 <= size < 1e9:
        return f"{value:.{digits}g}"
    decimals = digits - 1 - (floor(log10(size)) if size else 0)
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_error(value: float, unit: str = "", *, classes: bool = False) -> str:
    """A model's error with its unit; of classes the error is a share of wrong answers.

    Examples
    --------
    >>> format_error(57.23, "mg/dl"), format_error(1234.5), format_error(0.125, classes=True)
    ('57.2 mg/dl', '1,234', '12.5% wrong')
    """
    if classes:
        return f"{value:.1%} wrong"
    # All digits before the point, as of any number that people compare.
    shown = f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else format_number(value, 3)
    return f"{shown} {unit}".rstrip()


def format_share(share: float) -> str:
    """A share as a percentage: whole from 10 %, one decimal below, and never 0 or 100 where it is not.

    Examples
    --------
    >>> [format_share(x) for x in (0.0, 0.0002, 0.034, 0.5251, 0.9999, 1.0)]
    ['0%', '< 0.1%', '3.4%', '53%', '> 99%', '100%']
    """
    if share <= 0 or share >= 1:
        return f"{max(min(share, 1), 0):.0%}"
    if share < 0.0005:
        return "< 0.1%"
    if share >= 0.995:
        return "> 99%"
    return f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"
