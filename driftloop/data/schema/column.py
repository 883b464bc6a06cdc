"""One column of a schema: its name, kind, unit and role, and what its values may be."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec
from msgspec.structs import force_setattr

from driftloop.errors import SchemaError
from driftloop.validation import hold_types, nearest

Kind = Literal["numeric", "categorical", "datetime"]
Role = Literal["feature", "prediction", "target", "id", "timestamp", "time", "cluster", "ignore"]
"""What a column is to the model. `timestamp` is when a record was made. `time` is a column that follows the calendar or
turns over (months, campaigns, versions), so that any two windows differ in it. `cluster` names the dependent group of a
record (patient, ward, device).
"""
COMPARED: frozenset[str] = frozenset({"feature", "prediction"})
FORMATS = ("decimal-point", "decimal-comma", "day-first", "month-first", "year-first", "duration")


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One column: how it is read, in which unit people speak of it, and what it is to the model."""

    name: str
    """As in the header."""
    kind: Kind = "numeric"
    """How its values are read."""
    unit: str = ""
    """In which people speak of it."""
    role: Role = "feature"
    """What it is to the model; `ignore` is not read at all."""
    categories: tuple[str, ...] = ()
    """Every value that may occur (categorical); empty: whatever the baseline holds."""
    range: tuple[float, float] | None = None
    """Smallest and largest value that can be true (numeric); beyond it the feed is wrong, not the population."""
    importance: float | None = None
    """How much the model relies on the column, any scale; 0: not at all, so its drift never retrains; None: unknown."""
    format: str = ""
    """How the baseline writes its values, for files that leave it open. Numbers and dates are `decimal-point`,
    `decimal-comma`, `day-first`, `month-first`, `year-first`, or `duration` (numeric: `36:15:00` is read in seconds).
    Booleans are the words for false and true as in `no/yes`.
    """
    unit_in_text: bool = False
    """Whether numbers are written with the unit behind them, as in `70.5 kg`; with another unit they cannot be read."""
    title: str = ""
    """What people call it, for pages that they read; empty: its name."""
    title_ja: str = ""
    """The same in Japanese; empty: `title`."""
    segment: bool = False
    """Whether each of its values is judged by itself, too: a ward, a region (categorical, compared)."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SchemaError("a column needs a name")
        for entry, value, known in (("kind", self.kind, get_args(Kind)), ("role", self.role, get_args(Role))):
            if value not in known:
                raise SchemaError(f"column {self.name!r}: {entry} = {value!r}{nearest(str(value), known)}")
        force_setattr(self, "name", str(self.name))
        # As it will be when it is read back: a saved baseline has the hash of the one that was saved.
        hold_types(self, f"column {self.name!r}", SchemaError, but=("name", "kind", "role"))
        if self.range is not None and not self.range[0] < self.range[1]:
            raise SchemaError(f"column {self.name!r}: range must be [smallest, largest]")
        if self.importance is not None and not self.importance >= 0:
            raise SchemaError(f"column {self.name!r}: importance must not be negative")
        if self.format and self.format not in FORMATS and (self.kind != "categorical" or self.format.count("/") != 1):
            raise SchemaError(f"column {self.name!r}: format must be one of {', '.join(FORMATS)}, or as in 'no/yes'")

        if self.segment and (self.kind != "categorical" or self.role not in COMPARED):
            raise SchemaError(
                f"column {self.name!r}: segment = true needs kind = 'categorical' and the role feature; give it "
                "importance = 0 if the model does not use it"
            )

    def title_in(self, language: str) -> str:
        """What people call the column in a language: its title there, else its title, else its name.

        Examples
        --------
        >>> Column("bp", title="Blood pressure", title_ja="血圧").title_in("ja"), Column("bp").title_in("en")
        ('血圧', 'bp')
        """
        return (self.title_ja if language == "ja" else "") or self.title or self.name

    @property
    def retrains(self) -> bool:
        """Whether a drift of this column is a reason to retrain."""
        return self.importance is None or self.importance > 0
