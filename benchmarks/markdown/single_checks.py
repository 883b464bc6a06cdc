"""Tables of single checks: false alarms, and which changes, feeds, subgroups and segments are found."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown.table import counts, table
from benchmarks.results import Results, percent


def false_alarms(results: Results) -> Iterator[str]:
    return table(
        "False alarms of one check at alpha 0.05",
        "350 reference records and a window, drawn independently from one population. `drift` or `incident`, with 95 % "
        "intervals; KS + chi²: each column, Bonferroni.",
        ("table", "rows", "driftloop", "KS + chi²", "verdicts"),
        ((r.table, f"{r.rows:,}", r.driftloop, percent(r.plain), counts(r.verdicts)) for r in results.false_alarms),
    )


def detection(results: Results) -> Iterator[str]:
    return table(
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


def held_out(results: Results) -> Iterator[str]:
    return table(
        "Detection of changes that no choice in the engine was made by",
        "Other changes, most of other tables; 350 reference records, the changed column takes turns.",
        ("change", "rows", "driftloop", "KS + chi²", "hardest column"),
        ((r.case, r.rows, r.driftloop, r.plain, f"{r.worst[0] or '–'} {r.worst[1]:.0%}") for r in results.held_out),
    )


def random_changes(results: Results) -> Iterator[str]:
    return table(
        "Detection of changes drawn at random",
        "Smooth changes of random columns of six tables (`benchmarks/random_changes.py`); 350 reference records.",
        ("change", "rows", "driftloop", "KS + chi²"),
        ((r.case, r.rows, r.driftloop, r.plain) for r in results.random_changes),
    )


def two_sample_tests(results: Results) -> Iterator[str]:
    return table(
        "Tests of any difference on the same windows",
        "A forest that learns on one half which rows are the window's, and the maximum mean discrepancy, each with its "
        "permutation law at 0.05.",
        ("change", "rows", "driftloop", "KS + chi²", "classifier", "MMD"),
        (
            (r.case, r.rows, r.driftloop, percent(r.plain), percent(r.classifier), percent(r.mmd))
            for r in results.two_sample_tests
        ),
    )


def oracle(results: Results) -> Iterator[str]:
    levels = list(results.oracle[0].at) if results.oracle else []
    return table(
        "The best possible test",
        "It knows the change and looks for nothing else: the likelihood ratio, one-sided, at each level.",
        ("change", "rows", *(f"at {100 * float(level):g} %" for level in levels)),
        ((r.case, r.rows, *r.at.values()) for r in results.oracle),
    )


def feeds(results: Results) -> Iterator[str]:
    yield from table(
        "Real feeds without a change",
        "350 baseline records and a window of an odd table (`benchmarks/real_feeds/shapes.py`). Asked: alarms at most "
        "5 % within binomial error, incidents at most 1 %.",
        ("feed", "rows", "drift or incident", "incident"),
        ((r.feed, r.rows, r.alarms, percent(r.incidents)) for r in results.unchanged_feeds),
    )
    yield from table(
        "Broken feeds and other units",
        "60 rows of a table that a pipeline has broken (`benchmarks/real_feeds/faults.py`). Asked: an incident in "
        "98 %.",
        ("fault", "incident", "drift or incident"),
        ((r.feed, r.incidents, percent(r.alarms)) for r in results.broken_feeds),
    )


def subgroups(results: Results) -> Iterator[str]:
    return table(
        "Planted subgroups",
        "600 baseline records and a window of 500, in which a random rule's share or content changes. Asked: named in "
        "80 %, with a Jaccard index of at least 0.7; without a change anything in at most 5 %. Two oracles: one knows "
        "what changed and searches the rules, one knows the rule too and tests it alone.",
        ("table", "planted", "records", "named", "change known", "rule known"),
        ((r.table, r.kind, f"{r.share:.0%}", r.rate, r.rules or "", r.known or "") for r in results.subgroups),
    )


def segments(results: Results) -> Iterator[str]:
    return table(
        "Segments",
        "600 baseline records and a window of 500; a random column moves inside one segment. Asked: without a change "
        "any segment in at most 5 %.",
        ("table", "shift", "named", "another one"),
        ((r.table, f"{r.shift} sd", r.named, r.others) for r in results.segments),
    )
