"""One table of the page, and how its cells are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.rates import Rate


def table(title: str, words: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table with its title and a sentence; none where it has no rows."""
    rows = list(rows)
    if not rows:
        return
    yield from ("", f"## {title}", "", words, "")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


def rate_of(rate: Rate) -> str:
    """A rate as its counts, with its interval."""
    low, high = rate.interval
    return f"{rate.hits} of {rate.tries:,} ({100 * low:.2f} to {100 * high:.2f} %)"


def counts(verdicts: dict[str, int]) -> str:
    """How often there was each verdict."""
    return ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items()))


def one_in(hits: int, tries: int) -> str:
    """A rate as one in so many."""
    return f"one in {tries / hits:,.0f}" if hits else f"none in {tries:,}"
