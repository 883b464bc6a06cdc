"""Evidence over time: how sure are we, after all checks since the last retrain, that the population has moved?

The user states a budget once: at most one false retrain in N checks on average. After every check the last 1, 2, 4, ...
windows together are compared with the baseline: a stretch of windows shows what none of them shows alone.

Why the budget holds. Without drift each check raises an alarm with a probability of at most 1/N: the union bound over
stretches and features, valid under any dependence. By linearity of expectation N checks raise at most one on average.
All checks share one finite baseline, so their p-values depend on each other and cannot be multiplied. No independence
between checks, features or stretches is used. What is assumed: docs/statistics.md.

The state holds sums of scores over blocks of windows (`driftloop.sequential.window_sums`) and no record. Three
quarters of the budget are spent here; `driftloop.config.policy` says how it is divided.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from driftloop.profile.contents import comparable_samples
from driftloop.profile.sampling.season_codes import covered
from driftloop.sequential.clustered_sums import sketch_of
from driftloop.sequential.reference_features import derive_reference_features, effective_weights
from driftloop.sequential.season_reference import season_counts
from driftloop.sequential.stretches import Accepted, WindowComparison, strongest_stretch
from driftloop.sequential.window_sums import (
    REMEMBERED,
    Block,
    Recent,
    compact,
    is_too_late,
    select_stretches,
)
from driftloop.wording.counts import count_of
from driftloop.wording.number_formats import format_rarity

if TYPE_CHECKING:
    from driftloop.config.policy import Policy
    from driftloop.profile.window import Baseline, Window

VERSION = 1
"""Of the scores: raised whenever `column_features` or `reference_features` change what they sum."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has been seen since the last retrain. `Evidence()` is a fresh start; stored as JSON in the ledger.

    Answers
    -------
    p : the probability that one check shows evidence this strong without drift; `certainty` is 1 - p.
    alarm : whether p is at most what the budget allows.
    feature, windows : what moved most, and over how many windows.
    since : time of the first record of those windows, ISO 8601; None without an alarm.

    State
    -----
    epoch, checks : resets so far, and windows since the last.
    baseline : SHA-256 of the baseline that the sums belong to.
    after : windows that end at or before this time do not count.
    blocks : sums over blocks of windows, oldest first.
    seen : ids of the last windows.
    recent : how scores have spread of late, in case this regime is accepted.
    accepted : a regime that was looked at and kept, since its challenger was rejected; an alarm needs a difference from
        it too.
    version : of the scores that were summed; sums of another version cannot be added to.
    """

    epoch: int = 0
    checks: int = 0
    p: float = 1.0
    alarm: bool = False
    feature: str | None = None
    windows: int = 0
    since: str | None = None
    baseline: str | None = None
    after: str | None = None
    blocks: tuple[Block, ...] = ()
    seen: tuple[str, ...] = ()
    recent: Recent | None = None
    accepted: Accepted | None = None
    version: int = 1

    @property
    def certainty(self) -> float:
        """1 - p: the share of checks without drift whose evidence would be weaker."""
        return 1.0 - self.p

    @property
    def sentence(self) -> str:
        """What it says, for a person.

        Examples
        --------
        >>> Evidence(checks=9, p=0.002, feature="bmi location", windows=4).sentence
        'bmi location: over the last 4 windows together, as far off as in 1 in 500 checks without drift'
        """
        if self.feature is None:
            return f"nothing beyond chance over {count_of(self.checks, 'window')}"
        stretch = "the last window alone" if self.windows == 1 else f"the last {self.windows} windows together"
        return f"{self.feature}: over {stretch}, as far off as in {format_rarity(self.p)} without drift"


def update(
    evidence: Evidence,
    baseline: Baseline,
    window: Window,
    comparison: WindowComparison | None = None,
    *,
    window_id: str,
    since: str | None,
    policy: Policy,
    excluded: Collection[str] = (),
) -> Evidence:
    """The evidence after one more window, which must be neither broken nor too small.

    A window that was seen before, or that ends at or before the last reset's `after`, changes nothing. Another baseline
    or version of the scores starts a new epoch.

    Parameters
    ----------
    evidence : as it was; `Evidence()` at first.
    comparison : of the window alone with the baseline. Its p is exact where this module's is an approximation, so half
        of the newest stretch's level is spent on it. It counts only where the change `matters`.
    window_id : names the window, so that it counts once.
    since : time of the window's first record, ISO 8601.
    excluded : columns that count as not recorded in this window: they turned over, or the baseline has no value of
        theirs.
    """
    if evidence.baseline not in {None, baseline.sha256} or evidence.version != VERSION:
        evidence = reset(evidence)
    if window_id in evidence.seen or is_too_late(window.last_time, evidence.after):
        return evidence
    features = derive_reference_features(baseline)
    sample = covered(comparable_samples(baseline.profile, window.profile)[1], baseline.profile.sample)
    sums, squares = features.sums_and_squares(sample, excluded)
    weights = effective_weights(sample)
    sketch = None if sample.clusters is None else sketch_of(sample.clusters, weights)
    block = Block.of(1, since, sums, sketch, season_counts(sample, weights))
    blocks = compact((*evidence.blocks, block))
    strongest = strongest_stretch(features, blocks, comparison, evidence.accepted, policy)
    alarm = strongest.p <= policy.evidence_level
    return msgspec.structs.replace(
        evidence,
        checks=evidence.checks + 1,
        p=strongest.p,
        alarm=alarm,
        feature=strongest.feature,
        windows=strongest.windows,
        since=strongest.since if alarm else None,
        baseline=baseline.sha256,
        blocks=blocks,
        recent=Recent.after(evidence.recent, sums, squares),
        seen=(*evidence.seen, window_id)[-REMEMBERED:],
    )


def strongest_columns(evidence: Evidence, baseline: Baseline) -> tuple[str, ...]:
    """The columns of the feature that evidence is strongest in; none where it is of all of them, or there is none."""
    features = derive_reference_features(baseline).features
    return next((feature.columns for feature in features if feature.name == evidence.feature), ())


def fits(evidence: Evidence, baseline: Baseline) -> bool:
    """Whether a stored evidence holds sums of this baseline's features, or is of another one and will begin again.

    Raises ValueError or zlib.error for sums that cannot be unpacked.
    """
    if evidence.baseline != baseline.sha256 or evidence.version != VERSION:
        return True
    count = len(derive_reference_features(baseline).features)
    accepted = evidence.accepted
    blocks = evidence.blocks if accepted is None else (*evidence.blocks, accepted.block)
    spread = [each.variance for each in (evidence.recent, None if accepted is None else accepted.recent) if each]
    return all(len(block.unpacked.rows) == count for block in blocks) and all(len(each) == count for each in spread)


def reset(evidence: Evidence, after: str | None = None) -> Evidence:
    """A new epoch, after a retrain: windows that end at or before `after` were learned by the new model."""
    return Evidence(epoch=evidence.epoch + 1, after=after or evidence.after, seen=evidence.seen, version=VERSION)


def accept(evidence: Evidence) -> Evidence:
    """A new epoch in which the present regime is known: the challenger trained on it was rejected.

    The same difference from the baseline raises no further alarm; a change from this regime does.
    """
    if evidence.recent is None:
        return reset(evidence)
    stretches = select_stretches(evidence.blocks)
    regime = next((block for block in stretches if block.windows >= evidence.windows), stretches[-1])
    fresh = reset(evidence)
    return msgspec.structs.replace(fresh, baseline=evidence.baseline, accepted=Accepted(regime, evidence.recent))
