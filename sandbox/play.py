"""What a demo world is made of: a population, how it changes, how its feed breaks, and how many records come a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from driftloop import Policy
from sandbox.population import Population, diabetes, shifted

DEFAULT_MODEL = "diabetes-progression"
LABELS_A_DAY = 2.5  # days of records whose labels a retrain waits for: the story takes two weeks then
MMOL_PER_MG_GLUCOSE = 1 / 18.016


@dataclass(frozen=True)
class Play:
    """One model's world.

    id, time, target: the columns with these roles. ordinary, changed: what records are drawn from before and after the
    change. breaks: what a broken feed does to a day's records. whole: columns of whole numbers. plain: whether every
    file is Parquet, because the schema declares how the owner's own files are written. volume: how many times the usual
    records come a day. tells: what the change is, in sentences. entry: what `driftloop.toml` says of the model.
    """

    model: str
    id: str
    time: str
    target: str
    ordinary: Population
    changed: Population
    breaks: Callable[[pd.DataFrame], pd.DataFrame]
    historic_rows: int
    labels_required: int
    whole: tuple[str, ...] = ()
    plain: bool = False
    volume: float = 1.0
    tells: tuple[str, ...] = ()
    entry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows_a_day(self) -> int:
        """Records of one day."""
        return max(1, round(self.volume * self.labels_required / LABELS_A_DAY))

    @property
    def policy(self) -> Policy:
        """How sure a check of this model must be."""
        return msgspec.convert(self.entry.get("policy", {}), Policy)

    def typed(self, frame: pd.DataFrame, prefix: str, times: pd.DatetimeIndex) -> pd.DataFrame:
        """Drawn records with ids and times of their own, in the types in which a feed would write them."""
        frame = frame.reset_index(drop=True)
        frame.insert(0, self.id, [f"{prefix}{number:04}" for number in range(1, len(frame) + 1)])
        frame.insert(1, self.time, times)
        return frame.astype({name: "Int64" if frame[name].isna().any() else "int64" for name in self.whole})


def diabetes_progression(entry: Mapping[str, Any] | None = None) -> Play:
    """The example: records of a hospital. A new laboratory sends glucose in mmol/L, and the blood pressure interface
    nothing. `entry` is what `driftloop.toml` says of it.
    """
    return Play(
        model=DEFAULT_MODEL,
        id="record_id",
        time="recorded_at",
        target="progression",
        ordinary=diabetes(),
        changed=shifted(diabetes()),
        breaks=lambda records: records.assign(s6=(records["s6"] * MMOL_PER_MG_GLUCOSE).round(1), bp=np.nan),
        historic_rows=350,
        labels_required=150,
        whole=("sex",),
        entry=entry or {},
    )
