"""The exponentially weighted moving average of the CDC's ESSENCE: a rise that builds up over days, or one sudden day.

H. S. Burkom, "Development, adaptation, and assessment of alerting algorithms for biosurveillance", Johns Hopkins APL
Technical Digest 24 (2003), 335-342; `alert_ewma` of the CDC's R package Rnssp. With m and s the mean and the standard
deviation (n - 1) of the n days known among t-30..t-3, g = 2 days between them and t, and w = 0.4 and 0.9,

    z(t) = w y(t) + (1 - w) z(t-1)
    c^2 = w / (2 - w) + 1/n - 2 (1 - w)^(g + 1) (1 - (1 - w)^n) / n
    limit = m + t(p, n - 1) c s

c s is the standard error of z(t) - m for independent days. As there, z(t-1) is held within its limits: one day beyond
them does not carry on. z(t) > limit is, for the rate of the day itself, y(t) > (limit - (1 - w) z(t-1)) / w; the
lower of the two thresholds holds. With w = 0.9 it is all but C2.

Two things differ: ESSENCE holds z within limits worked out anew for each day, here they are those of day t, so that
what is learned rests on 30 days and not on all; and its least standard errors for daily means below 10 are left to the
floors.
"""

from __future__ import annotations

from math import sqrt

from bordertally.streams.learning.levels import History, Learned, Tuning, known, moments
from bordertally.streams.learning.student_t import quantile, tail

WEIGHTS = (0.4, 0.9)
"""For a rise that builds up, and for a sudden one."""
GUARD = 2
LEAST_DAYS = 11


def ewma(history: History, tuning: Tuning) -> Learned | None:
    """The level of ESSENCE's EWMA from t-30..t-1; gaps are allowed, a day that is not known leaves z as it is.

    p is as rare as `sigmas` of a normal distribution; ESSENCE's 0.01 is 2.33 of them. None with fewer than 11 of the
    days t-30..t-3 known.
    """
    days = known(history[:-GUARD])
    if len(days) < LEAST_DAYS:
        return None
    mean, sd = moments(days)
    rare = quantile(tail(tuning.sigmas), len(days) - 1)
    margin = min(_threshold(history, weight, mean, rare * sd * error(weight, len(days))) for weight in WEIGHTS) - mean
    return tuning.level(mean, margin)


def error(weight: float, count: int) -> float:
    """The standard error of z - m in standard deviations of a day, from so many days."""
    rest = 1 - weight
    return sqrt(weight / (2 - weight) + 1 / count - 2 * rest ** (GUARD + 1) * (1 - rest**count) / count)


def _threshold(history: History, weight: float, mean: float, width: float) -> float:
    """The rate of day t that brings z to its limit."""
    limited = mean
    for rate in history:
        if rate is not None:
            limited = min(max(weight * rate + (1 - weight) * limited, mean - width), mean + width)
    return (mean + width - (1 - weight) * limited) / weight
