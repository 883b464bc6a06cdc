"""What a drift does to the model as every presentation shows it: the estimate, what it assumes, what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftloop.impact.impact import CAVEAT
from driftloop.report.charts.impact_picture import draw_impact

if TYPE_CHECKING:
    from driftloop.impact.impact import Impact
    from driftloop.report.shown import Shown
    from driftloop.report.words.language import Sentence, Words


@dataclass(frozen=True)
class ImpactView:
    """`stand`: whether the error has grown. `said`: the engine's sentences on it. `assumed`, `unseen`: what it takes
    for granted, and what it cannot see. `svg`: the picture, None where nothing can be said.
    """

    stand: str
    said: tuple[Sentence, ...]
    assumed: str
    unseen: str
    svg: str | None

    def lines(self) -> list[str]:
        """As lines of text, without the picture."""
        return [self.stand, *(sentence.text for sentence in self.said), self.assumed, self.unseen]


def view_impact(impact: Impact, words: Words) -> ImpactView:
    """The view of what `driftloop.Check.impact` found, in the reader's language."""
    said = tuple(words.sentence(sentence) for sentence in impact.sentences if sentence != CAVEAT)
    assumed = "impact.assumed-labels" if impact.labels else "impact.assumed"
    unseen = "impact.unseen-labels" if impact.labels else "impact.unseen"
    stand = words(_stand(impact), tolerance=f"{impact.tolerance:.0%}")
    return ImpactView(stand, said, words(assumed), words(unseen), draw_impact(impact, words))


def without_impact(check: Shown) -> tuple[str, ...]:
    """A check's notes, but for what the section on the model's error says."""
    said = () if check.estimated is None else check.estimated.sentences
    return tuple(note for note in check.notes if note not in said)


def _stand(impact: Impact) -> str:
    """Which of the sentences on growth holds: the interval of growth against 0 and the tolerance."""
    if impact.growth is None:
        return "impact.unknown"
    if impact.growth[0] > impact.tolerance:
        return "impact.beyond"
    if impact.harmless:
        return "impact.harmless"
    return "impact.worse" if impact.worse else "impact.open"
