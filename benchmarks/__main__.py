"""`python -m benchmarks`: measure, and write a table, the numbers and a picture to out/benchmarks/."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from benchmarks.clustered_seasons import clustered_seasons
from benchmarks.clustered_years import checked_years, clustered_years
from benchmarks.clusters import clustered
from benchmarks.cold_start import cold_start
from benchmarks.loop import loop
from benchmarks.many_models import many_models
from benchmarks.markdown.page import page
from benchmarks.oracle import oracle
from benchmarks.peers.compare import peers
from benchmarks.peers.two_sample_tests import two_sample_tests
from benchmarks.picture import svg
from benchmarks.real_feeds.measure import broken_feeds, unchanged_feeds
from benchmarks.results import Results, machine
from benchmarks.season_coverage import coverage
from benchmarks.seasons import seasonal
from benchmarks.segments import segment_rates
from benchmarks.single import detection, false_alarms, held_out, random_changes
from benchmarks.speed import timings
from benchmarks.subgroups import named_subgroups
from benchmarks.wide import wide_alarms
from benchmarks.years import delays, null_years

PARTS: tuple[str, ...] = (
    *("speed", "cold_start", "loop", "detection", "held_out", "false_alarms", "unchanged_feeds", "broken_feeds"),
    *("subgroups", "segments", "wide_alarms", "many_models"),
    *(
        "delays",
        "years",
        "clusters",
        "clustered_years",
        "checked_years",
        "seasons",
        "season_coverage",
        "clustered_seasons",
        "peers",
    ),
    *("random_changes", "two_sample_tests", "oracle"),
)
QUICK = 0.002


@click.command()
@click.option(
    "--quick", is_flag=True, help=f"{QUICK:.1%} of the windows, without peers and the loop: does it still run?"
)
@click.option("--scale", type=click.FloatRange(0.0005, 10), help="Share of the windows to draw; 1 takes hours.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(PARTS),
    help="Only these parts; the others keep the numbers of an earlier run.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/benchmarks"))
def main(quick: bool, scale: float | None, only: tuple[str, ...], out: Path) -> None:
    """Measure what the README quotes."""
    size = QUICK if quick else 1.0 if scale is None else scale
    results = _earlier(out, size) if only else Results(machine(), size)
    measures: dict[str, Callable[[], Sequence[object]]] = {
        "speed": lambda: timings(size),
        "cold_start": cold_start,
        "loop": loop,
        "detection": lambda: detection(size),
        "held_out": lambda: held_out(size),
        "two_sample_tests": lambda: two_sample_tests(size),
        "oracle": lambda: oracle(size),
        "random_changes": lambda: random_changes(size),
        "false_alarms": lambda: false_alarms(size),
        "unchanged_feeds": lambda: unchanged_feeds(size),
        "broken_feeds": lambda: broken_feeds(size),
        "subgroups": lambda: named_subgroups(size),
        "segments": lambda: segment_rates(size),
        "wide_alarms": lambda: wide_alarms(size),
        "many_models": lambda: many_models(size),
        "delays": lambda: delays(size),
        "years": lambda: null_years(size),
        "clusters": lambda: clustered(size),
        "clustered_years": lambda: clustered_years(size),
        "checked_years": lambda: checked_years(size),
        "seasons": lambda: seasonal(size),
        "season_coverage": lambda: coverage(size),
        "clustered_seasons": lambda: clustered_seasons(size),
        "peers": lambda: peers(size, Path("out/peers")),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in only or tuple(part for part in PARTS if not (quick and part in ("peers", "loop", "many_models"))):
        setattr(results, name, measures[name]())
        _write(results, out)
    click.echo(f"{out / 'benchmarks.md'}, {out / 'benchmarks.json'}, {out / 'benchmarks.svg'}")


def _earlier(out: Path, scale: float) -> Results:
    """The numbers of an earlier run in the same place, if there are any."""
    known = out / "benchmarks.json"
    results = msgspec.json.decode(known.read_bytes(), type=Results) if known.exists() else Results({}, scale)
    results.machine, results.scale = machine(), scale
    return results


def _write(results: Results, out: Path) -> None:
    """After every part, so that a long run that is stopped has not run for nothing."""
    (out / "benchmarks.md").write_text(page(results), encoding="utf-8")
    (out / "benchmarks.json").write_text(json.dumps(results.to_dict(), indent=1), encoding="utf-8")
    (out / "benchmarks.svg").write_text(svg(results), encoding="utf-8")


if __name__ == "__main__":
    main()
