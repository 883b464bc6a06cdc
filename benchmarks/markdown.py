"""The results as tables that a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.rates import Rate
from benchmarks.results import Results, percent


def page(results: Results) -> str:
    """The whole page."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield from (f"- {name}: {value}" for name, value in results.machine.items())
    if results.scale < 0.05:
        yield f"- a short run: {100 * results.scale:g} % of the windows, so the intervals are wide"
    yield from _false_alarms(results)
    yield from _detection(results)
    yield from _held_out(results)
    yield from _random_changes(results)
    yield from _two_sample_tests(results)
    yield from _oracle(results)
    yield from _feeds(results)
    yield from _scale(results)
    yield from _subgroups(results)
    yield from _segments(results)
    yield from _years(results)
    yield from _delays(results)
    yield from _dependent(results)
    yield from _speed(results)
    yield from _processes(results)
    yield from _peers(results)


def _table(title: str, words: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    yield from ("", f"## {title}", "", words, "")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


def _false_alarms(results: Results) -> Iterator[str]:
    return _table(
        "False alarms of one check at alpha 0.05",
        "350 reference records and a window, drawn independently from one population. `drift` or `incident`, with 95 % "
        "intervals; KS + chi²: each column, Bonferroni.",
        ("table", "rows", "driftloop", "KS + chi²", "verdicts"),
        ((r.table, f"{r.rows:,}", r.driftloop, percent(r.plain), _counts(r.verdicts)) for r in results.false_alarms),
    )


def _dependent(results: Results) -> Iterator[str]:
    yield from _table(
        "Records that depend on one another: one check at alpha 0.05",
        "350 reference records and a window of about 50, in groups with this intraclass correlation; `drift` or "
        "`incident` without a change, with 95 % intervals; found: a shift of 0.7 standard deviations of one column.",
        ("groups", "correlation", "with the role", "without it", "found with it"),
        ((r.design, r.correlation, r.with_role, r.without, percent(r.found)) for r in results.clusters),
    )
    yield from _table(
        "The same with evidence: false retrains of all checks",
        "Years of 52 windows, ended by their first false retrain; the sums alone, which have 0.75 / 520 = 0.14 % a "
        "check. Found: the same shift within 12 checks.",
        ("groups", "correlation", "with the role", "without it", "found with it"),
        (
            (r.design, r.correlation, _of(r.with_role), _of(r.without), percent(r.found))
            for r in results.clustered_years
        ),
    )
    yield from _table(
        "Whole checks with evidence, groups on both sides",
        "Years of 52 windows, ended by their first drift or incident: at most 10 % of years, and one in 520 checks. "
        "Found: the same shift within 12 checks.",
        ("groups", "correlation", "years with a false retrain", "of all checks", "found", "median week"),
        (
            (r.design, r.correlation, r.years, _of(r.checks), percent(r.found), f"{r.median:g}")
            for r in results.checked_years
        ),
    )
    yield from _table(
        "A weekday pattern",
        "A baseline of 20 weeks, windows of 40 records of one day; a shift of 0.7 standard deviations of one column.",
        ("windows", "with the season", "without it", "found with it"),
        (
            (r.windows, r.with_season, r.without, percent(r.found))
            for r in (*results.seasons, *results.season_coverage, *results.clustered_seasons)
        ),
    )


def _of(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.hits} of {rate.tries:,} ({100 * low:.2f} to {100 * high:.2f} %)"


def _detection(results: Results) -> Iterator[str]:
    return _table(
        "Detection at that rate",
        "350 reference records of the diabetes population; the changed column takes turns.",
        ("change", "rows", "driftloop", "asked", "KS + chi²", "hardest column"),
        (
            (
                r.case,
                r.rows,
                r.driftloop,
                "–" if r.goal is None else f"{r.goal:.0%}",
                percent(r.plain),
                f"{r.worst[0] or '–'} {r.worst[1]:.0%}",
            )
            for r in results.detection
        ),
    )


def _held_out(results: Results) -> Iterator[str]:
    return _table(
        "Detection of changes that no choice in the engine was made by",
        "Other changes, most of other tables; 350 reference records, the changed column takes turns.",
        ("change", "rows", "driftloop", "KS + chi²", "hardest column"),
        ((r.case, r.rows, r.driftloop, r.plain, f"{r.worst[0] or '–'} {r.worst[1]:.0%}") for r in results.held_out),
    )


def _random_changes(results: Results) -> Iterator[str]:
    return _table(
        "Detection of changes drawn at random",
        "Smooth changes of random columns of six tables (`benchmarks/random_changes.py`); 350 reference records.",
        ("change", "rows", "driftloop", "KS + chi²"),
        ((r.case, r.rows, r.driftloop, r.plain) for r in results.random_changes),
    )


def _two_sample_tests(results: Results) -> Iterator[str]:
    return _table(
        "Tests of any difference on the same windows",
        "A forest that learns on one half which rows are the window's, and the maximum mean discrepancy, each with its "
        "permutation law at 0.05.",
        ("change", "rows", "driftloop", "KS + chi²", "classifier", "MMD"),
        (
            (r.case, r.rows, r.driftloop, percent(r.plain), percent(r.classifier), percent(r.mmd))
            for r in results.two_sample_tests
        ),
    )


def _oracle(results: Results) -> Iterator[str]:
    levels = list(results.oracle[0].at) if results.oracle else []
    return _table(
        "The best possible test",
        "It knows the change and looks for nothing else: the likelihood ratio, one-sided, at each level.",
        ("change", "rows", *(f"at {100 * float(level):g} %" for level in levels)),
        ((r.case, r.rows, *r.at.values()) for r in results.oracle),
    )


def _feeds(results: Results) -> Iterator[str]:
    yield from _table(
        "Real feeds without a change",
        "350 baseline records and a window of an odd table (`benchmarks/real_feeds/shapes.py`). Asked: alarms at most "
        "5 % within binomial error, incidents at most 1 %.",
        ("feed", "rows", "drift or incident", "incident"),
        ((r.feed, r.rows, r.alarms, percent(r.incidents)) for r in results.unchanged_feeds),
    )
    yield from _table(
        "Broken feeds and other units",
        "60 rows of a table that a pipeline has broken (`benchmarks/real_feeds/faults.py`). Asked: an incident in "
        "98 %.",
        ("fault", "incident", "drift or incident"),
        ((r.feed, r.incidents, percent(r.alarms)) for r in results.broken_feeds),
    )


def _subgroups(results: Results) -> Iterator[str]:
    return _table(
        "Planted subgroups",
        "600 baseline records and a window of 500, in which a random rule's share or content changes. Asked: named in "
        "80 %, with a Jaccard index of at least 0.7; without a change anything in at most 5 %. Two oracles: one knows "
        "what changed and searches the rules, one knows the rule too and tests it alone.",
        ("table", "planted", "records", "named", "change known", "rule known"),
        ((r.table, r.kind, f"{r.share:.0%}", r.rate, r.rules or "", r.known or "") for r in results.subgroups),
    )


def _segments(results: Results) -> Iterator[str]:
    return _table(
        "Segments",
        "600 baseline records and a window of 500; a random column moves inside one segment. Asked: without a change "
        "any segment in at most 5 %.",
        ("table", "shift", "named", "another one"),
        ((r.table, f"{r.shift} sd", r.named, r.others) for r in results.segments),
    )


def _scale(results: Results) -> Iterator[str]:
    yield from _table(
        "False alarms of wide tables",
        "200 baseline records and a window of 40 that did not change, at the policy's defaults; asked: at most 5 %.",
        ("columns", "drift or incident", "verdicts", "CPU seconds a check"),
        ((r.columns, r.alarms, _counts(r.verdicts), f"{r.cpu:.1f}") for r in results.wide_alarms),
    )
    yield from _table(
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


def _years(results: Results) -> Iterator[str]:
    return _table(
        "52 weekly checks of 50 records without drift, at the default budget",
        "A year ends with its first false retrain. Asked: at most 10 % of years, at most one in 520 checks.",
        ("table", "years", "years with a false retrain", "one in so many checks", "KS + chi² at 0.05: years", "one in"),
        (
            (
                r.table,
                r.years.tries,
                r.years,
                _one_in(r.checks.hits, r.checks.tries),
                percent(r.plain_years),
                _one_in(r.plain_checks.hits, r.plain_checks.tries) if r.plain_checks else "–",
            )
            for r in results.years
        ),
    )


def _delays(results: Results) -> Iterator[str]:
    return _table(
        "How fast a shift of one column is found, in weekly windows of 50 records",
        "Medians over the diabetes columns in turn. KS + chi²: each check at 0.05, with the false alarms shown above.",
        ("shift", "from the first week", "90 % within", "after 10 quiet weeks", "asked", "KS + chi²", "years"),
        (
            (
                f"{r.deviations} sd",
                f"{r.median:g}",
                f"{r.ninety:g}",
                f"{r.after_quiet_median:g}",
                r.asked,
                f"{r.plain_median:g}",
                r.years,
            )
            for r in results.delays
        ),
    )


def _speed(results: Results) -> Iterator[str]:
    return _table(
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


def _processes(results: Results) -> Iterator[str]:
    return _table(
        "Whole processes",
        "Medians of some runs, in seconds by the clock and of the processor with all child processes.",
        ("what", "runs", "seconds", "CPU"),
        ((r.name, r.runs, f"{r.seconds:.2f}", f"{r.cpu:.2f}") for r in [*results.cold_start, *results.loop]),
    )


def _peers(results: Results) -> Iterator[str]:
    sets = list(results.peers[0].rates) if results.peers else []
    return _table(
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


def _counts(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items()))


def _one_in(hits: int, tries: int) -> str:
    return f"one in {tries / hits:,.0f}" if hits else f"none in {tries:,}"
