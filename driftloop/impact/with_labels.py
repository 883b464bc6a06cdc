"""The mean error of a window of which some records have labels: prediction-powered inference.

With g the error model's expectation for every record of the window (N of them), y the errors of the n labelled ones:

    estimate = mean over all of b g  +  mean over the labelled of (y - b g),    b = cov(y, g) / var(g)

(Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered inference"; b as in Angelopoulos, Duchi and
Zrnic 2023, "PPI++"). Whatever g is worth, the estimate is right: it needs nothing of the holdout, and a changed
relation of outcome and inputs is in y. The variance is that of the mean of n residuals drawn from N without
replacement. Where only a sample of the window has a g, that of its mean is added.

The interval may be looked at whenever labels arrive. Its half-width is that of an asymptotic confidence sequence, s
sqrt(2 (n r^2 + 1) / (n^2 r^2) log(sqrt(n r^2 + 1) / a)). See Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021,
"Time-uniform central limit theory and asymptotic confidence sequences".

Assumed: which records are labelled does not depend on how wrong the model was.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST_LABELS = 20
"""As for the growth of the error: the spread of fewer residuals is a guess."""
TIGHTEST = 100
"""Labels at which the sequence is narrowest: what a retrain waits for by default (`labels_required`)."""


@dataclass(frozen=True)
class LabelledEstimate:
    """The mean error on a window, its confidence sequence at one level, and the labels that it rests on."""

    mean: float
    half_width: float
    labels: int


def combine_labels(
    expected: Floats, expected_labelled: Floats, errors: Floats, level: float, rows: int | None = None
) -> LabelledEstimate | None:
    """The estimate from labels and error model together; None with fewer than `FEWEST_LABELS` labels.

    Parameters
    ----------
    expected : g of every record of the window (N,).
    expected_labelled, errors : g and y of its labelled records (n,).
    level : of confidence, over all looks together.
    rows : records of the window, where `expected` is of a sample of them.

    Examples
    --------
    >>> g = np.linspace(0.1, 0.9, 200)
    >>> found = combine_labels(g, g[::4], g[::4] + 0.05, 0.9)
    >>> round(found.mean, 2), found.half_width < 0.01, found.labels
    (0.55, True, 50)
    """
    count, rows = len(errors), rows or len(expected)
    if count < FEWEST_LABELS:
        return None
    spread = float(np.var(expected_labelled))
    slope = float(np.cov(errors, expected_labelled, bias=True)[0, 1]) / spread if spread > 0 else 0.0
    residuals = errors - slope * expected_labelled
    mean = slope * float(expected.mean()) + float(residuals.mean())
    # A fitted slope and mean cost two degrees of freedom; nothing is left to guess where every record has its label.
    variance = float(residuals.var()) * count / (count - 2) * max(0.0, 1 - count / max(rows, count))
    if len(expected) < rows:
        variance += count * slope**2 * float(np.var(expected)) / len(expected)
    return LabelledEstimate(mean, sqrt(variance) * half_width(count, 1 - level), count)


def half_width(count: int, alpha: float) -> float:
    """Of the confidence sequence after `count` values of standard deviation 1, at error rate `alpha` over all looks.

    Examples
    --------
    >>> round(half_width(100, 0.1), 3), half_width(400, 0.1) < half_width(100, 0.1)
    (0.276, True)
    """
    tuned = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / TIGHTEST
    scaled = count * tuned + 1
    return sqrt(2 * scaled / (count**2 * tuned) * log(sqrt(scaled) / alpha))
