"""The results as tables that a person reads."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown.costs import peers, processes, scale, speed
from benchmarks.markdown.over_time import delays, dependent, years
from benchmarks.markdown.single_checks import (
    detection,
    false_alarms,
    feeds,
    held_out,
    oracle,
    random_changes,
    segments,
    subgroups,
    two_sample_tests,
)
from benchmarks.results import Results


def page(results: Results) -> str:
    """The whole page."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield from (f"- {name}: {value}" for name, value in results.machine.items())
    if results.scale < 0.05:
        yield f"- a short run: {100 * results.scale:g} % of the windows, so the intervals are wide"
    yield from false_alarms(results)
    yield from detection(results)
    yield from held_out(results)
    yield from random_changes(results)
    yield from two_sample_tests(results)
    yield from oracle(results)
    yield from feeds(results)
    yield from scale(results)
    yield from subgroups(results)
    yield from segments(results)
    yield from years(results)
    yield from delays(results)
    yield from dependent(results)
    yield from speed(results)
    yield from processes(results)
    yield from peers(results)
