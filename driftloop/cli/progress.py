"""How far long work has come, on standard error, where a person looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def shown_progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with the steps that are done and all of them; None where nobody looks on.

    Nothing is shown when standard error is no terminal, so that logs and scripts stay clean. The bar has a rate's
    inverse, the time that is left, as click estimates it from the steps so far.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, show_eta=True, show_pos=True) as bar:

        def update(done: int, steps: int) -> None:
            bar.length = steps
            bar.update(done - bar.pos)

        yield update
