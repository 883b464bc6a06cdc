"""Values that cannot be used: a lost column, blanks, texts where numbers belong, infinities, impossible values."""

from __future__ import annotations

from collections.abc import Iterator

from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import CERTAIN, Sign, ignore
from driftloop.profile.counting.column_profile import ColumnProfile
from driftloop.profile.profile import Profile
from driftloop.wording.counts import count_of

BLANK = 0.4
"""By which part of the rows missing values must have grown. Less is drift: patients skip a test more often."""
UNREADABLE, INFINITE, IMPOSSIBLE = 0.02, 0.01, 0.01
"""Parts of the rows from which such values are more than slips of a hand."""
FEWEST, FEWEST_IMPOSSIBLE = 3, 2
"""The same as numbers of rows, for small windows."""
MOSTLY = 0.5


def find_unusable_values(pair: ColumnPair) -> Iterator[Sign]:
    """The first of: column lost, unreadable, gone blank; and infinite values beside them."""
    name, baseline, window = pair.column.name, pair.baseline, pair.window
    if window.absent:
        rows = "" if window.absent == window.rows else f" in {count_of(window.absent, 'row')}"
        yield Sign(name, f"the column is missing{rows}", CERTAIN, ignore(name))
        return
    unreadable = _unreadable(pair)
    if unreadable is not None:
        yield unreadable
        return
    if missing_growth(baseline, window) >= BLANK:
        share = window.missing / window.rows
        p = more_often_p(window.missing, baseline.missing, window.rows, baseline.rows)
        yield Sign(
            name, "blank: no value at all" if share == 1 else f"gone blank in {share:.0%} of rows", p, ignore(name)
        )
    if window.infinite >= max(FEWEST, INFINITE * window.rows):
        # An infinity is no measurement but a division by zero, so a column that had none does not bring it by chance.
        chance = more_often_p(window.infinite, baseline.infinite, window.rows, baseline.rows)
        p = chance if baseline.infinite else CERTAIN
        in_baseline = "the baseline has none" if not baseline.infinite else f"the baseline {baseline.infinite}"
        yield Sign(name, f"{count_of(window.infinite, 'infinite value')}, {in_baseline}", p, ignore(name))


def _unreadable(pair: ColumnPair) -> Sign | None:
    name, baseline, window = pair.column.name, pair.baseline, pair.window
    if window.malformed < max(FEWEST, UNREADABLE * window.rows):
        return None
    share, baseline_share = window.malformed / window.rows, baseline.malformed / max(baseline.rows, 1)
    known = window.rows - window.missing
    # Nothing readable is left of a column that was readable: no chance brings that.
    certain = known == 0 and baseline_share < MOSTLY
    p = CERTAIN if certain else more_often_p(window.malformed, baseline.malformed, window.rows, baseline.rows)
    in_baseline = f", in the baseline {baseline_share:.1%}" if baseline.malformed else ""
    normal = (
        f"declare what stands for a missing value as `missing` in the schema, or column {name!r} with "
        'kind = "categorical"'
    )
    return Sign(name, f"{share:.0%} of the values are not {pair.column.kind}{in_baseline}", p, normal)


def find_repeated_headers(baseline: Profile, window: Profile) -> Iterator[Sign]:
    """Rows of a CSV that repeated its header and were left out: files that were joined as they are, or lost a part."""
    rows = window.repeated_headers
    if rows and not baseline.repeated_headers:
        text = f"{count_of(rows, 'row repeats', 'rows repeat')} the header: were files joined as they are?"
        yield Sign(None, text, CERTAIN, "give the files as a folder or a pattern, or join them without their headers")


def find_header_rows(pair: ColumnPair) -> Iterator[Sign]:
    """Records of a table that hold the name of a column, where no reader could tell them from records."""
    name = pair.column.name
    rows = pair.window.counts.get(name, 0)
    if rows and name not in pair.baseline.counts and name not in pair.column.categories:
        text = f"{count_of(rows, 'row holds', 'rows hold')} the column's own name: a header among the records?"
        yield Sign(name, text, CERTAIN, f"list it among `categories` of column {name!r} in the schema")


def missing_growth(baseline: ColumnProfile, window: ColumnProfile) -> float:
    """By which part of the rows missing values have grown, -1 to 1."""
    return window.missing / max(window.rows, 1) - baseline.missing / max(baseline.rows, 1)


def find_impossible_values(pair: ColumnPair) -> Iterator[Sign]:
    """Values beyond the range that the schema calls possible; one alone is told by `notes` instead."""
    rows = count_out_of_range(pair)
    if rows >= max(FEWEST_IMPOSSIBLE, IMPOSSIBLE * pair.window.rows):
        name, (low, high) = pair.column.name, pair.column.range or (0.0, 0.0)
        unit = f" {pair.column.unit}" if pair.column.unit else ""
        text = f"{count_of(rows, 'value')} beyond what can be true ({low:g} to {high:g}{unit})"
        yield Sign(name, text, CERTAIN, f"widen `range` of column {name!r} in the schema")


def count_out_of_range(pair: ColumnPair) -> int:
    """How many values of the window lie beyond the schema's range; 0 where it states none."""
    window = pair.window
    if pair.column.range is None or window.minimum is None or window.maximum is None:
        return 0
    low, high = pair.column.range
    if window.minimum >= low and window.maximum <= high:
        return 0
    if pair.window_sample.complete:
        return int(((pair.window_values < low) | (pair.window_values > high)).sum())
    values, counts = window.bins
    # A bin's centre may lie within the range although its largest value does not.
    return max(1, int(counts[(values < low) | (values > high)].sum()))
