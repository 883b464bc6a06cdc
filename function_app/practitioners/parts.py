"""Which measurements drove a prediction, as people read it: a row and a bar each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

from driftloop.report.words.language import Words
from driftloop.wording.number_formats import format_number
from function_app.practitioners.fields import Field

if TYPE_CHECKING:
    from function_app.scoring.answers import Explanation, Prediction

MOST_PARTS = 8  # measurements that are shown with their part; the others are one row
SMALLEST_PART = 0.005  # of the largest part: below it a bar cannot be seen
SMALLEST_POINTS = 0.1  # percentage points of an error that is told: as many digits as the parts have
WIDTH = 100.0  # of a picture, in units of its own


@dataclass(frozen=True)
class Part:
    """One measurement's part in the prediction; `start` and `width` are its bar, of 100."""

    title: str
    entered: str
    part: str
    raises: bool
    start: float
    width: float


@dataclass(frozen=True)
class Amount:
    """How what is explained is written: a number with its unit, or a probability."""

    unit: str
    is_share: bool

    def text(self, value: float) -> str:
        """A value of it."""
        return percent(value) if self.is_share else number(value, self.unit)

    def difference(self, value: float, largest: float) -> str:
        """A difference of two values, without its sign, as exact as the largest one with three digits; of probabilities
        in percentage points.
        """
        if self.is_share:
            return f"{abs(value) * 100:.1f}"
        digits = min(max(2 - floor(log10(largest)), 0), 12) if largest > 0 else 0
        return f"{abs(value):,.{digits}f} {self.unit}".rstrip()


def amount_of(found: "Prediction", unit: str) -> Amount:
    """How the output of this prediction is written."""
    return Amount(unit, is_share=isinstance(found.value, str))


def number(value: float, unit: str) -> str:
    """Three digits that count, with the unit.

    Examples
    --------
    >>> number(151.53, "mg/dl"), number(0.1234, "")
    ('152 mg/dl', '0.123')
    """
    return f"{format_number(value, 3)} {unit}".rstrip()


def percent(share: float) -> str:
    """A probability; certainty is never claimed.

    Examples
    --------
    >>> percent(0.4567), percent(1.0), percent(0.0)
    ('45.7 %', '> 99.9 %', '< 0.1 %')
    """
    if share > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if share < 0.001 else f"{share * 100:.1f} %"


def lead(found: "Prediction", amount: Amount, words: Words) -> str:
    """From what the parts count, and to what."""
    why = found.explanation
    if why is None:
        return words("drove.unknown")
    typical = amount.text(why.typical)
    if isinstance(found.value, float):
        return words("drove.number", typical=typical, value=amount.text(found.value))
    return words("drove.class", output=why.output, typical=typical, value=amount.text(found.probabilities[why.output]))


def parts_of(
    why: "Explanation",
    fields: Sequence[Field],
    record: Mapping[str, float | str | None],
    amount: Amount,
    words: Words,
) -> tuple[Part, ...]:
    """A row each for the measurements with the largest parts, and one for the others; none where nothing has a part."""
    by_name = {one.name: one for one in fields}
    ordered = sorted(why.contributions.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    largest = abs(ordered[0][1]) if ordered else 0.0
    if largest == 0:
        return ()
    shown = [pair for pair in ordered[:MOST_PARTS] if abs(pair[1]) > SMALLEST_PART * largest]
    rest = ordered[len(shown) :]
    rows = [(by_name[name].title, _entered(by_name[name], record.get(name), words), part) for name, part in shown]
    if rest:
        rows.append((words("drove.rest", count=str(len(rest))), "", sum(part for _, part in rest)))
    return tuple(_row(row, largest, amount) for row in rows)


def _row(row: tuple[str, str, float], largest: float, amount: Amount) -> Part:
    title, entered, part = row
    sign = "+" if part >= 0 else "\N{MINUS SIGN}"
    width = round(min(abs(part) / largest, 1.0) * WIDTH / 2, 2)
    start = WIDTH / 2 if part >= 0 else round(WIDTH / 2 - width, 2)
    return Part(title, entered, sign + amount.difference(part, largest), part >= 0, start, width)


def _entered(one: Field, value: float | str | None, words: Words) -> str:
    if value is None:
        return words("form.not-measured")
    return value if isinstance(value, str) else f"{format_number(value, 6)} {one.unit}".rstrip()


def method_of(why: "Explanation", amount: Amount, words: Words) -> str:
    """How the parts were found, and how exact they are."""
    known = "method.shapley" if why.method == "shapley-sampling" else "method.other"
    exact = words("method.exact")
    if why.error:
        points = f"{max(why.error * 100, SMALLEST_POINTS):.1f} %"
        exact = words("method.error", error=points if amount.is_share else amount.difference(why.error, why.error))
    return words(known, evaluations=f"{why.evaluations:,}", method=why.method) + " " + exact
