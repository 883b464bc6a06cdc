"""Tables of what checks cost: wide tables, many models, seconds and memory, other tools."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown.table import counts, table
from benchmarks.results import Results, percent


def scale(results: Results) -> Iterator[str]:
    yield from table(
        "False alarms of wide tables",
        "200 baseline records and a window of 40 that did not change, at the policy's defaults; asked: at most 5 %.",
        ("columns", "drift or incident", "verdicts", "CPU seconds a check"),
        ((r.columns, r.alarms, counts(r.verdicts), f"{r.cpu:.1f}") for r in results.wide_alarms),
    )
    yield from table(
        "What one model costs while more are watched",
        "Requests to storage, bytes of their bodies and processor time of the app's process, of one model; Azurite.",
        ("models", "part", "blob", "queue", "table", "kB", "CPU ms"),
        (
            (
                f"{r.models:,}",
                r.part,
                f"{r.blob:.1f}",
                f"{r.queue:.1f}",
                f"{r.table:.2f}",
                f"{r.kilobytes:.1f}",
                f"{r.cpu_ms:.1f}",
            )
            for r in results.many_models
        ),
    )


def speed(results: Results) -> Iterator[str]:
    return table(
        "Speed and memory",
        "Whole processes; seconds and processor time are medians of repetitions, memory is the process's largest.",
        ("what", "rows", "seconds", "CPU", "MB"),
        (
            (
                r.name,
                "350 + 92" if r.rows == 442 else f"{r.rows:,} + {r.rows:,}",
                f"{r.seconds:.3f}",
                f"{r.cpu:.3f}",
                f"{r.megabytes:.0f}",
            )
            for r in results.speed
        ),
    )


def processes(results: Results) -> Iterator[str]:
    return table(
        "Whole processes",
        "Medians of some runs, in seconds by the clock and of the processor with all child processes.",
        ("what", "runs", "seconds", "CPU"),
        ((r.name, r.runs, f"{r.seconds:.2f}", f"{r.cpu:.2f}") for r in [*results.cold_start, *results.loop]),
    )


def peers(results: Results) -> Iterator[str]:
    sets = list(results.peers[0].rates) if results.peers else []
    return table(
        "Other tools on the same records",
        "350 + 100 records of the diabetes data; share of windows called drift. Cold: a fresh process to the first "
        "answer; warm: one comparison; large: 1,000,000 + 1,000,000 rows of ten columns in memory.",
        ("tool", "settings", *sets, "cold s", "warm s", "large s"),
        (
            (
                f"{p.name} {p.version}".strip(),
                p.skipped or p.settings,
                *(percent(p.rates.get(name)) for name in sets),
                *("–" if value is None else f"{value:.2f}" for value in (p.cold, p.warm, p.large)),
            )
            for p in results.peers
        ),
    )
