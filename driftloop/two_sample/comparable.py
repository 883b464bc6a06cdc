"""What of two sides cannot be compared: too few clusters for any p, records of seasons that the baseline lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftloop.profile.sampling.season_codes import UNKNOWN, covered, season_names
from driftloop.stats.sorting import are_among, distinct_values

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline, Window


def too_little(baseline: Baseline, window: Window, policy: Policy) -> str | None:
    """Why nothing can be said of two sides with enough rows; None where something can be.

    Clusters are counted among the sampled records. Of a season both sides need `policy.min_rows` matching records.
    """
    before, after = baseline.profile.sample, window.profile.sample
    season = baseline.schema.season
    if season:
        both = covered(after, before), covered(before, after)
        few, where = min((both[0].rows, "in the window"), (both[1].rows, "in the baseline"))
        if few < policy.min_rows:
            return (
                f"only {few} rows {where} are of a {season} that both sides have (at least {policy.min_rows} are "
                "needed): give a baseline that covers it, or no season"
            )
        after, before = both
    column = baseline.schema.role("cluster")
    if column is None:
        return None
    from driftloop.two_sample.clusters import too_few  # here: most tables have no dependent groups

    return too_few(before, after, policy.check_level, column.name)


def season_notes(baseline: Baseline, window: Window) -> tuple[str, ...]:
    """What is said of a comparison by season: with which part of the baseline, and which records it leaves out."""
    season = baseline.schema.season
    before, sample = baseline.profile.sample.seasons, window.profile.sample
    after = sample.seasons
    if not season or before is None or after is None or not len(after):
        return ()
    shared = distinct_values(after[are_among(after, before) & (after != UNKNOWN)])
    notes = [f"compared with the baseline's records of the same {season}: {season_names(shared, season)}"]
    alone = ~are_among(after, shared)
    if alone.any():
        share = sample.weights[alone].sum() / sample.rows
        which = season_names(after[alone], season)
        notes.append(
            f"{share:.0%} of the rows were not compared: the baseline has no record of their {season} ({which})"
        )
    return tuple(notes)
