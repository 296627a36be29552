"""Quantiles of Student's t: how far a new figure may lie from few others, when their scatter is itself a guess."""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, erfc, pi, sin, sqrt


def cumulative(t: float, freedom: int) -> float:
    """P(T <= t) for a whole number of degrees of freedom from 1 on.

    Finite series of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    angle = atan(t / sqrt(freedom))
    square = cos(angle) ** 2
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (step - 1) / step
        total += term
    within = 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
    return (1 + within) / 2


@lru_cache(maxsize=256)
def quantile(probability: float, freedom: int) -> float:
    """The t with P(T <= t) = probability, 0.5 to below 1, by bisection to the last bit that matters."""
    low, high = 0.0, 1.0
    while cumulative(high, freedom) < probability and high < 1e9:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if cumulative(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@lru_cache(maxsize=256)
def tail(sigmas: float) -> float:
    """The probability of lying below so many standard deviations in a normal distribution: 3 is 0.99865."""
    return 1 - erfc(sigmas / sqrt(2)) / 2
