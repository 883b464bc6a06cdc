"""Are planted subgroups named? By the search, and by oracles that know a part of the change; and nothing planted.

The first oracle knows what changed, a share that grew or which column's content, and searches the rules alone. The
second knows the rule too: it makes one test and has nothing to find. No search can name what even that test does not
see; what the first misses, a better choice of columns would not have brought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks.planted import BASELINE_ROWS, SHARES, WINDOW_ROWS, Planted, jaccard, meets, met, planted
from benchmarks.rates import Rate, stream
from benchmarks.single import schema_of
from benchmarks.tables import TABLES, table
from driftloop import Baseline, Window
from driftloop.profile.contents import comparable_samples
from driftloop.subgroups.beam import CONTENT, GROWN
from driftloop.subgroups.content_scores import content_scores, scores_given_others
from driftloop.subgroups.found import find_subgroups
from driftloop.subgroups.limits import Change
from driftloop.subgroups.search import search
from driftloop.two_sample.score_matrix import pool_samples

SIMILAR = 0.7
"""Jaccard index of the named and the planted records of the window."""
LEVEL = 0.05
"""The policy's default, at which the oracles judge too."""


@dataclass(frozen=True)
class Named:
    """How often a planted subgroup was named: by the search, by one told the change, and the rule tested alone."""

    table: str
    share: float
    kind: str
    rate: Rate
    rules: Rate | None = None
    known: Rate | None = None


def named_subgroups(scale: float, full: int = 200) -> list[Named]:
    """Every table, share and kind; and how often something is named without a change (kind `none`, share 0)."""
    results = []
    for index, name in enumerate(TABLES):
        for number, (share, kind) in enumerate(
            [(0.0, "none")] + [(s, k) for s in SHARES for k in ("share", "content")]
        ):
            runs = max(2, round(full * scale)) * (1 if share else 2)  # a small rate needs more windows
            seeds = [(8, index, number, run) for run in range(runs)]
            found = np.array([_is_named(name, share, kind, stream(*seed)) for seed in seeds])
            rates = [Rate(int(hits), runs) for hits in found.sum(axis=0)]
            results.append(Named(name, share, kind, *(rates if share else rates[:1])))
            print(f"subgroups: {name}: {share:.0%} {kind}: {'; '.join(map(str, rates))}", flush=True)
    return results


def _is_named(name: str, share: float, kind: str, rng: np.random.Generator) -> tuple[bool, bool, bool]:
    if kind == "none":
        source, schema = table(name), schema_of(name)
        baseline = Baseline.build(source.draw(BASELINE_ROWS, rng), schema)
        named = bool(find_subgroups(baseline, Window.build(source.draw(WINDOW_ROWS, rng), schema)).found)
        return named, False, False
    drawn = planted(name, share, kind, rng)
    found = find_subgroups(drawn.baseline, drawn.window).found
    named = any(jaccard(met(each.conditions, drawn.records), drawn.inside) >= SIMILAR for each in found)
    return named, _rule_is_named(drawn), _is_seen(drawn)


def _rule_is_named(drawn: Planted) -> bool:
    """Of who knows the change, and which column's content, and looks for the rule alone: the oracle of the search."""
    columns = drawn.baseline.schema.features
    contents = [index for index, column in enumerate(columns) if column.name == drawn.column]
    pooled = pool_samples(*comparable_samples(drawn.baseline.profile, drawn.window.profile))
    changes = (CONTENT,) if contents else (GROWN,)
    finding = search(pooled, columns, seed=1, changes=changes, contents=contents)
    if finding is None or finding.p > LEVEL:
        return False
    return jaccard(met([each.parts for each in finding.rule], drawn.records), drawn.inside) >= SIMILAR


def _is_seen(drawn: Planted) -> bool:
    """Of who knows the change and the rule: whether the one statistic of both is significant by itself."""
    columns = drawn.baseline.schema.features
    pooled = pool_samples(*comparable_samples(drawn.baseline.profile, drawn.window.profile))
    marks, labels = meets(drawn.rule, pooled, columns)[:, None].astype(np.float32), pooled.window.astype(np.float32)
    if drawn.column is None:
        return bool(Change(GROWN, labels).z(marks)[0] >= norm.isf(LEVEL))
    place = [column.name for column in columns].index(drawn.column)
    plain = content_scores(pooled, columns)
    given = scores_given_others(pooled, columns, plain)
    z = max(Change(CONTENT, labels, each[:, place].astype(np.float32)).z(marks)[0] for each in (plain, given))
    # Two scores, two signs.
    return bool(z >= norm.isf(LEVEL / 4))
