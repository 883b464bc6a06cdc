"""The demo world: a hospital whose diabetes records land once a day, seeded, so that every run tells the same story.

Ordinary days, a day whose feed is broken, then a lasting change of the population and of its outcomes.
Labels arrive two days after their records.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import numpy as np
import pandas as pd

from sandbox.population import diabetes, shifted

MODEL = "diabetes-progression"
HISTORIC_ROWS = 350
ROWS_A_DAY = 60
LABEL_DELAY = timedelta(days=2)
MMOL_PER_MG_GLUCOSE = 1 / 18.016


class Kind(StrEnum):
    ORDINARY = "ordinary"
    BROKEN = "broken feed"
    CHANGED = "changed population"


STORY = (Kind.ORDINARY,) * 4 + (Kind.BROKEN,) + (Kind.ORDINARY,) * 2 + (Kind.CHANGED,) * 8


@dataclass(frozen=True)
class File:
    """A file as the feed delivers it: its path below the container `incoming`, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True)
class Day:
    """One day: its number from 1, what kind of day it is, and the files that land."""

    number: int
    date: date
    kind: Kind
    files: tuple[File, ...]


class World:
    """The hospital. `historic` is what the first model is trained on; `days()` is what happens then."""

    def __init__(self, seed: int = 442, last_day: date | None = None) -> None:
        self._rng = np.random.default_rng(seed)
        self.last_day = last_day or datetime.now(UTC).date() - timedelta(days=1)
        self.first_day = self.last_day - timedelta(days=len(STORY) - 1)

    def historic(self) -> pd.DataFrame:
        """350 records with their outcomes, dated over the year before the first day.

        They come from the smooth population that is fitted to the 442 real records, as all that follow do. Real ones
        beside drawn ones would be a drift, and the engine finds it: in the real table s4 is s1 divided by s3 to the
        digit, in the drawn one only nearly.
        """
        minutes = np.sort(self._rng.integers(0, 365 * 24 * 60, HISTORIC_ROWS))
        start = pd.Timestamp(self.first_day - timedelta(days=366), tz="UTC")
        times = start + pd.to_timedelta(minutes, unit="min")
        return _typed(diabetes().sample(HISTORIC_ROWS, self._rng), prefix="H", times=times)

    def days(self) -> Iterator[Day]:
        """Each day of the story with the files that land on it."""
        labels_due: dict[date, pd.DataFrame] = {}
        ordinary, changed = diabetes(), shifted(diabetes())
        for number, kind in enumerate(STORY, 1):
            today = self.first_day + timedelta(days=number - 1)
            population = changed if kind is Kind.CHANGED else ordinary
            minutes = np.sort(self._rng.integers(0, 24 * 60, ROWS_A_DAY))
            times = pd.Timestamp(today, tz="UTC") + pd.to_timedelta(minutes, unit="min")
            frame = _typed(population.sample(ROWS_A_DAY, self._rng), prefix=f"D{number:02}-", times=times)
            labels_due[today + LABEL_DELAY] = frame[["record_id", "progression"]]
            records = frame.drop(columns="progression")
            if kind is Kind.BROKEN:
                records = _broken(records)
            files = [_records_file(today, records, as_parquet=number % 2 == 1)]
            if today in labels_due:
                files.append(_labels_file(today, labels_due.pop(today)))
            yield Day(number, today, kind, tuple(files))


def _typed(frame: pd.DataFrame, prefix: str, times: pd.DatetimeIndex) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.insert(0, "record_id", [f"{prefix}{number:04}" for number in range(1, len(frame) + 1)])
    frame.insert(1, "recorded_at", times)
    return frame.astype({"sex": "int64"})


def _broken(records: pd.DataFrame) -> pd.DataFrame:
    """The new laboratory sends glucose in mmol/L, and the blood pressure interface sends nothing."""
    return records.assign(s6=(records["s6"] * MMOL_PER_MG_GLUCOSE).round(1), bp=np.nan)


def _records_file(today: date, records: pd.DataFrame, *, as_parquet: bool) -> File:
    path = f"{MODEL}/records/{today:%Y-%m-%d}"
    if as_parquet:
        buffer = io.BytesIO()
        records.to_parquet(buffer, index=False)
        return File(f"{path}.parquet", buffer.getvalue())
    return File(f"{path}.csv", records.to_csv(index=False).encode())


def _labels_file(today: date, labels: pd.DataFrame) -> File:
    return File(f"{MODEL}/labels/{today:%Y-%m-%d}.csv", labels.to_csv(index=False).encode())
