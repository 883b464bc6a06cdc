"""Of which weekday, month or hour a record is: what a season compares alike with alike by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.stats.sorting import are_among, distinct_values
from driftloop.times import SECONDS_A_DAY

if TYPE_CHECKING:
    from driftloop.profile.sampling.sample import Sample

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

UNKNOWN = -1
"""The season of a record without a time."""
SECONDS_AN_HOUR = 3_600.0
FIRST_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""
LARGEST_TIME = 2.0**53
"""Seconds that a double still counts one by one; nothing beyond is a record's time."""
NAMES = {
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "month": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
              "November", "December"),
    "hour": tuple(f"{hour:02}:00 to {hour:02}:59" for hour in range(24)),
}  # fmt: skip
"""The seasons of each kind, by code."""


def season_codes(times: Floats, season: str) -> Integers:
    """The season of each record.

    Parameters
    ----------
    times : seconds since 1970 (n,); NaN where unknown.
    season : `weekday`, `month` or `hour`, in UTC.

    Returns
    -------
    Codes (n,), as `NAMES` counts them; `UNKNOWN` where the time is.

    Examples
    --------
    >>> [season_codes(np.array([0.0, 86_400.0 * 45, np.nan]), each).tolist() for each in ("weekday", "month", "hour")]
    [[3, 6, -1], [0, 1, -1], [0, 0, -1]]
    """
    known = np.isfinite(times) & (np.abs(times) < LARGEST_TIME)
    seconds = np.where(known, times, 0.0)
    if season == "weekday":
        codes = (np.floor(seconds / SECONDS_A_DAY).astype(np.int64) + FIRST_WEEKDAY) % 7
    elif season == "hour":
        codes = np.floor(seconds / SECONDS_AN_HOUR).astype(np.int64) % 24
    else:
        codes = np.floor(seconds).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12
    return np.where(known, codes, UNKNOWN)


def covered(window: Sample, baseline: Sample) -> Sample:
    """The window's records of seasons that the baseline has; all of them where no season is asked for."""
    if window.seasons is None or baseline.seasons is None:
        return window
    marks = are_among(window.seasons, baseline.seasons) & (window.seasons != UNKNOWN)
    return window if marks.all() else window.chosen(marks)


def season_names(codes: Integers, season: str) -> str:
    """Seasons as people read them.

    >>> season_names(np.array([6, 5, 5, -1]), "weekday")
    'unknown, Saturday, Sunday'
    """
    return ", ".join(NAMES[season][code] if code >= 0 else "unknown" for code in distinct_values(codes))
