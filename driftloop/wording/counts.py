"""A number and the noun that it counts: 1 row, and 0, 2 or 1,000 rows."""

from __future__ import annotations


def count_of(number: int | str, noun: str, plural: str = "") -> str:
    """A number with its noun in the form that agrees with it.

    Parameters
    ----------
    number : a count, whose thousands are grouped; or a number as it is shown, maybe with a sign.
    noun : of one, maybe with its verb.
    plural : of any other number; without it the noun and an s.

    Examples
    --------
    >>> [count_of(number, "row") for number in (0, 1, 2, 1000)]
    ['0 rows', '1 row', '2 rows', '1,000 rows']
    >>> count_of(1, "record is", "records are"), count_of(2, "record is", "records are")
    ('1 record is', '2 records are')
    >>> count_of("+1", "day"), count_of("-1.5", "day")
    ('+1 day', '-1.5 days')
    """
    shown = f"{number:,}" if isinstance(number, int) else number
    return f"{shown} {noun if shown.lstrip('+-') == '1' else plural or f'{noun}s'}"
