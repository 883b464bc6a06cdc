"""A prediction as people read it: words and numbers, in the page's language. Nothing here decides anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftloop.report.words.language import Words
from driftloop.wording.number_formats import format_number
from function_app.practitioners.fields import Field
from function_app.practitioners.parts import WIDTH, Part, amount_of, lead, method_of, number, parts_of, percent

if TYPE_CHECKING:
    from driftloop.data.schema import Column
    from function_app.scoring.answers import Prediction


@dataclass(frozen=True)
class Chance:
    """The probability of one class."""

    name: str
    share: str
    width: float
    chosen: bool


@dataclass(frozen=True)
class Scale:
    """A number and its interval on the range of what can be: places of 100."""

    low: str
    high: str
    start: float
    width: float
    place: float


@dataclass(frozen=True)
class Result:
    """All that the page says of one prediction. Sentences are whole; an empty one is left out."""

    headline: str
    certainty: str
    scale: Scale | None
    chances: tuple[Chance, ...]
    unlike: str
    unusual: tuple[str, ...]
    likeness: str
    lead: str
    in_points: bool
    parts: tuple[Part, ...]
    method: str
    version: str


def result_of(
    found: "Prediction",
    fields: Sequence[Field],
    record: Mapping[str, float | str | None],
    target: "Column | None",
    words: Words,
) -> Result:
    """What is shown of a prediction for a record."""
    unit = "" if target is None else target.unit
    interval = _clipped(found, target)
    why, amount = found.explanation, amount_of(found, unit)
    unusual = tuple(
        one.title if record.get(one.name) is not None else f"{one.title} ({words('form.not-measured')})"
        for one in fields
        if one.is_unusual(record.get(one.name))
    )
    return Result(
        headline=str(found.value) if isinstance(found.value, str) else number(found.value, unit),
        certainty=_certainty(found, interval, unit, words),
        scale=_scale(found.value, interval, target) if isinstance(found.value, float) else None,
        chances=_chances(found),
        unlike=_unlike(found, words),
        unusual=unusual if found.novelty is not None and found.novelty.unlike else (),
        likeness=_likeness(found, words),
        lead=lead(found, amount, words),
        in_points=amount.is_share,
        parts=() if why is None else parts_of(why, fields, record, amount, words),
        method="" if why is None else method_of(why, amount, words),
        version=found.version,
    )


def _clipped(found: "Prediction", target: "Column | None") -> tuple[float, float] | None:
    """The interval, without what cannot be true: no outcome is lost by that."""
    if found.interval is None or target is None or target.range is None:
        return found.interval
    low, high = (min(max(end, target.range[0]), target.range[1]) for end in found.interval)
    return (low, high) if low < high else found.interval


def _certainty(found: "Prediction", interval: tuple[float, float] | None, unit: str, words: Words) -> str:
    coverage = "" if found.reading is None else f"{found.reading.coverage:.0%}".replace("%", " %")
    if isinstance(found.value, float):
        if interval is None:
            return words("result.no-interval")
        low, high = format_number(interval[0], 3), format_number(interval[1], 3)
        return words(
            "result.interval" if coverage else "result.interval-only",
            low=low, high=high, unit=f" {unit}" if unit else "", coverage=coverage,
        )  # fmt: skip
    said = found.reading
    threshold = ""
    if said is not None and said.positive:
        threshold = words("result.threshold", positive=said.positive, threshold=percent(said.threshold)) + " "
    if not found.classes:
        return threshold + words("result.no-class", coverage=coverage)
    listed = words("result.or").join(found.classes)
    return threshold + words("result.set" if coverage else "result.set-only", classes=listed, coverage=coverage)


def _scale(value: float, interval: tuple[float, float] | None, target: "Column | None") -> Scale | None:
    if interval is None or target is None or target.range is None:
        return None
    low, high = target.range

    def place(point: float) -> float:
        return round(min(max((point - low) / (high - low), 0.0), 1.0) * WIDTH, 2)

    start, end = place(interval[0]), place(interval[1])
    return Scale(format_number(low), format_number(high), start, round(end - start, 2), place(value))


def _chances(found: "Prediction") -> tuple[Chance, ...]:
    ordered = sorted(found.probabilities.items(), key=lambda pair: -pair[1])
    return tuple(Chance(name, percent(p), round(p * WIDTH, 2), name == found.value) for name, p in ordered)


def _unlike(found: "Prediction", words: Words) -> str:
    if found.novelty is None or not found.novelty.unlike:
        return ""
    return words("result.unlike", level=f"{round(1 / found.novelty.level):,}")


def _likeness(found: "Prediction", words: Words) -> str:
    """Why nothing is said of how unlike the population the record is; empty where something is."""
    if found.novelty is None:
        return words("result.likeness-unknown")
    return words("result.likeness-few", records=f"{found.novelty.records:,}") if found.novelty.unlike is None else ""
