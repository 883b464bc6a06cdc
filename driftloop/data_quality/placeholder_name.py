"""A word that stands for a missing category, and that the baseline does not have: a default was filled in."""

from __future__ import annotations

from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign

WORDS = frozenset(
    {
        "unknown", "unk", "undefined", "undef", "missing", "default", "none", "nil", "no data", "no value",
        "not available", "not applicable", "not set", "not specified", "unspecified", "n/a", "n.a.", "na", "null",
        "(null)", "[null]", "(blank)", "(empty)", "(none)", "#n/a", "#ref!", "#value!", "#name?", "\\n", "-", "--",
        "---", "?", "??", "???", ".", "*", "tbd", "dummy", "placeholder", "error", "unbekannt", "keine angabe",
        "k.a.", "inconnu", "non renseigné", "desconocido", "sconosciuto", "onbekend"
    }
)  # fmt: skip
"""What programs and people fill in where a category is not known, in lower case. "Other" is a category."""
FEWEST, SMALLEST_SHARE = 3, 0.05
"""Rows that are asked for, and the part of a window: fewer may be a new answer that a form offers."""


def find_placeholder_name(pair: ColumnPair) -> Sign | None:
    """The sign of a word for "not known" in many rows, where the baseline never has it; None where there is none.

    Its p is Fisher's exact test of the rows that have it, times the words that could have been it.
    """
    baseline, window = pair.baseline.counts, pair.window.counts
    rows = sum(window.values())
    if pair.column.kind != "categorical" or pair.baseline.other or not rows:
        return None
    known = {*baseline, *pair.column.categories}
    new = [name for name in window if name not in known and name.strip().casefold() in WORDS]
    most = max(new, key=lambda name: window[name], default=None)
    if most is None or window[most] < max(FEWEST, SMALLEST_SHARE * rows):
        return None
    candidates = sum(1 for count in window.values() if count >= window[most])
    p = min(1.0, candidates * more_often_p(window[most], 0, rows, sum(baseline.values())))
    name, word = pair.column.name, most.strip().casefold()
    text = f"{word!r} in {window[most] / rows:.0%} of rows, never in the baseline: a placeholder?"
    listed = f"list it among `categories` of column {name!r}"
    normal = f"add {most!r} to `missing` in the schema if it stands for a missing value, or {listed}"
    return Sign(name, text, p, normal, is_noted=True)
