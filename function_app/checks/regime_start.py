"""When did the records of a window really begin? Its first record may be a straggler of another year.

The start is the time before which at most a twentieth of the records lie. It is what labels are counted from, and where
training takes the new regime to begin.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.times import format_time

if TYPE_CHECKING:
    import pyarrow as pa

    from driftloop import Schema

STRAGGLERS = 0.05  # of the records: a feed that repeats more of the past than that has its regime there
LOOKED_AT = 1_024  # rows of a batch: 5 % of them are 51, enough to place the start
HELD = 1 << 16  # times in memory; of more, every second one is forgotten
WINDOWS = 64  # whose starts are remembered: as many as evidence looks back on


class RecordTimes:
    """The times of the records that pass, or of an even sample of them."""

    def __init__(self, schema: "Schema") -> None:
        self._column, self._missing = schema.role("timestamp"), schema.missing
        self._times: npt.NDArray[np.float64] = np.empty(0)
        self._step = 1

    def watching(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """The same batches; their times are remembered from the first one on.

        Parameters
        ----------
        batches : Iterator[pa.RecordBatch]
            Of one reading of a window; what an earlier reading left is forgotten.
        """
        self._times, self._step = np.empty(0), 1
        for batch in batches:
            yield batch
            self._see(batch)

    def _see(self, batch: "pa.RecordBatch") -> None:
        from driftloop.data.columns.times import times

        if self._column is None or self._column.name not in batch.schema.names:
            return
        step = max(self._step, -(-batch.num_rows // LOOKED_AT))
        column = batch.column(self._column.name).take(_every(batch.num_rows, step))
        found = times(column, self._missing).values
        # Each row stands for as many as were passed over, so that large batches weigh what they hold.
        weighed = np.repeat(found[np.isfinite(found)], max(1, step // self._step))
        self._times = np.concatenate([self._times, weighed])
        while len(self._times) > HELD:
            self._times, self._step = np.sort(self._times)[::2], self._step * 2

    @property
    def start(self) -> str | None:
        """ISO 8601; None where no record has a time that a calendar knows."""
        if not len(self._times):
            return None
        index = int(STRAGGLERS * len(self._times))
        seconds = float(np.partition(self._times, index)[index])
        try:
            return format_time(datetime.fromtimestamp(seconds, UTC))
        except (ValueError, OverflowError, OSError):
            return None


def remembered(starts: dict[str, str], first: str | None, start: str | None) -> dict[str, str]:
    """The starts of the last windows, by the times of their first records, and that of one more.

    Parameters
    ----------
    first : str | None
        Time of the window's first record; None leaves the starts as they are.
    start : str | None
        When its records really began.

    Returns
    -------
    dict[str, str]
        At most `WINDOWS` of them, the newest last.
    """
    if first is None or start is None:
        return starts
    return dict([*((key, value) for key, value in starts.items() if key != first), (first, start)][-WINDOWS:])


def _every(rows: int, step: int) -> "pa.Array":
    import pyarrow as pa

    return pa.array(np.arange(0, rows, step))
