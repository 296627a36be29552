"""EARS with Student's t and past surges weighted down, as in ECDC's epitweetr.

L. Espinosa, A. Wijermans, F. Orchard, M. Höhle et al., "Epitweetr: Early warning of public health threats using Twitter
data", Eurosurveillance 27 (2022), 39; the function `ears_t_reweighted` of the R package. With n figures y, their mean m
and standard deviation s (n - 1):

    U0 = m + t(p, n - 1) s sqrt(1 + 1/n)

Then every figure whose externally studentised residual r (S. Chatterjee, A. S. Hadi, Sensitivity Analysis in Linear
Regression, 1988, p. 74) exceeds q = t(0.95, n - 2) is given the weight (q / r)^4, the others 1; the weights are scaled
to sum to n, mean and s are worked out anew with them, and U is U0 of these. So a surge does not poison its own
baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, inf, sqrt

from bordertally.streams.learning.levels import History, Learned, Tuning, known
from bordertally.streams.learning.student_t import quantile, tail

SEVEN = 7
OUTLIER = 0.95
"""Residuals beyond this quantile are weighted down."""
DECAY = 4
"""The power with which they are: 4 as in epitweetr."""


def reweighted(history: History, tuning: Tuning) -> Learned | None:
    """The weighted mean of t-7..t-1 and U. None unless all seven days are known.

    p is as rare as `sigmas` of a normal distribution; epitweetr's 0.975 is 1.96 of them.
    """
    days = known(history)
    if len(days) < SEVEN:
        return None
    mean, margin = _upper(days, weights(days), tail(tuning.sigmas))
    return tuning.level(mean, margin)


def weights(days: Sequence[float]) -> list[float]:
    """The weight of each figure, 0 to 1: less than 1 for those far above the others."""
    count = len(days)
    mean = fsum(days) / count
    squares = fsum([(people - mean) ** 2 for people in days])
    limit = quantile(OUTLIER, count - 2)
    shares = []
    for people in days:
        away = people - mean
        if away <= 0:
            shares.append(1.0)
            continue
        others = squares - away * away * count / (count - 1)  # the squares of the others about their own mean
        spread = sqrt(others / (count - 2) * (1 - 1 / count)) if others > squares * 1e-12 else 0.0
        residual = away / spread if spread else inf
        shares.append((limit / residual) ** DECAY if residual > limit else 1.0)
    return shares


def _upper(days: Sequence[float], weight: Sequence[float], probability: float) -> tuple[float, float]:
    """The weighted mean, and how far above it the upper limit lies."""
    count, total = len(days), fsum(weight)
    mean = fsum([share * people for share, people in zip(weight, days, strict=True)]) / total
    squares = fsum([share * (people - mean) ** 2 for share, people in zip(weight, days, strict=True)]) * count / total
    return mean, quantile(probability, count - 1) * sqrt(squares / (count - 1) * (1 + 1 / count))
