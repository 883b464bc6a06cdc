"""Conversions between units: what a column's values look like that went through one, and how to bring them back."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Conversion:
    """x becomes factor * x + offset. `name`: what values that went through it look like."""

    name: str
    factor: float
    offset: float = 0.0

    def back(self, values: Floats) -> Floats:
        """The values before the conversion."""
        return np.asarray((values - self.offset) / self.factor)

    def leaves_width(self, baseline: float, window: float) -> bool:
        """Whether a distance of two quantiles is the baseline's, rather than stretched or shrunk by the conversion.

        A population that moves as a whole keeps its spread: in logarithms, up to half of the conversion's factor.
        """
        if min(baseline, window) <= 0:
            return False
        return abs(log(window) - log(baseline)) < 0.5 * abs(log(abs(self.factor)))


@dataclass(frozen=True)
class Converted:
    """What a rule found: the share of the window's rows that went through a conversion, and the p of that."""

    share: float
    conversion: Conversion
    p: float


def _both_ways(factors: dict[str, float]) -> tuple[Conversion, ...]:
    should = "what they should be (another unit?)"
    forward = tuple(Conversion(f"{name} times {should}", factor) for name, factor in factors.items())
    return forward + tuple(Conversion(f"1/{name} of {should}", 1 / factor) for name, factor in factors.items())


DECIMALS = _both_ways({"10": 10, "100": 100, "1000": 1000})
CONVERSIONS = (
    *DECIMALS,
    *_both_ways({"2.54": 2.54, "2.2": 2.20462, "12": 12, "18": 18.0156, "38.7": 38.67, "88.6": 88.57, "60": 60}),
    *_both_ways({"7.5": 7.50062, "4.18": 4.184, "3.28": 3.28084, "1.6": 1.60934, "28.3": 28.3495, "365": 365.25}),
    *_both_ways({"3.6": 3.6, "6.9": 6.89476, "7": 7, "14.5": 14.5038, "17.1": 17.104, "24": 24, "30.5": 30.48}),
    *_both_ways({"52.2": 52.17857, "133": 133.322, "1440": 1440, "3600": 3600, "86400": 86400, "1000000": 1e6}),
    Conversion("-1 times what they should be (the sign turned?)", -1.0),
    Conversion("Fahrenheit instead of Celsius", 1.8, 32.0),
    Conversion("Celsius instead of Fahrenheit", 1 / 1.8, -32 / 1.8),
    Conversion("kelvin instead of Celsius", 1.0, 273.15),
    Conversion("Celsius instead of kelvin", 1.0, -273.15),
)
"""Decimal shifts (percent and fractions too); inches, pounds, months, glucose and lipids in mmol/l, minutes. Then kPa,
calories, feet, miles, ounces, days, speeds, psi and bar, weeks, bilirubin, hours, feet as centimetres. Then weeks of
years, mmHg as pascals, minutes, seconds, millionths, a flipped sign, temperatures.
"""
