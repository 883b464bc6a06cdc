"""What a person sees while the loop runs: a line for each thing that happens, with how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.text import Text

from driftloop.wording.number_formats import format_short_rarity

_STYLE = {
    "stable": "green",
    "drift": "bold yellow",
    "incident": "bold red",
    "insufficient": "dim",
    "degraded": "bold yellow",
    "success": "green",
    "failure": "bold red",
    "cancelled": "red",
}
_COLUMNS = (4, 10, 18, 5, 12, 16)


class Timeline:
    """Prints the loop, a line at a time; in a terminal a spinner says what is under way."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._started = time.monotonic()

    def heading(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(text, style="bold"))

    def note(self, text: str) -> None:
        """A line below a heading."""
        self.console.print(Text(f"  {text}", style="dim"), soft_wrap=True)

    def header(self) -> None:
        """Names the columns of the lines that `day` prints."""
        names = ("day", "date", "what came in", "rows", "verdict", "without drift")
        line = Text("  ")
        for name, width in zip(names, _COLUMNS, strict=True):
            line.append(
                name.rjust(width) + "  " if name in {"rows", "without drift"} else name.ljust(width) + "  ", style="dim"
            )
        line.append("what was started", style="dim")
        self.console.print(line, soft_wrap=True)

    def day(
        self,
        number: int,
        when: date,
        window: str,
        rows: int,
        verdict: str,
        p: float | None,
        started: str,
        seconds: float,
    ) -> None:
        """One day: window, verdict, in how many checks such evidence is seen without drift, and what was started."""
        rarity = "—" if p is None else format_short_rarity(p)
        cells = (str(number), when.isoformat(), window, f"{rows:,}", verdict, rarity)
        line = Text("  ")
        for index, (cell, width) in enumerate(zip(cells, _COLUMNS, strict=True)):
            text = cell.rjust(width) if index in {3, 5} else cell.ljust(width)
            line.append(text + "  ", style=_STYLE.get(verdict, "") if index == 4 else "")
        line.append(started)
        line.append(f"  {seconds:.1f} s", style="dim")
        self.console.print(line, soft_wrap=True)

    def event(self, text: str, *, outcome: str = "", seconds: float | None = None) -> None:
        """Something that happened between the days."""
        line = Text("  ")
        line.append(text)
        if outcome:
            line.append(f"  {outcome}", style=_STYLE.get(outcome, "bold"))
        if seconds is not None:
            line.append(f"  {seconds:.1f} s", style="dim")
        self.console.print(line, soft_wrap=True)

    def detail(self, text: str) -> None:
        self.console.print(Text(f"      {text}", style="dim"), soft_wrap=True)

    @contextmanager
    def working(self, text: str) -> Iterator["Stopwatch"]:
        """A spinner while the block runs; yields a stopwatch."""
        stopwatch = Stopwatch()
        if self.console.is_terminal:
            with self.console.status(text):
                yield stopwatch
        else:
            yield stopwatch

    @property
    def elapsed(self) -> float:
        """Seconds since the timeline was made."""
        return time.monotonic() - self._started


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started
