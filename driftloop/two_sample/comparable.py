"""What of two sides cannot be compared: too few clusters, rows of none, seasons that the baseline lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftloop.profile.sampling.season_codes import UNKNOWN, covered, season_names
from driftloop.stats.sorting import are_among, distinct_values
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline, Window

FEWEST_UNNAMED = 0.01
"""Of a side's rows, without a dependent group: that fewer count as one changes no answer."""


def too_little(baseline: Baseline, window: Window, policy: Policy) -> str | None:
    """Say why nothing can be said of two sides with enough rows; None where something can be.

    Clusters are counted among the sampled records. Of a season both sides need `policy.min_rows` matching records.

    Parameters
    ----------
    baseline, window : Baseline, Window
        Both read with one schema.
    policy : Policy
        Level and least number of rows.
    """
    reference, current = baseline.profile.sample, window.profile.sample
    if baseline.schema.season:
        reference, current = covered(reference, current), covered(current, reference)
        few, where = min((current.rows, "in the window"), (reference.rows, "in the baseline"))
        if few < policy.min_rows:
            return _no_season(baseline, window) or _few_of_season(baseline, window, few, where, policy.min_rows)
    column = baseline.schema.role("cluster")
    if column is None:
        return None
    from driftloop.two_sample.dependence.clusters import too_few  # here: most tables have no dependent groups

    return too_few(reference, current, policy.check_level, column.name)


def cluster_notes(baseline: Baseline, window: Window) -> tuple[str, ...]:
    """What is said of sides whose rows do not all name their dependent group: these count as one group."""
    column = baseline.schema.role("cluster")
    if column is None:
        return ()
    from driftloop.profile.sampling.row_hash import key_without_cluster

    notes = []
    for side, where in ((window, "in the window"), (baseline, "in the baseline")):
        sample = side.profile.sample
        if sample.clusters is None or not sample.rows:
            continue
        share = sample.weights[sample.clusters == key_without_cluster()].sum() / sample.rows
        if share >= FEWEST_UNNAMED:
            notes.append(f"{share:.0%} of the rows {where} have no {column.name!r}: they count as one group")
    return tuple(notes)


def season_notes(baseline: Baseline, window: Window) -> tuple[str, ...]:
    """What is said of a comparison by season: with which part of the baseline, and which records it leaves out."""
    season = baseline.schema.season
    reference, sample = baseline.profile.sample.seasons, window.profile.sample
    current = sample.seasons
    if not season or reference is None or current is None or not len(current):
        return ()
    shared = distinct_values(current[are_among(current, reference) & (current != UNKNOWN)])
    notes = []
    if len(shared):
        notes.append(f"compared with the baseline's records of the same {season}: {season_names(shared, season)}")
    timeless = current == UNKNOWN
    if timeless.any():
        share = sample.weights[timeless].sum() / sample.rows
        notes.append(f"{share:.0%} of the rows were not compared: they have no time, so no {season}")
    alone = ~are_among(current, shared) & ~timeless
    if alone.any():
        share = sample.weights[alone].sum() / sample.rows
        which = season_names(current[alone], season)
        notes.append(
            f"{share:.0%} of the rows were not compared: the baseline has no record of their {season} ({which})"
        )
    return tuple(notes)


def _no_season(baseline: Baseline, window: Window) -> str | None:
    """What is said of a side none of whose rows has a time; None where both sides have some."""
    for side, where in ((window, "in the window"), (baseline, "in the baseline")):
        seasons, column = side.profile.sample.seasons, side.schema.role("timestamp")
        if seasons is not None and column is not None and (seasons == UNKNOWN).all():
            return (
                f"no row {where} has a time in {column.name!r}, so none is of a {side.schema.season}: have the times "
                "delivered, or ask for no season"
            )
    return None


def _few_of_season(baseline: Baseline, window: Window, few: int, where: str, needed: int) -> str:
    season, seasons = baseline.schema.season, window.profile.sample.seasons
    names = "" if seasons is None else season_names(seasons[seasons != UNKNOWN], season)
    return (
        f"only {count_of(few, f'row {where} is', f'rows {where} are')} of a {season} that both sides have (at least "
        f"{needed} are needed; the window is of {names}): give a baseline that covers it, or no season"
    )
