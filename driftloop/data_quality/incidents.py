"""Is the feed broken? Rules that look at one window, a stated error rate for all of them together, and what is left.

What chance cannot bring (a lost column, values that the schema calls impossible) is an incident by itself. What chance
can bring has a p under the hypothesis that baseline and window come from one population. It is an incident where that p
is at most the level divided by the number of rules that are asked (Bonferroni). So all rules together raise an incident
in unchanged data with at most that level, whatever the columns hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from driftloop.data_quality.category_names import find_new_names
from driftloop.data_quality.column_pair import ColumnPair, pair_columns
from driftloop.data_quality.duplicates import find_repeated_records
from driftloop.data_quality.exchanged_columns import find_exchanged_columns
from driftloop.data_quality.independent_records import independent_part
from driftloop.data_quality.notes import write_column_notes
from driftloop.data_quality.placeholder_name import find_placeholder_name
from driftloop.data_quality.record_times import check_record_times
from driftloop.data_quality.repeated_value import find_placeholder, find_stuck_value
from driftloop.data_quality.sign import Sign
from driftloop.data_quality.units.unit_errors import find_unit_errors
from driftloop.data_quality.units.unit_errors_of_codes import find_unit_error_of_codes
from driftloop.data_quality.unusable_values import (
    find_header_rows,
    find_impossible_values,
    find_repeated_headers,
    find_unusable_values,
    missing_growth,
)
from driftloop.profile.window import Baseline, Window

RULES_PER_COLUMN = 8
"""Unreadable, blank, infinite, placeholder or stuck, unit of all, unit of a part, encoding, exchanged.

Of a categorical column fewer: blank, placeholder, unit, encoding, exchanged."""
RULES_PER_WINDOW = 2
"""Records repeated within the window, records of the baseline sent again."""


@dataclass(frozen=True)
class DataQuality:
    """What the rules say about a window.

    `incidents`: a sentence for each sign of a broken feed. `excluded`: indices of columns that cannot be compared,
    since they are lost, empty in the baseline or turned over. `notes`: what is worth knowing and changes nothing.
    """

    incidents: tuple[str, ...]
    excluded: frozenset[int]
    notes: tuple[str, ...]


def assess(
    baseline: Baseline, window: Window, level: float, *, now: float | None = None, repeats_allowed: bool = False
) -> DataQuality:
    """Judge a window's data quality against the baseline.

    Parameters
    ----------
    level
        Probability that unchanged data raise an incident by chance, for all rules together.
    now
        Time of the check in seconds since 1970; None where it does not matter.
    repeats_allowed
        Switches the rules about repeated records off.
    """
    pairs = pair_columns(baseline, window)
    signs = [*find_repeated_headers(baseline.profile, window.profile), *check_record_times(baseline, window, now)]
    excluded, notes = set[int](), list[str]()
    lost = False
    # Copies, so that what a pair computes of its values goes with it: of 2,000 columns they take 200 MB.
    for pair in map(replace, pairs):
        of_column, left_out = _of_column(pair)
        signs += of_column
        notes += write_column_notes(pair)
        if left_out is not None:
            excluded.add(pair.column_index)
            notes += [left_out] if left_out else []
        lost = lost or pair.window.absent > 0
    signs = [*find_exchanged_columns(pairs), *signs]  # they say more than a unit that happens to fit
    # Records that lack columns are more alike than those of the baseline: that alone is no second delivery.
    if not lost and not repeats_allowed:
        signs += find_repeated_records(baseline, window)
    part = independent_part(baseline, window)
    if part < 1:
        signs = [replace(sign, p=sign.p**part) for sign in signs]
    bar = level / (RULES_PER_COLUMN * len(pairs) + RULES_PER_WINDOW)
    notes += [f"{sign.column}: {sign.text}" for sign in signs if sign.is_noted and sign.p > bar]
    sentences = _one_each([sign for sign in signs if sign.p <= bar])
    return DataQuality(sentences, frozenset(excluded), tuple(notes))


def _of_column(pair: ColumnPair) -> tuple[list[Sign], str | None]:
    """Signs of one column, the most telling rule first; and a note, maybe empty, where it is not to be compared."""
    if not pair.baseline.rows - pair.baseline.missing and not pair.window.absent:
        return [], ""  # `write_column_notes` says what it holds now
    signs = [*find_unusable_values(pair), *find_header_rows(pair)]
    if is_lost(pair):
        return signs, ""
    names = find_new_names(pair)
    signs += [names.sign] if names.sign is not None else []
    filled_in = find_placeholder_name(pair)
    signs += [filled_in] if filled_in is not None else []
    repeated = find_placeholder(pair)  # before unit errors: 999 is some conversion of nearly anything
    signs += [repeated] if repeated is not None else []
    signs += find_unit_errors(pair)
    of_codes = find_unit_error_of_codes(pair)
    signs += [of_codes] if of_codes is not None else []
    if repeated is None and (stuck := find_stuck_value(pair)) is not None:
        signs.append(stuck)
    signs += find_impossible_values(pair)
    return signs, names.note if names.turned_over and of_codes is None else None


def _one_each(signs: Sequence[Sign]) -> tuple[str, ...]:
    """The sentences, of each column only the first: a wrong unit is beyond the schema's range, too."""
    first = {sign.column: sign for sign in reversed(signs) if sign.column is not None}
    return tuple(sign.sentence for sign in signs if sign.column is None or first[sign.column] is sign)


def is_lost(pair: ColumnPair) -> bool:
    """Whether the window has no value of the column at all although the baseline has: nothing is left to compare."""
    window = pair.window
    return window.missing == window.rows and (window.absent > 0 or missing_growth(pair.baseline, window) > 0)
