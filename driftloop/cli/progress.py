"""How far long work has come, on standard error, where a person looks on.

Nothing is shown when standard error is no terminal, so that logs and scripts stay clean.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from driftloop.parts.means import Observer
from driftloop.wording.counts import count_of

PATIENCE = 1.0
"""Seconds before anything is shown: shorter work needs no progress."""
PAUSE = 0.2
"""Seconds between two updates: the eye follows no faster, and writing costs."""


@contextmanager
def shown_progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with the steps that are done and all of them; None where nobody looks on.

    The bar has a rate's inverse, the time that is left, as click estimates it from the steps so far.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, show_eta=True, show_pos=True) as bar:

        def update(done: int, steps: int) -> None:
            bar.length = steps
            bar.update(done - bar.pos)

        yield update


class StatusLine:
    """One line that is written over: how much is done, how fast, and how long the rest takes."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._on = not quiet and sys.stderr.isatty()
        self._clock = clock
        self._started = clock()
        self._last = self._started + PATIENCE - PAUSE
        self._shown = False
        self._rows = 0
        self._file: tuple[str, float] | None = None
        self.by_parts = False
        """Whether what is read now is told by `parts`."""

    def rows(self, name: str, rows: int, share: float | None) -> None:
        """Rows have been read of a file, of which `share` is done; otherwise as `driftloop.data.readers.progress`."""
        if self.by_parts:
            return
        now = self._clock()
        self._rows += rows
        if self._file is None or self._file[0] != name:
            self._file = (name, now)
        took = now - self._started
        left = None if not share else (now - self._file[1]) * (1 / share - 1)
        rate = self._rows / took if took > 0 else 0.0
        self._show(now, f"{name}: {count_of(self._rows, 'row')}, {rate:,.0f} rows/s", left)

    def parts(self, rows: int, all_rows: int | None, done: int, parts: int) -> None:
        """Rows and parts of a source have been read; `all_rows` where footers tell."""
        now = self._clock()
        took = now - self._started
        rate = rows / took if took > 0 else 0.0
        left = (all_rows - rows) / rate if all_rows is not None and rate else None
        of_all = "" if all_rows is None else f"{rows:,} of "
        self._show(
            now,
            f"{done:,} of {count_of(parts, 'part')}, "
            f"{of_all}{count_of(rows if all_rows is None else all_rows, 'row')}, {rate:,.0f} rows/s",
            left,
        )

    def windows(self, done: int, all_of_them: int) -> None:
        """Windows have been checked."""
        now = self._clock()
        took = now - self._started
        rate = done / took if took > 0 else 0.0
        left = (all_of_them - done) / rate if rate else None
        self._show(now, f"{done:,} of {count_of(all_of_them, 'window')}, {rate:,.1f} windows/s", left)

    @property
    def observer(self) -> Callable[[str, int, float | None], None] | None:
        """What to tell of rows; None where nobody looks on."""
        return self.rows if self._on else None

    def clear(self) -> None:
        """Make room for what is printed."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False

    def _show(self, now: float, text: str, left: float | None) -> None:
        if not self._on or now - self._last < PAUSE:
            return
        from driftloop.report.words.cells import line_width, padded
        from driftloop.report.words.plain_text import visible

        self._last = now
        rest = "" if left is None else f", {_duration(left)} left"
        # As long as the line at most: a line that wraps could not be written over.
        line = padded(visible(text), max(line_width() - len(rest) - 1, 1)).rstrip()
        click.echo(f"\r\x1b[K{line}{rest}", nl=False, err=True)
        self._shown = True


class PartsStatus(Observer):
    """Tells a status line how far the parts of a source are; processes tell it at the same time."""

    def __init__(self, status: StatusLine) -> None:
        self._status, self._lock = status, threading.Lock()
        self._rows = self._done = self._parts = 0
        self._all_rows: int | None = None
        self.known = 0
        """Parts, or several as one, that were known from before."""
        self.to_read = 0
        """Parts that were not."""

    def planned(self, parts: int, cached: int, rows: int | None) -> None:
        """So much is to be read."""
        self._parts, self._all_rows, self._rows, self._done = parts, rows, 0, 0
        self._status.by_parts = parts > 0
        self.known += cached
        self.to_read += parts

    def read(self, name: str, rows: int) -> None:
        """Rows have been read."""
        del name
        with self._lock:
            self._rows += rows
            self._status.parts(self._rows, self._all_rows, self._done, self._parts)

    def finished(self, name: str, parts: int) -> None:
        """Parts are done."""
        del name
        with self._lock:
            self._done += parts
            self._status.by_parts = self._done < self._parts


def _duration(seconds: float) -> str:
    """A time that is left, as coarse as an estimate is.

    >>> _duration(3.6), _duration(150), _duration(8000)
    ('4 s', '2 min 30 s', '2 h 13 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
