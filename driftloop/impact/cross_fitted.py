"""Cross-fitted errors beside the holdout: those of the records that the model learnt from, each predicted without it.

Training makes these predictions anyhow while it compares estimators, and they are often more than the holdout has. They
lie in the holdout's own file as a second saved baseline, so there is one file a version. A reader that does not know
them sees the holdout alone. How far their level is off that of the model itself, says the holdout.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftloop.errors import BaselineError
from driftloop.profile.saving.parquet_format import profile_to_bytes
from driftloop.profile.window import Baseline

if TYPE_CHECKING:
    from driftloop.impact.error_regression import Link

Floats = npt.NDArray[np.float64]

KEY = b"driftloop.cross_fitted"
"""Of the file's metadata. The value is Base64, because readers in other languages take metadata for text."""
LEAST_SHIFT = 0.05
"""Standard deviation, on the scale of the link, of what cross-fitted errors are off where nothing contradicts it. A fit
on four fifths of the records is worse by one or two percent of the error.
"""
CONTRADICTED = 4.0
"""Squared standard errors of the difference of both means from which it is larger."""


def attach(holdout: Baseline, cross_fitted: Baseline) -> Baseline:
    """The holdout with the cross-fitted records in its file.

    Parameters
    ----------
    holdout, cross_fitted
        As `driftloop.impact.holdout.build_holdout` gives them, of the same schema.
    """
    return Baseline.from_bytes(profile_to_bytes(holdout.profile, {KEY: b64encode(cross_fitted.to_bytes())}))


def attached(holdout: Baseline) -> Baseline | None:
    """The cross-fitted records in a holdout's file; None where it has none.

    Raises
    ------
    BaselineError
        They are damaged, or have other columns than the holdout.
    """
    if holdout.content is None:
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = (pq.read_metadata(pa.BufferReader(holdout.content)).metadata or {}).get(KEY)
    if found is None:
        return None
    try:
        cross_fitted = Baseline.from_bytes(b64decode(found, validate=True))
    except ValueError as error:
        raise BaselineError(f"the holdout's cross-fitted records are damaged ({error}): register them again") from None
    if cross_fitted.schema != holdout.schema:
        raise BaselineError("the holdout's cross-fitted records have other columns than the holdout: register it again")
    return cross_fitted


def level_shift(errors: Floats, cross_fitted: Floats, link: Link) -> float:
    """How far cross-fitted errors may be off in level, as a standard deviation tau on the link's scale.

    Let d be the difference of both mean errors over the slope of the link at their common mean, and v its variance. The
    shift is taken for one draw from N(0, tau^2), tau^2 = max(LEAST_SHIFT^2, d^2 - 4 v) (empirical Bayes).

    Parameters
    ----------
    errors, cross_fitted : of the holdout's records (n,) and of the cross-fitted ones (k,).
    link : of the error model.

    Examples
    --------
    >>> level_shift(np.repeat([0.0, 1.0], [80, 20]), np.repeat([0.0, 1.0], [160, 40]), "logit")
    0.05
    """
    mean = float(np.concatenate([errors, cross_fitted]).mean())
    slope = mean if link == "log" else max(mean * (1 - mean), 1e-9)
    d = float(errors.mean() - cross_fitted.mean()) / slope
    v = float(errors.var() / len(errors) + cross_fitted.var() / len(cross_fitted)) / slope**2
    return float(np.sqrt(max(LEAST_SHIFT**2, d**2 - CONTRADICTED * v)))
