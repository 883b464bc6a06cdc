"""Numbers in text: which decimal mark a column is written with, and the number that a text stands for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import inf
from typing import Literal

import numpy as np
import pyarrow as pa

from driftloop.data.arrow import texts_array
from driftloop.data.formats.patterns import Pattern
from driftloop.data.reading import Decimal

Written = Literal["plain", "point", "comma", "either-point", "either-comma", "grouped", "other"]

_SPACES = "[ '_]"
"""Group separators that are never a decimal mark: spaces and apostrophes, in the forms that `in_ascii` gives them, and
what programmers write (1_234)."""
_LIKE_ASCII = str.maketrans(
    dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-")
    | dict.fromkeys("\u00a0\u2007\u2008\u2009\u202f", " ")
    | {"\u2019": "'", "\uff0b": "+"}
)
"""Minus signs, dashes and hyphens that spreadsheets and typesetters put for a minus; spaces that do not break, and thin
ones; a curly apostrophe."""
_LAKHS = r"[1-9]\d?(,\d{2})+,\d{3}"
"""Groups of two digits above the thousands, as India writes them."""
_WRITTEN: tuple[tuple[Written, Pattern], ...] = (
    ("plain", Pattern(r"[+-]?(\d+([eE][+-]?\d+)?|[iI]nf(inity)?)")),
    ("either-point", Pattern(r"[+-]?[1-9]\d{0,2}\.\d{3}")),
    ("either-comma", Pattern(r"[+-]?[1-9]\d{0,2},\d{3}")),
    ("point", Pattern(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")),
    ("comma", Pattern(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")),
    ("point", Pattern(rf"[+-]?[1-9]\d{{0,2}}((,\d{{3}})+\.\d*|(,\d{{3}}){{2,}}|({_SPACES}\d{{3}})+\.\d*)")),
    ("comma", Pattern(rf"[+-]?[1-9]\d{{0,2}}((\.\d{{3}})+,\d*|(\.\d{{3}}){{2,}}|({_SPACES}\d{{3}})+,\d*)")),
    ("grouped", Pattern(rf"[+-]?[1-9]\d{{0,2}}({_SPACES}\d{{3}})+")),
    ("point", Pattern(rf"[+-]?{_LAKHS}(\.\d*)?")),
)
_GROUPED = Pattern(rf"\d({_SPACES}|,(?=.*[.,])|\.(?=.*[.,]))\d{{2,3}}")
"""A mark with another one behind it, or one that is never a decimal mark."""
_POINT = Pattern(rf"[+-]?(\d+|[1-9]\d{{0,2}}((,\d{{3}})+|({_SPACES}\d{{3}})+)|{_LAKHS})?(\.\d*)?([eE][+-]?\d+)?")
_COMMA = Pattern(rf"[+-]?(\d+|[1-9]\d{{0,2}}((\.\d{{3}})+|({_SPACES}\d{{3}})+))?(,\d*)?([eE][+-]?\d+)?")
_PLAIN = Pattern(r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII)
_GROUPS = str.maketrans("", "", " '_")
TRUTH = {"true": 1.0, "false": 0.0}


def in_ascii(text: str) -> str:
    """A number's text with a plain minus in front and plain group separators; other texts keep their meaning.

    Accounts write a negative number in parentheses, and some systems write its minus behind it.

    Examples
    --------
    >>> [in_ascii(text) for text in ("\u22121.5", "(12.50)", "12.50-", "1\u2009234", "(a)", "-")]
    ['-1.5', '-12.50', '-12.50', '1 234', '(a)', '-']
    """
    if not text.isascii():
        text = text.translate(_LIKE_ASCII)
    last = text[-1:]
    if last == "-" and text[0].isdigit():
        return f"-{text[:-1]}"
    if last == ")" and text[0] == "(" and text[1:2].isdigit():
        return f"-{text[1:-1]}"
    return text


def written(text: str) -> Written:
    """How a text writes a number: `either-...` where its only mark may be a decimal mark or a thousands separator.

    Examples
    --------
    >>> [written(text) for text in ("12", "1.5", "1,5", "1,234", "1.234.567,8", "1 234", "12a")]
    ['plain', 'point', 'comma', 'either-comma', 'comma', 'grouped', 'other']
    """
    text = in_ascii(text)
    return next((name for name, pattern in _WRITTEN if pattern.fullmatch(text)), "other")


def plain_number(text: str) -> float | None:
    """The number of a text in the form that every program writes (`-1.5`, `2e-3`, `inf`, `nan`, `true`), or None."""
    text = in_ascii(text)
    return float(text) if _PLAIN.fullmatch(text) else TRUTH.get(text.lower())


def number(text: str, decimal: Decimal) -> float | None:
    """The number of a text with this decimal mark, with or without groups of three digits; None where it is none.

    Examples
    --------
    >>> number("1.234,50", ","), number("1,234.50", "."), number("1,5", ".")
    (1234.5, 1234.5, None)
    """
    text = in_ascii(text)
    if not (_POINT if decimal == "." else _COMMA).fullmatch(text) or not any(sign.isdecimal() for sign in text):
        return plain_number(text) if decimal == "." else TRUTH.get(text.lower())
    text = text.translate(_GROUPS)
    text = text.replace(",", "") if decimal == "." else text.replace(".", "").replace(",", ".")
    return float(text) if _PLAIN.fullmatch(text) else None


@dataclass(frozen=True)
class NumberEvidence:
    """How many of a column's distinct texts are written in each way."""

    plain: int = 0
    point: int = 0
    comma: int = 0
    either_point: int = 0
    either_comma: int = 0
    grouped: int = 0
    """Texts with separators between thousands; those with a fraction are counted as `point` or `comma` too."""
    other: int = 0

    @classmethod
    def of(cls, texts: Sequence[str], most_other: float = inf) -> NumberEvidence:
        """Count texts that are not missing; to the end, unless more than `most_other` of them write no number."""
        simple, others = _simple(texts) if len(texts) >= MANY else (NumberEvidence(), texts)
        counts: Counter[str] = Counter()
        for text in map(in_ascii, others):
            way = written(text)
            counts[way.replace("-", "_")] += 1
            counts["grouped"] += way in ("point", "comma") and _GROUPED.search(text) is not None
            if counts["other"] > most_other:
                break
        return simple + cls(**counts)

    def __add__(self, more: NumberEvidence) -> NumberEvidence:
        """Both together."""
        return NumberEvidence(*(one + other for one, other in zip(astuple(self), astuple(more), strict=True)))

    @property
    def is_plain(self) -> bool:
        """Whether no text has a comma or groups: nothing has to be decided, unless other columns show a comma."""
        return not (self.comma or self.either_comma or self.grouped)

    @property
    def contradicts_itself(self) -> bool:
        """Whether both decimal marks are in use beyond single slips."""
        return min(self.point, self.comma) > SLIPS * (self.point + self.comma)

    @property
    def decimal(self) -> Decimal | None:
        """The decimal mark that the texts can only be written with; None where they leave it open."""
        if self.point == self.comma:
            return None
        return "." if self.point > self.comma else ","


MANY = 1_000
"""Texts from which on Arrow counts the simple ones: it takes a tenth of the time that a loop takes."""


def _simple(texts: Sequence[str]) -> tuple[NumberEvidence, list[str]]:
    """Texts of digits with one point or none, counted by Arrow, and the others, which may be written in any way."""
    import pyarrow.compute as pc  # only where it is needed: a tenth of a check's imports

    array = texts_array(texts)
    whole, fraction, thousands = (
        np.asarray(pc.match_substring_regex(array, f"^[+-]?{pattern}$").to_numpy(zero_copy_only=False), dtype=bool)
        for pattern in (r"[0-9]+", r"[0-9]+\.[0-9]*", r"[1-9][0-9]{0,2}\.[0-9]{3}")
    )
    counts = (int(np.count_nonzero(each)) for each in (whole, fraction & ~thousands, thousands))
    plain, point, either_point = counts
    others = [texts[index] for index in np.flatnonzero(~(whole | fraction)).tolist()]
    return NumberEvidence(plain=plain, point=point, either_point=either_point), others


def are_simple_numbers(array: pa.Array, missing: Sequence[str]) -> bool:
    """Whether very many distinct texts are digits with one point or none, without leading zeros, or missing.

    Then nothing else has to be asked of them, text by text. Few texts may be codes or truth values as well.
    """
    if len(array) < MANY or not pa.types.is_string(array.type):
        return False
    import pyarrow.compute as pc

    simple = pc.match_substring_regex(array, r"^[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?$")
    return bool(pc.all(pc.or_(simple, pc.is_in(array, value_set=texts_array(missing)))).as_py())


SLIPS = 0.05
"""Part of a column's texts that may be written otherwise and count as malformed: what still reads as one column."""
