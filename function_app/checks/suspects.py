"""Which files break a window? Group testing: the innocent among them are found together, the guilty one by one.

First a group of files is looked for that is calm by itself: halves, quarters, and so on. To it the other files are
added group by group. Where the window stays without incident, all of the group are innocent and stay in it. Where it
breaks, the group is halved, down to single files. So n files of which k are broken take about k log2(n) comparisons
(Dorfman 1943; Hwang 1972). Every file is judged beside enough rows, however small it is.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from function_app.incoming.sources import File

MOST_COMPARISONS = 100  # of one check: enough for 10 broken files among 1,000, and minutes at the largest windows


class Answer(Enum):
    """What one comparison says of a group of files."""

    CALM = "calm"
    BROKEN = "broken"
    UNKNOWN = "unknown"  # too few rows


@dataclass(frozen=True)
class Suspects:
    """Files that break the window, and files that no comparison was left for."""

    guilty: "tuple[File, ...]"
    undecided: "tuple[File, ...]" = ()


class Mergeable(Protocol):
    """A window: what was read of some files."""

    def merge(self, other: Self) -> Self:
        """Both together."""
        ...


_Window = TypeVar("_Window", bound=Mergeable)


def find_guilty(
    files: "Sequence[File]",
    build: "Callable[[Sequence[File]], _Window]",
    judge: Callable[[_Window], Answer],
) -> Suspects:
    """The broken files among those of a window that is broken as a whole.

    Parameters
    ----------
    files : Sequence[File]
        Of the window, oldest first.
    build : Callable[[Sequence[File]], _Window]
        The window of some of the files.
    judge : Callable[[_Window], Answer]
        What the engine says of a window by itself.

    Returns
    -------
    Suspects
        All are guilty where no group of them is calm by itself, or where only all of them together break it.
        Undecided are those for which `MOST_COMPARISONS` did not suffice; there are none unless some are guilty.

    Raises
    ------
    Exception
        What `build` and `judge` raise.
    """
    search = _Search(build, judge)
    calm = search.calm_group(tuple(files))
    if calm is None:
        return Suspects(tuple(files))
    rest = tuple(file for file in files if file not in calm)
    return search.tested(calm, rest)


class _Search(Generic[_Window]):
    def __init__(self, build: "Callable[[Sequence[File]], _Window]", judge: Callable[[_Window], Answer]) -> None:
        self._build, self._judge = build, judge
        self._left = MOST_COMPARISONS

    def calm_group(self, files: "tuple[File, ...]") -> "tuple[File, ...] | None":
        """The first of the halves, quarters, ... that is calm by itself; None where there is none.

        Half of the comparisons may be spent on it.
        """
        groups = [files]
        while len(groups) < len(files) and self._left > MOST_COMPARISONS // 2:
            groups = [part for group in groups for part in _halves(group)]
            for group in groups:
                if self._left > MOST_COMPARISONS // 2 and self._answer(self._build(group)) is Answer.CALM:
                    return group
        return None

    def tested(self, calm: "tuple[File, ...]", rest: "tuple[File, ...]") -> Suspects:
        """Which of the rest break a window that begins with the calm group."""
        base = self._build(calm)
        waiting = deque(_halves(rest))
        guilty: list[File] = []
        while waiting and self._left > 0:
            group = waiting.popleft()
            together = base.merge(self._build(group))
            if self._answer(together) is not Answer.BROKEN:
                base = together
            elif len(group) > 1:
                waiting.extendleft(reversed(_halves(group)))
            else:
                guilty += group
        undecided = tuple(file for group in waiting for file in group)
        if not guilty:
            return Suspects(undecided or (*calm, *rest))
        confirmed = [file for file in guilty if not self._calm_after_all(base, file)]
        return Suspects(tuple(confirmed or guilty), undecided)

    def _calm_after_all(self, base: _Window, file: "File") -> bool:
        # Blamed beside few rows, it is looked at once more beside all that are innocent.
        return self._left > 0 and self._answer(base.merge(self._build((file,)))) is Answer.CALM

    def _answer(self, window: _Window) -> Answer:
        self._left -= 1
        return self._judge(window)


def _halves(files: "tuple[File, ...]") -> "list[tuple[File, ...]]":
    middle = (len(files) + 1) // 2
    return [half for half in (files[:middle], files[middle:]) if half]
