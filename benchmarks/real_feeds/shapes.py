"""Tables as real feeds have them, without a change: columns that are mostly zero, rounded, codes, dates, ids, texts.

Each shape is a function of a number of rows, a random generator and `since`. That is the number of rows that came
before: ids and times go on from there. Two or three ordinary columns lie beside the odd ones, as in a real table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Rng = np.random.Generator
Shape = Callable[[int, Rng, int], pd.DataFrame]

WORDS = np.array(
    [
        "the",
        "patient",
        "reports",
        "some",
        "mild",
        "pain",
        "after",
        "long",
        "walk",
        "and",
        "poor",
        "sleep",
        "since",
        "May",
    ]
)
START = pd.Timestamp("2026-01-01")


def _ordinary(n: int, rng: Rng, **columns: Any) -> pd.DataFrame:
    age = rng.normal(50, 12, n).round()
    return pd.DataFrame({"age": age, "bmi": (20 + 0.1 * age + rng.normal(0, 3, n)).round(1), **columns})


def zero_inflated(share: float) -> Shape:
    """A cost that is 0 in most rows."""

    def shape(n: int, rng: Rng, _: int) -> pd.DataFrame:
        cost = np.where(rng.random(n) < share, 0.0, np.exp(rng.normal(6, 1, n)).round(2))
        return _ordinary(n, rng, cost=cost)

    return shape


def question_mark(share: float) -> Shape:
    """Numbers as texts, "?" where none is known."""

    def shape(n: int, rng: Rng, _: int) -> pd.DataFrame:
        texts = rng.normal(10, 2, n).round(2).astype(str)
        return _ordinary(n, rng, lab=np.where(rng.random(n) < share, "?", texts))

    return shape


def rounded(levels: int) -> Shape:
    """Measurements rounded to so few steps that each holds many records."""

    def shape(n: int, rng: Rng, _: int) -> pd.DataFrame:
        return _ordinary(
            n, rng, grade=np.clip((rng.normal(0, 1, n) * levels / 5).round(), -levels // 2, levels // 2) * 0.5
        )

    return shape


def calendar(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Parts of dates over a whole year."""
    at = START + pd.to_timedelta(rng.integers(0, 365, n), unit="D")
    return _ordinary(n, rng, month=at.month, weekday=at.weekday, day=at.day)


def codes(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Whole numbers that name things, some of them rarely."""
    share = 1 / np.arange(1, 16) ** 1.2
    code = rng.choice(np.arange(100, 115), n, p=share / share.sum())
    return _ordinary(n, rng, code=code, region=rng.integers(1, 51, n))


def rare_categories(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """A few common names and a long tail of rare ones."""
    share = 1 / np.arange(1, 201)
    names = np.array([f"ward {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200)])
    return _ordinary(n, rng, ward=rng.choice(names, n, p=share / share.sum()))


def heavy_tails(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Tails of Pareto's and Student's laws, and a lognormal one."""
    return _ordinary(
        n,
        rng,
        claim=(1000 * rng.pareto(1.3, n)).round(2),
        ratio=rng.standard_t(2, n).round(3),
        income=np.exp(rng.normal(10, 1.5, n)).round(),
    )


def dates(n: int, rng: Rng, since: int) -> pd.DataFrame:
    """The time of each record, and a date of birth."""
    at = START + pd.to_timedelta(since + np.arange(n), unit="h")
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(rng.integers(0, 20_000, n), unit="D")
    return _ordinary(n, rng, at=at, born=born)


def booleans(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Common and rare flags."""
    return _ordinary(n, rng, smoker=rng.random(n) < 0.3, dead=rng.random(n) < 0.01, both=rng.random(n) < 0.5)


def constant(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Columns that hold one value."""
    return _ordinary(n, rng, site=20, version="1.4", factor=0.5)


def nearly_constant(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """One value but for a row in a hundred."""
    return _ordinary(
        n, rng, dose=np.where(rng.random(n) < 0.01, 40, 20), unit=rng.choice(["mg", "g"], n, p=[0.99, 0.01])
    )


def ids(n: int, rng: Rng, since: int) -> pd.DataFrame:
    """A counter, a shuffled number, and a hash."""
    return _ordinary(
        n,
        rng,
        record=since + np.arange(n),
        patient=rng.permutation(since + np.arange(n)) + 10_000,
        digest=[rng.bytes(8).hex() for _ in range(n)],
    )


def free_text(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Sentences, of which some come again."""
    return _ordinary(n, rng, note=[" ".join(rng.choice(WORDS, 3 + rng.integers(3))) for _ in range(n)])


def probabilities(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Three probabilities that sum to one."""
    p = rng.dirichlet([2, 5, 1], n).round(4)
    return _ordinary(n, rng, low=p[:, 0], middle=p[:, 1], high=(1 - p[:, 0] - p[:, 1]).round(4))


def sums(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Columns that are sums and ratios of others."""
    frame = _ordinary(n, rng, a=rng.gamma(3, 10, n).round(1), b=rng.gamma(2, 20, n).round(1))
    return frame.assign(
        total=(frame["a"] + frame["b"]).round(1), share=(frame["a"] / (frame["a"] + frame["b"])).round(3)
    )


def exponential_gaps(n: int, rng: Rng, since: int) -> pd.DataFrame:
    """Times between events, and the events' times."""
    gaps = rng.exponential(3600, n)
    return _ordinary(n, rng, gap=gaps.round(1), at=START + pd.to_timedelta(3600 * since + np.cumsum(gaps), unit="s"))


def mixtures(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Three clusters, far apart."""
    kind = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    centres = np.array([[0.0, 0.0], [8.0, 3.0], [-6.0, 40.0]])[kind]
    return _ordinary(
        n, rng, x=(centres[:, 0] + rng.normal(0, 1, n)).round(2), y=(centres[:, 1] + rng.normal(0, 2, n)).round(2)
    )


def integer_counts(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Numbers of visits and of children."""
    return _ordinary(n, rng, visits=rng.negative_binomial(1, 0.2, n), children=rng.poisson(0.7, n))


def missing_not_at_random(n: int, rng: Rng, _: int) -> pd.DataFrame:
    """Values that are missing where they would be high, and a column that is nearly empty."""
    lab = rng.normal(5, 1, n)
    seen = rng.random(n) > 1 / (1 + np.exp(-2 * (lab - 6)))
    rare = np.where(rng.random(n) < 0.95, np.nan, rng.normal(0, 1, n).round(2))
    return _ordinary(n, rng, lab=np.where(seen, lab.round(2), np.nan), rare=rare)


def lagged_times(n: int, rng: Rng, since: int) -> pd.DataFrame:
    """Records that arrive hours to weeks after what they tell of."""
    at = START + pd.to_timedelta(since + np.arange(n), unit="h")
    return _ordinary(n, rng, at=at, lag=rng.exponential(30, n).round(1), day=at.day_of_week)


SHAPES: dict[str, Shape] = {
    "80 % zeros": zero_inflated(0.80),
    "95 % zeros": zero_inflated(0.95),
    "99 % zeros": zero_inflated(0.99),
    '"?" in 0.5 %': question_mark(0.005),
    '"?" in 1 %': question_mark(0.01),
    '"?" in 2 %': question_mark(0.02),
    "rounded to 3 values": rounded(3),
    "rounded to 5 values": rounded(5),
    "rounded to 10 values": rounded(10),
    "calendar columns": calendar,
    "codes": codes,
    "rare categories": rare_categories,
    "heavy tails": heavy_tails,
    "dates": dates,
    "booleans": booleans,
    "constant": constant,
    "nearly constant": nearly_constant,
    "ids": ids,
    "free text": free_text,
    "probabilities that sum to one": probabilities,
    "sums of other columns": sums,
    "exponential gaps": exponential_gaps,
    "mixtures": mixtures,
    "integer counts": integer_counts,
    "missing not at random": missing_not_at_random,
    "lagged times": lagged_times,
}
