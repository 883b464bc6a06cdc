"""An interval for a mean that is estimated by weighted residuals: second-order, for skewed errors and few records.

Let D = (realised mean) - (estimate). The estimate has the noise sum w_i r_i of n residuals. The realised mean has that
of m outcomes of its own, drawn like the residuals with the shares s_i. With v_i = w_i^2 + s_i / m:

    V = sum v_i r_i^2 + (what else is uncertain)         the estimated variance of D
    k = sum s_i r_i^3 / m^2 - sum w_i^3 r_i^3            its third cumulant
    c = -sum w_i v_i r_i^3                               the covariance of D and the estimate of V

To second order the quantile of D / sqrt(V) to the normal quantile z is as follows (Hall 1992, "The Bootstrap and
Edgeworth Expansion", 3.10). For the mean of one sample this is the correction of Johnson 1978:

    z - c / (2 V^(3/2)) + (k - 3 c) / V^(3/2) * (z^2 - 1) / 6.

V itself is uncertain, the more the heavier the tails. So the first z is a quantile of Student's t with 2 V^2 / sum
v_i^2 r_i^4 degrees of freedom (Satterthwaite 1946). The fourth moment stands for the variance of a square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftloop.stats.special import special

Floats = npt.NDArray[np.float64]

MOST_SKEWED = 1.0
"""Of the standardised third cumulant: the expansion is monotonic up to 3 / z = 1.8, and beyond 1 no longer good."""
FEWEST_DEGREES = 4.0
"""Of freedom: with fewer, Student's t has no fourth moment, which the formula needs."""


@dataclass(frozen=True)
class Noise:
    """What an estimate and the mean that it is of differ by.

    weights: w (n,); residuals: r (n,). shares: s (n,) with sum 1, and outcomes: m, of the realised mean; 0 outcomes
    where an expectation is meant. rest: a variance besides, of something symmetric and well known.
    """

    weights: Floats
    residuals: Floats
    shares: Floats
    outcomes: int = 0
    rest: float = 0.0

    def interval(self, estimate: float, level: float) -> tuple[float, float]:
        """The two-sided interval around an estimate, with the same error rate on each side.

        Examples
        --------
        >>> plain = Noise(np.full(1000, 0.001), np.tile([1.0, -1.0], 500), np.full(1000, 0.001))
        >>> [round(end, 3) for end in plain.interval(5.0, 0.9)]
        [4.948, 5.052]
        """
        squares = self.weights**2 + (self.shares / self.outcomes if self.outcomes else 0.0)
        variance = float(squares @ self.residuals**2) + self.rest
        if not variance:
            return estimate, estimate
        cubes, unit = self.residuals**3, variance**1.5
        third = -float(self.weights**3 @ cubes)
        if self.outcomes:
            third += float(self.shares @ cubes) / self.outcomes**2
        covariance = -float((self.weights * squares) @ cubes)
        skewness = float(np.clip((third - 3 * covariance) / unit, -MOST_SKEWED, MOST_SKEWED))
        shift = float(np.clip(-covariance / (2 * unit), -MOST_SKEWED / 2, MOST_SKEWED / 2))
        upper = 1 - (1 - level) / 2
        moved = shift + skewness * (float(special.ndtri(upper)) ** 2 - 1) / 6
        uncertain = float(squares**2 @ self.residuals**4)
        degrees = max(2 * variance**2 / uncertain, FEWEST_DEGREES) if uncertain else np.inf
        reach = float(special.stdtrit(degrees, upper)) if np.isfinite(degrees) else float(special.ndtri(upper))
        deviation = float(np.sqrt(variance))
        return estimate + deviation * (moved - reach), estimate + deviation * (moved + reach)
