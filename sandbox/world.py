"""The demo world: records of one model that land once a day, seeded, so that every run tells the same story.

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

from sandbox.play import DEFAULT_MODEL, Play, diabetes_progression

MODEL = DEFAULT_MODEL  # what is played where nobody names a model
LABEL_DELAY = timedelta(days=2)


class Kind(StrEnum):
    ORDINARY = "ordinary"
    BROKEN = "broken feed"
    CHANGED = "changed population"


STORY = (Kind.ORDINARY,) * 4 + (Kind.BROKEN,) + (Kind.ORDINARY,) * 2 + (Kind.CHANGED,) * 8
# Every kind of day, and as many after the change as the labels of a retrain take where it is found a day or two late.
SHORT_STORY = (Kind.ORDINARY, Kind.BROKEN, Kind.ORDINARY) + (Kind.CHANGED,) * 7


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
    """One model's world. `historic` is what the first model is trained on; `days()` is what happens then."""

    def __init__(
        self,
        seed: int = 442,
        last_day: date | None = None,
        play: Play | None = None,
        story: tuple[Kind, ...] = STORY,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self.play, self.story = play or diabetes_progression(), story
        self.last_day = last_day or datetime.now(UTC).date() - timedelta(days=1)
        self.first_day = self.last_day - timedelta(days=len(story) - 1)

    @property
    def model(self) -> str:
        """Whose records these are."""
        return self.play.model

    def historic(self) -> pd.DataFrame:
        """Records with their outcomes, dated over the year before the first day.

        They come from the smooth population that is fitted to the real records, as all that follow do. Real ones beside
        drawn ones would be a drift, and the engine finds it. In the diabetes table s4 is s1 divided by s3 to the digit,
        in the drawn one only nearly.
        """
        rows = self.play.historic_rows
        minutes = np.sort(self._rng.integers(0, 365 * 24 * 60, rows))
        start = pd.Timestamp(self.first_day - timedelta(days=366), tz="UTC")
        times = start + pd.to_timedelta(minutes, unit="min")
        return self.play.typed(self.play.ordinary.sample(rows, self._rng), prefix="H", times=times)

    def days(self) -> Iterator[Day]:
        """Each day of the story with the files that land on it."""
        play, rows = self.play, self.play.rows_a_day
        labels_due: dict[date, pd.DataFrame] = {}
        for number, kind in enumerate(self.story, 1):
            today = self.first_day + timedelta(days=number - 1)
            population = play.changed if kind is Kind.CHANGED else play.ordinary
            minutes = np.sort(self._rng.integers(0, 24 * 60, rows))
            times = pd.Timestamp(today, tz="UTC") + pd.to_timedelta(minutes, unit="min")
            frame = play.typed(population.sample(rows, self._rng), prefix=f"D{number:02}-", times=times)
            labels_due[today + LABEL_DELAY] = frame[[play.id, play.target]]
            records = frame.drop(columns=play.target)
            if kind is Kind.BROKEN:
                records = play.breaks(records)
            files = [self._file("records", today, records, as_parquet=play.plain or number % 2 == 1)]
            if today in labels_due:
                files.append(self._file("labels", today, labels_due.pop(today), as_parquet=play.plain))
            yield Day(number, today, kind, tuple(files))

    def _file(self, kind: str, today: date, frame: pd.DataFrame, *, as_parquet: bool) -> File:
        path = f"{self.model}/{kind}/{today:%Y-%m-%d}"
        if as_parquet:
            buffer = io.BytesIO()
            frame.to_parquet(buffer, index=False)
            return File(f"{path}.parquet", buffer.getvalue())
        return File(f"{path}.csv", frame.to_csv(index=False).encode())
