"""How a check was decided, so that it can be made again: method, error rates, hashes, seed, version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import driftloop
from driftloop.two_sample.compare import CLUSTERS, SEASONS
from driftloop.two_sample.null_distribution import seed_of
from driftloop.wording.number_formats import format_number, with_p

if TYPE_CHECKING:
    from driftloop.report.shown import Shown
    from driftloop.report.words.language import Words


def decided(check: Shown, words: Words) -> list[tuple[str, str]]:
    """Pairs of a name and what stands there."""
    policy, comparison = check.policy, check.comparison
    found = []
    if comparison is not None and comparison.permutations:
        of_records = "method.permutation" if comparison.exact else "method.limit"
        key = {CLUSTERS: "method.clusters", SEASONS: "method.seasons"}.get(comparison.relabelled, of_records)
        found.append((words("method.comparison"), words(key, permutations=f"{comparison.permutations:,}")))
    if policy is not None:
        rate = "method.evidence-rate" if check.evidence is not None else "method.check-rate"
        values = {"budget": f"{policy.budget:,}", "alpha": f"{policy.alpha:.3g}", "alarm": words.rarity(check.alarm)}
        found.append((words("method.rate"), words(rate, **values)))
        smallest = words(
            "method.smallest",
            shift=format_number(policy.min_shift, 3),
            share=format_number(100 * policy.min_share, 3),
            correlation=format_number(policy.min_correlation, 3),
            spread=format_number(100 * policy.min_spread, 3),
        )
        found.append((words("method.minimum"), smallest))
    if check.p_value is not None:
        found.append((words("method.window-alone"), with_p(check.p_value)))
    if check.evidence is not None:
        evidence = check.evidence
        stretch = words("method.windows", checks=f"{evidence.checks:,}", windows=f"{evidence.windows:,}")
        found.append((words("method.evidence"), f"{with_p(evidence.p)}; {stretch}"))
    found.append((words("method.baseline-hash"), check.baseline_sha256))
    found.append((words("method.window-hash"), check.window_sha256))
    found.append((words("method.seed"), str(seed_of(check.baseline_sha256, check.window_sha256))))
    found.append((words("method.version"), f"Driftloop {driftloop.__version__}"))
    return found
