"""Categories that all have new names: written in another way, or turned over as campaigns and versions do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from driftloop.data.redaction import named
from driftloop.data_quality.chance import more_often_p
from driftloop.data_quality.column_pair import ColumnPair
from driftloop.data_quality.sign import Sign

MOSTLY_NEW = 0.5
"""The part of the window's values that must be unknown to the baseline, beside those that its own singles explain."""
PARTLY_NEW = 0.03
"""The same where the new names are the old ones written in another way: then a part of the feed is enough."""
FEW_NAMES = 20
"""A column of more names than this is expected to turn over; one of fewer changes its names only for a reason."""
SAME_SHARES = 0.25
"""Largest difference of the shares of two names that may be the same category: as far as a real change goes."""
SPELLINGS = (
    frozenset({"true", "t", "yes", "y", "1", "on"}),
    frozenset({"false", "f", "no", "n", "0", "off"}),
    frozenset({"male", "m", "man"}),
    frozenset({"female", "f", "woman", "w"}),
)
"""Names that mean the same by custom, in columns of few names."""
MOST_BY_CUSTOM = 3
WORD_LENGTH = 3
"""Letters from which on a name is a word: T and Y may be two codes, male and m mean the same."""
FEWEST_COUNTED = 3
"""Names with one number that the baseline must hold before a larger number is the next of them: 1 and 2 are codes."""
COUNTING = re.compile(r"\d+")
WORDS = re.compile(r"\w+\s+\w+")


@dataclass(frozen=True)
class NewNames:
    """What a rule says about a column whose categories are new.

    `sign`: an encoding error. `turned_over`: the categories change by nature, so the column is left out of this check;
    then `note` says so.
    """

    sign: Sign | None = None
    turned_over: bool = False
    note: str = ""


def find_new_names(pair: ColumnPair) -> NewNames:
    """Whether the window's categories are the baseline's in another spelling, or new by nature."""
    baseline, window = pair.baseline.counts, pair.window.counts
    total = sum(window.values())
    # Beyond a full dictionary a name that is not in it may still be known.
    if pair.column.kind != "categorical" or not total or pair.baseline.other or pair.window.other:
        return NewNames()
    known = set(pair.column.categories) or set(baseline)
    new = {name: count for name, count in window.items() if name not in known}
    share = sum(new.values()) / total
    spelled = _respelled(window, known)
    if spelled and sum(new[name] for name in spelled) >= max(2, PARTLY_NEW * total):
        return NewNames(_encoding(pair, spelled))
    singles = sum(count for count in baseline.values() if count == 1) / max(sum(baseline.values()), 1)
    if not new or share < min(1.0, MOSTLY_NEW + singles):
        return NewNames()
    if _turns_over(new, baseline):
        return NewNames(turned_over=True, note=_turnover(pair, new, total))
    if share == 1.0 and _one_to_one(new, baseline):
        return NewNames(_encoding(pair, list(new)))
    return NewNames()


def _encoding(pair: ColumnPair, names: list[str]) -> Sign:
    baseline, window = pair.baseline.counts, pair.window.counts
    most = max(names, key=lambda name: (window[name], name))
    rows, baseline_rows = sum(window.values()), sum(baseline.values())
    candidates = sum(1 for name, count in window.items() if count + baseline.get(name, 0) >= window[most])
    p = min(1.0, candidates * more_often_p(window[most], baseline.get(most, 0), rows, baseline_rows))
    newest = sorted(names, key=lambda name: (-window[name], name))[:3]
    oldest = sorted(baseline, key=lambda name: (-baseline[name], name))[:3]
    shown, replaced = (
        ", ".join(dict.fromkeys(named(name, pair.column, baseline.get(name, 0)) for name in some))
        for some in (newest, oldest)
    )
    name = pair.column.name
    normal = f"list them as `categories` of column {name!r} in the schema and retrain"
    return Sign(name, f"another encoding: {shown} in place of {replaced}", p, normal)


def _turnover(pair: ColumnPair, new: Mapping[str, int], total: int) -> str:
    name, rows = pair.column.name, sum(new.values())
    how_many = "all values are new" if rows == total else "most values are new"
    return (
        f"{name}: {how_many} ({rows} of {total}), so it was not compared; if they are expected to be, give column "
        f'{name!r} role = "ignore" or "time" in the schema'
    )


def _turns_over(new: Mapping[str, int], baseline: Mapping[str, int]) -> bool:
    """Whether new names are to be expected: they count on (versions, dates, batches), are many, or are free text."""
    if sum(count for name, count in new.items() if _counts_on(name, baseline)) >= MOSTLY_NEW * sum(new.values()):
        return True
    free_text = sum(1 for name in baseline if WORDS.search(name)) >= MOSTLY_NEW * len(baseline)
    return len(baseline) > FEW_NAMES or (free_text and len(baseline) > FEW_NAMES / 2)


def _counts_on(name: str, baseline: Mapping[str, int]) -> bool:
    """Whether a name differs from known ones in its numbers alone: another date or version, or a larger number."""
    numbers = COUNTING.findall(name)
    alike = [old for old in baseline if COUNTING.sub("#", old) == COUNTING.sub("#", name)]
    if not numbers or not alike:
        return False
    if len(numbers) > 1:
        return True
    return len(alike) >= FEWEST_COUNTED and int(numbers[0]) > max(int(COUNTING.findall(old)[0]) for old in alike)


def _one_to_one(new: Mapping[str, int], baseline: Mapping[str, int]) -> bool:
    """Whether as many names as vanished have come, with the same shares."""
    if len(new) != len(baseline) or len(new) < 2:
        return False
    shares = [
        sorted((count / sum(counts.values()) for count in counts.values()), reverse=True) for counts in (new, baseline)
    ]
    return all(abs(a - b) <= SAME_SHARES for a, b in zip(*shares, strict=True))


def _respelled(window: Mapping[str, int], known: set[str]) -> list[str]:
    """New names in the window that are known ones in another spelling."""
    new = [name for name in window if name not in known]
    longest = max((len(name) for name in window), default=0)
    vanished = {name for name in known if name not in window}
    by_plain = {plain: old for old in known if (plain := _plain(old)) is not None}
    cut_in_part = _cut_in_part(new, known)
    found = []
    for name in new:
        plain = _plain(name)
        cut = len(name) == longest and any(_truncated(name, old) for old in vanished)
        custom = len(known) <= MOST_BY_CUSTOM and any(
            _by_custom(name, old) for old in known if old in vanished or max(len(name), len(old)) >= WORD_LENGTH
        )
        cut = cut or name in cut_in_part
        if (plain is not None and plain in by_plain) or cut or custom or any(_misread(name, old) for old in known):
            found.append(name)
    return found


def _plain(name: str) -> str | None:
    """Letters, digits and comparisons without case, accents or spaces: what does not depend on who writes.

    None where a name holds no letter: the marks between digits are part of a number.
    """
    bare = unicodedata.normalize("NFKD", name)
    kept = "".join(c for c in bare.casefold() if c.isalnum() or c in "<>=+")
    return kept if any(c.isalpha() for c in kept) else None


def _misread(name: str, old: str) -> bool:
    """Whether a text was decoded with the wrong encoding (UTF-8 as Latin-1 or the other way), or lost its letters."""
    if old.isascii() and name.isascii():
        return False
    for written, read in (("utf-8", "latin-1"), ("utf-8", "cp1252"), ("latin-1", "utf-8"), ("cp1252", "utf-8")):
        if old.encode(written, "replace").decode(read, "replace") == name:
            return True
        if name.encode(written, "replace").decode(read, "replace") == old:
            return True
    lost = "".join(re.escape(c) if c.isascii() else r"[?\ufffd]{1,3}" for c in old)
    return not old.isascii() and re.fullmatch(lost, name) is not None


def _truncated(name: str, old: str) -> bool:
    """Whether the new name is the beginning of an old one, cut off by a shorter field."""
    return 0 < len(name) < len(old) and old.startswith(name) and any(c.isalpha() for c in old[len(name) :])


def _cut_in_part(new: Collection[str], known: Collection[str]) -> set[str]:
    """New names of one length that are beginnings of old ones which are still there: a part of the feed cuts texts off.

    At least two, because one may be a kind of thing that its longer name is a special case of.
    """
    cut = [name for name in new if len(name) >= WORD_LENGTH and any(_truncated(name, old) for old in known)]
    is_cut = len(cut) > 1 and len({len(name) for name in cut}) == 1
    return set(cut) if is_cut else set()


def _by_custom(name: str, old: str) -> bool:
    return any(name.casefold() in same and old.casefold() in same for same in SPELLINGS)
