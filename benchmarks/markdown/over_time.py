"""Tables of checks one after the other, and of records that depend on one another."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.markdown.table import one_in, rate_of, table
from benchmarks.results import Results, percent


def dependent(results: Results) -> Iterator[str]:
    yield from table(
        "Records that depend on one another: one check at alpha 0.05",
        "350 reference records and a window of about 50, in groups with this intraclass correlation; `drift` or "
        "`incident` without a change, with 95 % intervals; found: a shift of 0.7 standard deviations of one column.",
        ("groups", "correlation", "with the role", "without it", "found with it"),
        ((r.design, r.correlation, r.with_role, r.without, percent(r.found)) for r in results.clusters),
    )
    yield from table(
        "The same with evidence: false retrains of all checks",
        "Years of 52 windows, ended by their first false retrain; the sums alone, which have 0.75 / 520 = 0.14 % a "
        "check. Found: the same shift within 12 checks.",
        ("groups", "correlation", "with the role", "without it", "found with it"),
        (
            (r.design, r.correlation, rate_of(r.with_role), rate_of(r.without), percent(r.found))
            for r in results.clustered_years
        ),
    )
    yield from table(
        "Whole checks with evidence, groups on both sides",
        "Years of 52 windows, ended by their first drift or incident: at most 10 % of years, and one in 520 checks. "
        "Found: the same shift within 12 checks.",
        ("groups", "correlation", "years with a false retrain", "of all checks", "found", "median week"),
        (
            (r.design, r.correlation, r.years, rate_of(r.checks), percent(r.found), f"{r.median:g}")
            for r in results.checked_years
        ),
    )
    yield from table(
        "A weekday pattern",
        "A baseline of 20 weeks, windows of 40 records of one day; a shift of 0.7 standard deviations of one column.",
        ("windows", "with the season", "without it", "found with it"),
        (
            (r.windows, r.with_season, r.without, percent(r.found))
            for r in (*results.seasons, *results.season_coverage, *results.clustered_seasons)
        ),
    )


def years(results: Results) -> Iterator[str]:
    return table(
        "52 weekly checks of 50 records without drift, at the default budget",
        "A year ends with its first false retrain. Asked: at most 10 % of years, at most one in 520 checks.",
        ("table", "years", "years with a false retrain", "one in so many checks", "KS + chi² at 0.05: years", "one in"),
        (
            (
                r.table,
                r.years.tries,
                r.years,
                one_in(r.checks.hits, r.checks.tries),
                percent(r.plain_years),
                one_in(r.plain_checks.hits, r.plain_checks.tries) if r.plain_checks else "–",
            )
            for r in results.years
        ),
    )


def delays(results: Results) -> Iterator[str]:
    return table(
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
