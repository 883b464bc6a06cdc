"""Parts of a date, and periods, as texts: weekdays, months, quarters, seasons, weeks. They follow the calendar."""

from __future__ import annotations

import re
from collections.abc import Sequence

from driftloop.data.formats.patterns import Pattern

_WEEKDAYS = """
    mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
    lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb
    lunedì martedì mercoledì giovedì venerdì sabato
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
"""
_MONTHS = """
    jan feb mar apr may jun jul aug sep sept oct nov dec
    january february march april june july august september october november december
    januar februar märz mai juni juli oktober dezember jän jänner mär okt dez
    janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre ene abr ago dic
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    januari februari maart mei augustus
"""
WEEKDAYS, MONTHS = frozenset(_WEEKDAYS.split()), frozenset(_MONTHS.split())
"""Names in English, German, French, Spanish, Italian and Dutch, and their usual short forms, in lower case."""
SEASONS = frozenset(
    {"spring", "summer", "autumn", "fall", "winter", "frühling", "frühjahr", "sommer", "herbst", "printemps"}
    | {"été", "automne", "hiver"}
)
SEASON_WORDS = frozenset({"season", "saison", "jahreszeit", "estacion"})
"""Words of a column's name: without one, summer and winter may be kinds of tyres."""
PERIOD_WORDS = frozenset(
    {"quarter", "qtr", "quartal", "trimestre", "kwartaal", "week", "wk", "kw", "woche", "semaine", "semana"}
    | {"month", "day", "weekday"}
)
"""The same for Q1 to Q4, which may be quartiles, and W12."""
_MARK = r"[-\u2013/ _.]?"
_YEAR = r"(?:(?:19|20)\d{2}|'?\d{2})"
_WEEK = r"(?:0?[1-9]|[1-4]\d|5[0-3])"
_BARE = Pattern(rf"q[1-4]|(?:w|kw|week){_MARK}{_WEEK}", re.IGNORECASE)
_PERIODS = tuple(
    Pattern(pattern, re.IGNORECASE)
    for pattern in (
        rf"q[1-4]{_MARK}(?:fy)?{_YEAR}",
        rf"(?:fy)?(?:19|20)\d{{2}}{_MARK}q[1-4]",
        rf"fy{_MARK}{_YEAR}(?:{_MARK}q[1-4])?",
        rf"h[12]{_MARK}{_YEAR}|(?:19|20)\d{{2}}{_MARK}h[12]",
        rf"(?:19|20)\d{{2}}{_MARK}w(?:(?:0[1-9]|[1-4]\d|5[0-3])(?:-?[1-7])?|[1-9])",
        rf"(?:w|kw|week){_MARK}{_WEEK}{_MARK}(?:19|20)\d{{2}}",
        r"(?:0?[1-9]|1[0-2])[/.](?:19|20)\d{2}",
        r"(?:19|20)\d{2}[/.](?:0[1-9]|1[0-2])",
        r"(?:19|20)\d{2}/(?:\d{2}|(?:19|20)\d{2})|(?:19|20)\d{2}-(?:19|20)\d{2}",
    )
)
"""Quarters, fiscal years, halves, weeks (ISO 8601 and by name), months with their year, and school years."""
_NAMED = Pattern(
    rf"(?P<name>[^\W\d_]{{3,10}})\.?[-\u2013/ _,]{{1,2}}{_YEAR}|(?:19|20)\d{{2}}[-\u2013/ _](?P<last>[^\W\d_]{{3,10}})"
)
"""A month by its name, with its year: Nov-26, November 2026."""


def are_calendar_texts(names: Sequence[str], words: Sequence[str] = ()) -> bool:
    """Whether a column's distinct texts are weekdays, months, seasons or periods.

    One text alone is enough where it has a year or where the column's name says what it is.

    Parameters
    ----------
    names
        The distinct texts.
    words
        The words of the column's name, in lower case.

    Examples
    --------
    >>> are_calendar_texts(["Mon", "Tue"]), are_calendar_texts(["2026-Q1", "2026-Q2"]), are_calendar_texts(["May"])
    (True, True, False)
    """
    plain = [name.strip().rstrip(".").casefold() for name in names]
    if plain and all(map(_is_period, plain)):
        return True
    is_named = bool((PERIOD_WORDS | SEASON_WORDS) & set(words))
    if len(plain) < 2 and not is_named:
        return False
    if SEASON_WORDS & set(words) and all(name in SEASONS for name in plain):
        return True
    if is_named and plain and all(map(_BARE.fullmatch, plain)):
        return True
    return any(all(name in known for name in plain) for known in (WEEKDAYS, MONTHS)) and bool(plain)


def _is_period(name: str) -> bool:
    if any(pattern.fullmatch(name) for pattern in _PERIODS):
        return True
    found = _NAMED.fullmatch(name)
    return found is not None and (found["name"] or found["last"]) in MONTHS
