"""The exact sum of floating point numbers, so that a mean depends on neither the order nor the parts.

A sum is kept as a whole number of units of 2^-1074, the smallest double: adding such numbers loses nothing. Numbers
are cut into slices of 46 bits, whose sums fit 64-bit integers (the first steps of Rump, Ogita and Oishi 2008, "Accurate
floating-point summation"). Whatever two slices leave is summed exponent by exponent.
"""

from __future__ import annotations

from math import frexp, inf, ldexp

import numpy as np
import numpy.typing as npt

from driftloop.profile.counting.work_arrays import work_floats

Floats = npt.NDArray[np.float64]

UNIT = 1074
"""A sum of 1 is 2^1074 units."""
CUTTER = 1.5 * 2.0**52
"""Times 2^q, its last bit is 2^q. Adding it rounds a smaller number of either sign to a multiple of 2^q, and the bits
of the result count the multiples.
"""
SLICE = 46
"""Bits of a slice: 2^16 numbers of 46 bits add up to 62 bits, which a signed 64-bit integer holds."""
MOST_AT_ONCE = 1 << 16
"""Numbers that are cut together: few enough for a processor's cache."""
REACH = 31
"""Let all numbers lie within 2^31 of 2^E. What the first slice leaves of each is below 2^(E - 47) and a multiple of
2^(E - 84). So 2^16 of them add up to at most 2^53 such units: every order of additions is exact.
"""
MOST_EXPONENT = 800
"""Beyond 2^800 the constants that cut slices would overflow; below 2^-800 slices have no full mantissa."""
SMALLEST = 2.0**-1022
"""Numbers below have no full mantissa: they count as zero, here as in a histogram."""
MANTISSA = 53
HALF = 26
"""Bits of the lower half of a mantissa: 2^16 halves of 27 bits add up to 43, which a double holds exactly."""


def exact_sum(values: Floats, lowest: float, highest: float, nearest: float = 0.0) -> int:
    """The sum of finite numbers in units of 2^-1074.

    Parameters
    ----------
    values : the numbers, all finite.
    lowest, highest : the smallest and the largest of them.
    nearest : a bound below which no size but zero lies, where one is known: it saves a look at all numbers.

    Returns
    -------
    The sum times 2^1074, exactly.

    Examples
    --------
    >>> import numpy as np
    >>> total = exact_sum(np.array([1e16, 1.0, -1e16]), -1e16, 1e16)
    >>> mean_of(total, 1)
    1.0
    """
    exponent = frexp(max(-lowest, highest))[1]
    if abs(exponent) > MOST_EXPONENT:
        return _by_exponent(values[np.abs(values) >= SMALLEST])
    within = nearest > 0 and exponent - frexp(nearest)[1] <= REACH
    parts = (values[start : start + MOST_AT_ONCE] for start in range(0, len(values), MOST_AT_ONCE))
    return sum(_in_slices(part, exponent, within=within) for part in parts)


def mean_of(total: int, count: int) -> float:
    """The mean of `count` numbers whose exact sum is `total` units, rounded once."""
    return total / (count << UNIT)


def difference_of_means(total: int, count: int, other_total: int, other_count: int) -> float:
    """The first mean less the second, rounded once: numbers that share a large offset lose nothing.

    >>> offset = 10**15
    >>> difference_of_means((2 * offset + 1) << UNIT, 2, (4 * offset + 1) << UNIT, 4)
    0.25
    """
    try:
        return (total * other_count - other_total * count) / (count * other_count << UNIT)
    except OverflowError:  # of two means near the largest double, one on either side of zero
        return inf if total > other_total else -inf


def _in_slices(values: Floats, exponent: int, *, within: bool) -> int:
    """The sum of numbers below 2^exponent. `within`: none but zero is nearer to zero than `REACH` allows."""
    room, cut = work_floats(0, len(values)), work_floats(1, len(values))
    first = exponent - SLICE
    constant = ldexp(CUTTER, first)
    total = _multiples(np.add(values, constant, out=room), constant)
    room -= constant
    rest = np.subtract(values, room, out=room)
    if rest[0] == 0.0 and not rest.any():
        return total << (UNIT + first)
    if within:
        lower = float(rest.sum())
        return (total << (UNIT + first)) + (_units(lower) if abs(lower) >= SMALLEST else 0)
    second = first - 1 - SLICE
    constant = ldexp(CUTTER, second)
    total = (total << (first - second)) + _multiples(np.add(rest, constant, out=cut), constant)
    cut -= constant
    left = 0
    if not np.array_equal(cut, rest):
        rest -= cut
        left = _by_exponent(rest[(rest != 0) & (np.abs(values) >= SMALLEST)])
    return (total << (UNIT + second)) + left


def _units(value: float) -> int:
    """A double in units of 2^-1074."""
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT + 1 - denominator.bit_length())


def _multiples(shifted: Floats, constant: float) -> int:
    """The sum of numbers to which a constant was added, in units of the last bit that it left them."""
    bits = int(shifted.view(np.int64).sum()) - len(shifted) * int(np.float64(constant).view(np.int64))
    # The sum of the bits wraps around at 2^64; that of the multiples is below 2^63.
    return (bits + (1 << 63)) % (1 << 64) - (1 << 63)


def _by_exponent(values: Floats) -> int:
    """The sum of any finite numbers: mantissas as whole numbers, added exponent by exponent."""
    total = 0
    for start in range(0, len(values), MOST_AT_ONCE):
        mantissas, exponents = np.frexp(values[start : start + MOST_AT_ONCE])
        whole = np.ldexp(mantissas, MANTISSA).astype(np.int64)
        lowest = int(exponents.min(initial=0))
        upper, lower = (
            np.bincount(exponents - lowest, weights=half).tolist()
            for half in (whole >> HALF, whole & ((1 << HALF) - 1))
        )
        for step, (high, low) in enumerate(zip(upper, lower, strict=True)):
            units = (int(high) << HALF) + int(low)
            shift = lowest + step - MANTISSA + UNIT
            total += units << shift if shift >= 0 else units >> -shift
    return total
